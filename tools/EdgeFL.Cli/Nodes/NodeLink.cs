using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Framework;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Wire;

namespace EdgeFL.Cli.Nodes;

/// <summary>How far a connection to a node or broker is.</summary>
internal enum LinkState
{
    /// <summary>Trying.</summary>
    Connecting,

    /// <summary>Connected, and the topics are subscribed.</summary>
    Connected,

    /// <summary>Nobody answers there.</summary>
    Unreachable,

    /// <summary>What answers has no certificate of this fleet.</summary>
    Untrusted,

    /// <summary>It answers and does not let this operator in.</summary>
    Refused,
}

/// <summary>Where to connect to, and how.</summary>
/// <param name="Address">Host and port.</param>
/// <param name="Secure">TLS; without it only to a broker on loopback, or when told so.</param>
/// <param name="IsBroker">A broker that speaks for many nodes; otherwise a node's own listener, which speaks for itself alone.</param>
internal sealed record LinkTarget(HostPort Address, bool Secure = true, bool IsBroker = false);

/// <summary>
/// A connection to one node's own listener, or to a broker, with the operator's certificate. It reads and never publishes.
/// The only file of the CLI that knows the MQTT client.
/// </summary>
internal sealed class NodeLink : IAsyncDisposable
{
    private static readonly string[] Suffixes = [Topics.Status, Topics.Info, Topics.Train, Topics.Telemetry];

    private readonly DeviceCredentials _operator;
    private readonly TimeProvider _clock;
    private readonly Action<NodeReport> _changed;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NodeReport> _reports = [];
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MqttClient _client;
    private CertificateError _certificate = CertificateError.None;
    private bool _tlsDone;
    private volatile bool _subscribed;
    private long _lastMessage;

    /// <param name="target">Where to.</param>
    /// <param name="credentials">The operator's.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="changed">Gets each report that has changed; must not block.</param>
    /// <param name="connectTimeout">For one attempt.</param>
    public NodeLink(LinkTarget target, DeviceCredentials credentials, TimeProvider clock, Action<NodeReport> changed, TimeSpan connectTimeout)
    {
        Target = target;
        _operator = credentials;
        _clock = clock;
        _changed = changed;
        _client = new MqttClient(
            new MqttClientOptions
            {
                Host = target.Address.Host,
                Port = target.Address.Port,
                ClientId = $"edgefl-cli-{Guid.NewGuid():N}"[..22],
                Tls = target.Secure ? Tls : null,
                ConnectTimeoutMs = (int)Math.Clamp(connectTimeout.TotalMilliseconds, 100, 600_000),
                OnConnected = _ => State = _subscribed ? LinkState.Connected : LinkState.Connecting, // a reconnect takes its subscriptions along
                OnDisconnected = OnDisconnected,
            },
            OnMessage);
    }

    /// <summary>Where to.</summary>
    public LinkTarget Target { get; }

    /// <summary>How far it is.</summary>
    public LinkState State { get; private set; }

    /// <summary>Why, for an error text.</summary>
    public string Detail { get; private set; } = "";

    /// <summary>Who answers, proven by its certificate; null for a broker that is no device of the fleet.</summary>
    public PeerIdentity? Peer { get; private set; }

    /// <summary>Reports so far.</summary>
    public IReadOnlyList<NodeReport> Reports
    {
        get
        {
            lock (_gate)
                return [.. _reports.Values];
        }
    }

    /// <summary>Connects, and goes on connecting until disposed; returns when the first attempt has ended either way, or the time is over.</summary>
    public async Task OpenAsync(TimeSpan timeout, CancellationToken cancel)
    {
        await _client.StartAsync(cancel).ConfigureAwait(false);
        _ = SubscribeAsync(cancel);
        await Task.WhenAny(_settled.Task, Task.Delay(timeout, _clock, cancel)).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        if (State == LinkState.Connecting)
            (State, Detail) = (LinkState.Unreachable, $"no answer within {timeout.TotalSeconds:0.#} s");
    }

