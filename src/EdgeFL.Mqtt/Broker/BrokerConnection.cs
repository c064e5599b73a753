using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt;

/// <summary>One client at the broker: handshake, time limits, sending. What packets do stands in the partial files.</summary>
internal sealed partial class BrokerConnection : MqttLink
{
    /// <summary>Bytes of acknowledgements that may wait before no more is read from their client.</summary>
    private const int ControlBytesMax = 16 * 1024;

    /// <summary>Time for a peer to read why it was sent away, ms.</summary>
    private const int LingerMs = 2000;

    /// <summary>A CONNECT may carry a will of 64 KiB.</summary>
    private const int ConnectBytesMax = 70 * 1024;

    /// <summary>QoS 2 publishes that a 3.1.1 client may leave unreleased: it cannot be told a receive maximum.</summary>
    private const int Unreleased311Max = 4096;

    private readonly MqttBroker broker;
    private readonly MqttBrokerOptions options;
    private readonly MessageRouter router;
    private readonly MqttListener listener;
    private readonly MqttWriter control = new();
    private readonly IncomingAliases incomingAliases;
    private OutgoingAliases? outgoingAliases;
    private int controlPackets;
    private TaskCompletionSource? controlDrained;
    private X509Certificate2? certificate;
    private MqttVersion version = MqttVersion.V311;
    private Session? session;
    private bool closing;
    private string? slowDetail;
    private long deadlineMs;
    private long keepAliveMs;
    private long packetBytesOutMax = long.MaxValue;

    public BrokerConnection(MqttBroker broker, MqttBrokerOptions options, MessageRouter router, MqttListener listener, Socket socket, MqttClock clock, MqttTally tally)
        : base(clock, tally, Math.Min(options.PacketBytesMax, ConnectBytesMax))
    {
        this.broker = broker;
        this.options = options;
        this.router = router;
        this.listener = listener;
        Address = socket.RemoteEndPoint is IPEndPoint remote ? remote.ToString() : "unknown";
        incomingAliases = new IncomingAliases(options.TopicAliasMax);
        deadlineMs = clock.NowMs + options.ConnectTimeoutMs;
        Framer.FirstByteWanted = (byte)MqttPacketType.Connect << 4;
        Use(socket);
        Use(new NetworkStream(socket, ownsSocket: false));
    }

    public string Address { get; }

    /// <summary>Null until CONNECT is accepted.</summary>
    public string? Principal { get; private set; }

    public bool IsPending => Principal is null;

    /// <summary>Counted by the broker as a client; under its lock.</summary>
    public bool IsAdmitted { get; set; }

    /// <summary>Serves the connection until it ends. Does not throw for anything that a peer can do.</summary>
    public async Task RunAsync()
    {
        Task? writing = null;
        try
        {
            if (listener.Tls is not null && !await SecureAsync(listener.Tls).ConfigureAwait(false))
                return;
            if (listener.IsWebSocket && !await UpgradeAsync().ConfigureAwait(false))
                return;
            writing = WriteLoopAsync();
            await ReadLoopAsync().ConfigureAwait(false);
            if (web is { IsAtEnd: true })
            {
                AnswerEnd(web);
                await DiscardAsync(web.Inner).ConfigureAwait(false);
            }
            if (IsClosing())
                await writing.ConfigureAwait(false);
        }
        finally
        {
            Abort();
            if (writing is not null)
                await writing.ConfigureAwait(false);
            Stream?.Dispose();
            certificate?.Dispose();
            Finish();
        }
    }

    /// <summary>Checks the clock; called by the broker's sweep.</summary>
    public void Sweep(long nowMs)
    {
        long writeSince = WriteSinceMs;
        if (writeSince != 0 && nowMs - writeSince > options.WriteTimeoutMs)
        {
            MqttTally.Add(ref Tally.SlowConsumers);
            broker.Security.Report(MqttSecurityEventKind.SlowConsumer, Principal, Address, "a write did not end in time");
            Abort();
            return;
        }
        long deadline = Volatile.Read(ref deadlineMs);
        if (deadline != 0 && nowMs >= deadline)
        {
            if (IsPending && !IsClosing())
                Refused(MqttSecurityEventKind.ConnectTimeout, $"no CONNECT within {options.ConnectTimeoutMs} ms");
            Abort();
            return;
        }
        long keepAlive = Volatile.Read(ref keepAliveMs);
        if (deadline == 0 && keepAlive != 0 && nowMs - LastInMs > keepAlive)
            Close(MqttReason.KeepAliveTimeout);
    }

