using System.Security.Cryptography;
using System.Threading.Channels;

namespace EdgeFL.Mqtt;

public sealed partial class MqttClient
{
    /// <summary>A connection that held this long starts the back-off over, ms.</summary>
    private const int SettledMs = 5000;

    private readonly AsyncLocal<bool> handling = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Channel<Incoming> incoming;
    private TaskCompletionSource connectedNow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task running = Task.CompletedTask;
    private Task dispatching = Task.CompletedTask;
    private ClientConnection? up;
    private TopicName? lastTopic;
    private string clientId;
    private MqttVersion version;
    private bool started;
    private bool stopped;
    private bool everConnected;
    private bool versionRefused;

    internal Func<ushort, bool> IsPacketIdAsked { get; }

    internal Func<ushort> NewPacketId { get; }

    /// <summary>Starts connecting and returns; <see cref="WaitConnectedAsync"/> waits for the broker.</summary>
    /// <param name="cancel">Only looked at before it starts.</param>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public Task StartAsync(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Gate)
        {
            if (started)
                throw new InvalidOperationException("The client was started before: make a new one.");
            started = true;
        }
        dispatching = DispatchLoopAsync();
        running = ConnectLoopAsync();
        return Task.CompletedTask;
    }

    /// <summary>Ends at once while connected, else with the next connection.</summary>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set or the client stopped.</exception>
    public Task WaitConnectedAsync(CancellationToken cancel = default)
    {
        lock (Gate)
            return connectedNow.Task.WaitAsync(cancel);
    }

    /// <summary>Says DISCONNECT, so that the will is not published, and closes. What was not sent or acknowledged ends as stopped.</summary>
    public async Task StopAsync()
    {
        lock (Gate)
            stopped = true;
        if (!stopping.IsCancellationRequested)
            await stopping.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        incoming.Writer.TryComplete();
        lock (Gate)
        {
            Interlocked.Add(ref tally.Dropped, Outbox.Stop());
            Subscriptions.Stop();
            connectedNow.TrySetCanceled();
        }
        // A handler that stops its own client must not wait for itself.
        if (!handling.Value)
            await dispatching.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    internal ConnectPacket MakeConnect(MqttVersion asVersion)
    {
        bool v5 = asVersion == MqttVersion.V5;
        bool clean = options.CleanStart && !(v5 && options.SessionExpirySeconds > 0 && everConnected);
        // 3.1.1 ties an empty identifier to a clean session (3.1.3.1).
        clean |= clientId.Length == 0;
        return new ConnectPacket
        {
            Version = asVersion,
            CleanStart = clean,
            ClientId = clientId,
            KeepAliveSeconds = (ushort)options.KeepAliveSeconds,
            UserName = options.UserName ?? (!v5 && options.Password is not null ? "" : null),
            Password = options.Password,
            Will = options.Will is { } will ? MakeWill(will, v5) : null,
            Properties = v5 ? MakeProperties() : null,
        };
    }

    /// <summary>A connection is up: what carries over is said again on it. Called with the lock held.</summary>
    internal void Resume(ClientConnection connection, ConnAckPacket answer, int inFlightMax)
    {
        if (answer.Properties?.AssignedClientId is { } assigned)
            clientId = assigned;
        everConnected = true;
        Outbox.InFlightMax = inFlightMax;
        Outbox.Resume(answer.SessionPresent);
        if (!answer.SessionPresent)
            Unreleased.Clear();
        Subscriptions.Resume(answer.SessionPresent);
        Volatile.Write(ref up, connection);
    }

    internal void WentUp(ClientConnection connection, MqttConnected connected)
    {
        // Told first: who waits for the connection finds what the hearer made of it.
        Tell(options.OnConnected, connected);
        lock (Gate)
        {
            if (up == connection)
                connectedNow.TrySetResult();
        }
    }

    /// <summary>Queues a received message for the handler; false when there is no room. Never waits: the reading loop must go on.</summary>
    internal bool TryDispatch(ClientConnection connection, MqttMessage message, ushort packetId)
    {
        if (message.Qos == 0 && incoming.Reader.Count >= options.IncomingQueueMax)
            return false;
        return incoming.Writer.TryWrite(new Incoming(connection, message, packetId));
    }

    private Channel<Incoming> MakeIncoming() => Channel.CreateBounded<Incoming>(new BoundedChannelOptions(options.IncomingQueueMax + options.ReceiveMaximum)
    {
        SingleReader = true,
        FullMode = BoundedChannelFullMode.Wait,
    });

    private async Task DispatchLoopAsync()
    {
        await Task.Yield();
        handling.Value = true;
        await foreach (Incoming next in incoming.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (handler is not null)
                    await handler(next.Message).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The message would come again and again; the fault is counted and shown instead.
                MqttTally.Add(ref tally.HandlerFaults);
            }
            if (next.Message.Qos > 0)
                next.Connection.Acknowledge(next.Message.Qos, next.PacketId);
        }
    }

    private async Task ConnectLoopAsync()
    {
        await Task.Yield();
        int failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            MqttVersion tried = version;
            ClientConnection connection = new(this, options, tried, clock, tally);
            long startedMs = clock.NowMs;
            ConnectionEnd end = await connection.RunAsync(stopping.Token).ConfigureAwait(false);
            lock (Gate)
            {
                Volatile.Write(ref up, null);
                if (connectedNow.Task.IsCompleted && !stopped)
                    connectedNow = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            version = NextVersion(tried, end);
            bool again = !stopping.IsCancellationRequested;
            failures = end.WasConnected && clock.NowMs - startedMs > SettledMs ? 0 : failures + 1;
            bool fallsBack = tried == MqttVersion.V5 && version == MqttVersion.V311;
            int delayMs = !again ? -1 : fallsBack ? 0 : BackOffMs(Math.Max(failures - 1, 0));
            Tell(options.OnDisconnected, new MqttDisconnected(end.WasConnected, end.Reason, end.Detail, delayMs));
            if (delayMs > 0)
                await Task.WhenAny(Task.Delay(delayMs, stopping.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// 3.1.1 from then on when 5.0 was refused for its version. RabbitMQ 3.10 refuses it by closing without a word: 3.1.1 gets
    /// one try then, and the connection after that asks for 5.0 again, since a broker that starts or is full may close so too.
    /// </summary>
    private MqttVersion NextVersion(MqttVersion tried, ConnectionEnd end)
    {
        versionRefused |= end.VersionRefused;
        return versionRefused || (end.Silent && tried == MqttVersion.V5) ? MqttVersion.V311 : options.Version;
    }

    private void Tell<T>(Action<T>? callback, T news)
    {
        try
        {
            callback?.Invoke(news);
        }
        catch (Exception)
        {
            // A listener's fault must not end the connecting; it is counted and shown.
            MqttTally.Add(ref tally.HandlerFaults);
        }
    }

    /// <summary>Evenly spread between the shortest wait and a bound that doubles with each failure, so that a fleet does not come back all at once.</summary>
    private int BackOffMs(int failures)
    {
        long bound = Math.Min(options.ReconnectMaxMs, (long)options.ReconnectMinMs << Math.Min(failures + 1, 30));
        return (int)Math.Min(options.ReconnectMaxMs, RandomNumberGenerator.GetInt32(options.ReconnectMinMs, (int)bound + 1));
    }

    private MqttProperties MakeProperties() => new()
    {
        SessionExpirySeconds = options.SessionExpirySeconds > 0 ? options.SessionExpirySeconds : null,
        ReceiveMaximum = (ushort)options.ReceiveMaximum,
        MaximumPacketBytes = (uint)options.PacketBytesMax,
        TopicAliasMaximum = (ushort)options.TopicAliasMax,
    };

    private static WillData MakeWill(MqttWill will, bool v5) => new()
    {
        Topic = will.Topic,
        Payload = will.Payload.ToArray(),
        Qos = will.Qos,
        Retain = will.Retain,
        Properties = v5 && will.DelaySeconds > 0 ? new MqttProperties { WillDelaySeconds = will.DelaySeconds } : null,
    };

    private readonly record struct Incoming(ClientConnection Connection, MqttMessage Message, ushort PacketId);
}