    /// <summary>Waits for what is retained: until a node has said all it says, or nothing came for a while.</summary>
    public async Task SettleAsync(TimeSpan quiet, TimeSpan timeout, CancellationToken cancel)
    {
        var start = _clock.GetTimestamp();
        Volatile.Write(ref _lastMessage, start);
        while (State == LinkState.Connected && _clock.GetElapsedTime(start) < timeout)
        {
            if (!Target.IsBroker && Reports is [{ Heard.Count: 4 }])
                return;
            if (_clock.GetElapsedTime(Volatile.Read(ref _lastMessage)) > quiet)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(20), _clock, cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>The error for a link that is not connected.</summary>
    public CliException Explain(string who) => State switch
    {
        LinkState.Untrusted => new CliException("node-untrusted", $"{who} at {Target.Address} shows no good certificate of fleet '{_operator.Identity.Fleet}' ({_certificate}).",
            _certificate is CertificateError.NotYetValid or CertificateError.Expired ? "edgefl check   (clock and certificates)" : "edgefl discover   (is it the right fleet and address?)",
            ExitCodes.NotAllowed),
        LinkState.Refused => new CliException("not-allowed", $"{who} at {Target.Address} does not let the operator '{_operator.Identity.Name}' in: {Detail}.",
            "edgefl ca init   (renews the operator's certificate when it has ended)", ExitCodes.NotAllowed),
        _ => new CliException("node-unreachable", $"{who} at {Target.Address} does not answer: {Detail}.",
            $"edgefl check --peer {Target.Address}", ExitCodes.Unreachable),
    };

    private async Task SubscribeAsync(CancellationToken cancel)
    {
        try
        {
            foreach (var suffix in Suffixes)
            {
                var reason = await _client.SubscribeAsync(Topics.OfAll(_operator.Identity.Fleet, suffix), 1, cancel).ConfigureAwait(false);
                if ((byte)reason >= 0x80)
                {
                    (State, Detail) = (LinkState.Refused, $"the topics may not be read ({reason})");
                    _settled.TrySetResult();
                    return;
                }
            }

            _subscribed = true;
            State = LinkState.Connected;
            _settled.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            _settled.TrySetResult(); // stopped while trying
        }
    }

    private SslClientAuthenticationOptions Tls()
    {
        _tlsDone = false;
        return new SslClientAuthenticationOptions
        {
            ClientCertificateContext = _operator.TlsContext,
            CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                _certificate = _operator.Trust.Verify(certificate, chain, _clock.GetUtcNow(), out var peer);
                Peer = peer;
                // A broker may be somebody else's, with a certificate that this machine trusts; a node must be of the fleet.
                return _tlsDone = _certificate == CertificateError.None ? Target.IsBroker || peer!.Role == CertificateRole.Device
                    : Target.IsBroker && errors == SslPolicyErrors.None;
            },
        };
    }

    private void OnDisconnected(MqttDisconnected lost)
    {
        Detail = lost.Detail;
        if (lost.RetryInMs == 0)
            return; // An older broker: the next attempt speaks its version.
        if (State == LinkState.Connected && lost.WasConnected)
        {
            State = LinkState.Connecting;
            return;
        }

        if (Target.Secure && _certificate != CertificateError.None && !_tlsDone)
            State = LinkState.Untrusted;
        // In TLS 1.3 a client whose certificate is refused learns of it only after its own side of the handshake is done.
        else if ((Target.Secure && _tlsDone) || lost.Reason is MqttReason.NotAuthorized or MqttReason.BadUserNameOrPassword)
            State = LinkState.Refused;
        else
            State = LinkState.Unreachable;
        _settled.TrySetResult();
    }

    private ValueTask OnMessage(MqttMessage message)
    {
        if (!TopicName.TryParse(message.Topic, out var topic) || topic.Fleet != _operator.Identity.Fleet || topic.Node.IsEmpty)
            return ValueTask.CompletedTask;
        // A node's own listener speaks for that node alone: what it says of others proves nothing.
        if (!Target.IsBroker && Peer is { Role: CertificateRole.Device } peer && peer.Node != topic.Node)
            return ValueTask.CompletedTask;
        Volatile.Write(ref _lastMessage, _clock.GetTimestamp());
        var suffix = message.Topic[(message.Topic.LastIndexOf('/') + 1)..];
        NodeReport report;
        lock (_gate)
        {
            var id = topic.Node.Value;
            if (!_reports.TryGetValue(id, out var old) && _reports.Count >= 4096)
                return ValueTask.CompletedTask;
            _reports[id] = report = (old ?? new NodeReport(id)).With(suffix, message.Payload.Span);
        }

        _changed(report);
        return ValueTask.CompletedTask;
    }
}