    /// <summary>Makes room for a newer connection before this one has said who it is, or while it takes its time to leave.</summary>
    public void Evict()
    {
        if (!IsClosing())
            Refused(MqttSecurityEventKind.TooManyConnections, $"more than {options.PendingConnectionsMax} connections without CONNECT");
        Abort();
    }

    /// <summary>The broker stops: the will is withdrawn, and the client told.</summary>
    public void Shutdown()
    {
        lock (router.Gate)
        {
            if (session?.Connection == this)
                session.Will = null;
        }
        if (IsPending)
            Abort();
        else
            Close(MqttReason.ServerShuttingDown);
    }

    /// <summary>Says why (MQTT 5.0), then closes. Nothing more is delivered.</summary>
    public void Close(MqttReason reason)
    {
        lock (router.Gate)
        {
            if (closing)
                return;
            if (session is not null && version == MqttVersion.V5)
                QueueControl(new DisconnectPacket { Reason = reason });
            BeginClosing();
        }
        Wake();
    }

    /// <summary>The client's queue is past its bound. Called with the router's lock held.</summary>
    public void TooSlow()
    {
        if (closing)
            return;
        MqttTally.Add(ref Tally.SlowConsumers);
        // Reported when the connection ends: the host must not be called under the lock.
        slowDetail = "its queue is full";
        Close(MqttReason.QuotaExceeded);
    }

    protected override int Take(SendBatch batch, Delivery[] taken)
    {
        lock (router.Gate)
        {
            if (batch.Move(control, ref controlPackets))
            {
                controlDrained?.TrySetResult();
                controlDrained = null;
            }
            batch.Last = closing;
            if (closing || session is null)
                return 0;
            int count = 0;
            long bytes = batch.Length;
            while (count < TakenMax && bytes < SendBatch.EnoughBytes && session.Next(out taken[count]))
                bytes += taken[count++].Message?.Payload.Length ?? 0;
            return count;
        }
    }

    protected override ValueTask BeforeReadAsync()
    {
        lock (router.Gate)
        {
            if (control.Length < ControlBytesMax || Ended)
                return ValueTask.CompletedTask;
            controlDrained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(controlDrained.Task);
        }
    }

    protected override void OnWriteEnded()
    {
        lock (router.Gate)
        {
            controlDrained?.TrySetResult();
            controlDrained = null;
        }
    }

    protected override void OnGarbage(MqttDecodeError error) => _ = Malformed(error);

    protected override void Add(SendBatch batch, in Delivery delivery, long now)
    {
        if (delivery.Message is not { } message)
        {
            batch.AddRelease(version, delivery.PacketId);
            return;
        }
        // One whose delivery has begun does not expire any more (5.0, 3.3.2.3.3 and 4.3.3).
        bool expired = !delivery.SentBefore && message.IsExpired(now);
        long room = packetBytesOutMax == long.MaxValue ? long.MaxValue
            : packetBytesOutMax - PublishCodec.PacketBytes(version == MqttVersion.V5, message, delivery.Qos, delivery.SubscriptionIds);
        if (!expired && room >= 0)
        {
            bool aliasKnown = false;
            ushort alias = room < PublishCodec.AliasRoom ? (ushort)0 : outgoingAliases?.For(message.Topic, out aliasKnown) ?? 0;
            batch.AddPublish(version, message, delivery, alias, aliasKnown, message.SecondsLeft(now));
        }
        else
        {
            MqttTally.Add(ref expired ? ref Tally.Expired : ref Tally.Dropped);
            if (delivery.Qos > 0)
            {
                lock (router.Gate)
                {
                    // Whoever has taken the session over may be able to take the message too.
                    if (session!.Connection == this)
                        session.Cancel(delivery.PacketId);
                }
            }
        }
        message.Drop();
    }

    private async Task<bool> SecureAsync(Func<SslServerAuthenticationOptions> makeOptions)
    {
        SslStream secure = new(Stream!, leaveInnerStreamOpen: false);
        Use(secure);
        try
        {
            SslServerAuthenticationOptions tls = makeOptions();
            tls.EnabledSslProtocols = SslProtocols.Tls13;
            tls.ClientCertificateRequired = true;
            if (listener.IsClientCertificateOptional)
                AllowNoCertificate(tls);
            tls.AllowRenegotiation = false;
            tls.AllowTlsResume = TlsMemory.MayShareContext;
            await secure.AuthenticateAsServerAsync(tls).ConfigureAwait(false);
            TlsMemory.ForbidResumption(secure);
            TlsMemory.ReleaseWhileSilent(secure);
        }
        catch (Exception fault)
        {
            // Whatever a peer's bytes or the host's options make of it, it ends this connection alone; one that the sweep has cut is reported there.
            if (!Ended)
                Refused(MqttSecurityEventKind.TlsRefused, fault is IOException or SocketException ? "the connection was lost in the TLS handshake" : CleanDetail(fault.Message));
            return false;
        }
        certificate = secure.RemoteCertificate as X509Certificate2
            ?? (secure.RemoteCertificate is null ? null : X509CertificateLoader.LoadCertificate(secure.RemoteCertificate.GetRawCertData()));
        if (certificate is not null || listener.IsClientCertificateOptional)
            return true;
        Refused(MqttSecurityEventKind.TlsRefused, "no client certificate");
        return false;
    }

    // "Required" is what has it asked for at all: one that is not there is let pass, one that is there is judged as ever.
    private static void AllowNoCertificate(SslServerAuthenticationOptions tls)
    {
        RemoteCertificateValidationCallback? judge = tls.RemoteCertificateValidationCallback;
        tls.RemoteCertificateValidationCallback = (sender, shown, chain, errors) =>
            shown is null || (judge is null ? errors == SslPolicyErrors.None : judge(sender, shown, chain, errors));
    }

    private bool IsClosing()
    {
        lock (router.Gate)
            return closing;
    }

    private void BeginClosing()
    {
        closing = true;
        Volatile.Write(ref deadlineMs, Clock.NowMs + LingerMs);
    }

    private void QueueControl(MqttPacket packet)
    {
        lock (router.Gate)
        {
            if (closing)
                return;
            int before = control.Length;
            MqttEncoder.Write(control, version, packet);
            if (control.Length - before <= packetBytesOutMax)
                controlPackets++;
            else
            {
                // A client that takes no packet of this size cannot be answered (5.0, 3.1.2.11.4), and it waits for the answer.
                control.CutTo(before);
                if (packet is ConnAckPacket or DisconnectPacket)
                    BeginClosing();
                else
                    Close(MqttReason.PacketTooLarge);
            }
        }
        Wake();
    }

    private void QueueAck(MqttPacketType type, ushort packetId, MqttReason reason)
    {
        lock (router.Gate)
        {
            if (closing)
                return;
            MqttEncoder.WriteAck(control, version == MqttVersion.V5, type, packetId, reason);
            controlPackets++;
        }
        Wake();
    }

    private void Finish()
    {
        RoutedMessage? will = null;
        lock (router.Gate)
        {
            control.Release();
            controlDrained?.TrySetResult();
        }
        if (session is not null)
            will = router.Detach(this, session);
        broker.Closed(this);
        if (slowDetail is not null)
            broker.Security.Report(MqttSecurityEventKind.SlowConsumer, Principal, Address, slowDetail);
        if (will is not null)
            broker.RouteWill(will);
    }

    private void Refused(MqttSecurityEventKind kind, string detail)
    {
        MqttTally.Add(ref Tally.RefusedConnections);
        broker.Security.Report(kind, Principal, Address, detail);
    }

    private static string CleanDetail(string text) => string.Create(text.Length, text, static (target, source) =>
    {
        for (int i = 0; i < source.Length; i++)
            target[i] = char.IsControl(source[i]) ? ' ' : source[i];
    });
}
