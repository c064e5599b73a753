using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace EdgeFL.Mqtt;

/// <summary>How a client's connection ended.</summary>
/// <param name="WasConnected">A CONNACK accepted it.</param>
/// <param name="Reason">The broker's reason or the nearest one.</param>
/// <param name="Detail">The cause, for a log.</param>
/// <param name="VersionRefused">The broker does not know the version.</param>
/// <param name="Silent">The broker closed after CONNECT without an answer.</param>
internal sealed record ConnectionEnd(bool WasConnected, MqttReason Reason, string Detail, bool VersionRefused, bool Silent);

/// <summary>One connection of a client: TCP, TLS, CONNECT, then the two loops and the keep-alive.</summary>
internal sealed partial class ClientConnection(MqttClient client, MqttClientOptions options, MqttVersion version, MqttClock clock, MqttTally tally)
    : MqttLink(clock, tally, options.PacketBytesMax)
{
    private const int LingerMs = 1000;

    /// <summary>Longest time that one write may hang, though the broker still speaks, ms.</summary>
    private const int WriteTimeoutMs = 30_000;

    /// <summary>3.1.1 has no receive maximum, and mosquitto 2.0.11 loses QoS 2 publishes that are more than its own, 20.</summary>
    private const int InFlight311Max = 20;


    private readonly MqttWriter control = new();
    private readonly TaskCompletionSource<ConnAckPacket?> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int controlPackets;
    private readonly List<TaskCompletionSource<MqttPublishResult>> unanswered = [];
    private readonly IncomingAliases incomingAliases = new(options.TopicAliasMax);
    private OutgoingAliases? outgoingAliases;
    private int unfinished;
    private long pingSentMs;
    private bool closing;
    private long closingSinceMs;
    private bool cleanStart;
    private bool versionRefused;
    private bool silent;
    private MqttReason endReason = MqttReason.UnspecifiedError;
    private string endDetail = "";
    private long packetBytesOutMax = long.MaxValue;
    private long keepAliveMs = options.KeepAliveSeconds * 1000L;
    private int qosMax = 2;
    private bool retainAllowed = true;

    public bool IsUp { get; private set; }

    /// <summary>Connects and serves until the connection ends. Does not throw for anything that a peer or the network can do.</summary>
    public async Task<ConnectionEnd> RunAsync(CancellationToken stopping)
    {
        Task? writing = null;
        Task? reading = null;
        try
        {
            using (CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stopping))
            {
                limit.CancelAfter(options.ConnectTimeoutMs);
                await OpenAsync(limit.Token).ConfigureAwait(false);
                ConnectPacket connect = client.MakeConnect(version);
                cleanStart = connect.CleanStart;
                Control(connect);
                writing = WriteLoopAsync();
                reading = ReadAndAnswerAsync();
                ConnAckPacket? answer = await answered.Task.WaitAsync(limit.Token).ConfigureAwait(false);
                if (answer is null)
                    return End(false);
            }
            await ServeAsync(reading, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Note(MqttReason.UnspecifiedError, stopping.IsCancellationRequested ? "stopped" : $"no connection within {options.ConnectTimeoutMs} ms");
        }
        catch (Exception fault)
        {
            // The network, the peer's certificate, or the caller's TLS options: the next attempt may do better.
            Note(fault is AuthenticationException ? MqttReason.NotAuthorized : MqttReason.UnspecifiedError, fault.Message);
        }
        finally
        {
            Abort();
            if (reading is not null)
                await reading.ConfigureAwait(false);
            if (writing is not null)
                await writing.ConfigureAwait(false);
            EndUnanswered(MqttPublishStatus.Lost, MqttReason.UnspecifiedError);
            if (Stream is not null)
                await Stream.DisposeAsync().ConfigureAwait(false);
            lock (client.Gate)
                control.Release();
        }
        return End(IsUp);
    }

    /// <summary>Says DISCONNECT after what is queued for the wire, and closes.</summary>
    public void Close(MqttReason reason, string detail)
    {
        lock (client.Gate)
        {
            if (closing)
                return;
            Note(reason, detail);
            Control(new DisconnectPacket { Reason = reason });
            closing = true;
            closingSinceMs = Clock.NowMs;
        }
        Wake();
    }

    /// <summary>The handler of a QoS 1 or 2 message has ended.</summary>
    public void Acknowledge(int qos, ushort packetId)
    {
        if (qos == 1)
            Answer(MqttPacketType.PubAck, packetId, MqttReason.Success, finishes: true);
        else
            Answer(MqttPacketType.PubRec, packetId, MqttReason.Success);
    }

    private void Answer(MqttPacketType type, ushort packetId, MqttReason reason, bool finishes = false)
    {
        lock (client.Gate)
        {
            if (finishes && unfinished > 0)
                unfinished--;
            if (closing)
                return;
            if (control.Length > Math.Max(64 * 1024, 8 * (options.ReceiveMaximum + options.IncomingQueueMax)))
            {
                Note(MqttReason.QuotaExceeded, "the broker does not read its answers");
                Abort();
                return;
            }
            MqttEncoder.WriteAck(control, version == MqttVersion.V5, type, packetId, reason);
            controlPackets++;
        }
        Wake();
    }

    protected override void OnSent() => EndUnanswered(MqttPublishStatus.Delivered, MqttReason.Success);

    protected override int Take(SendBatch batch, Delivery[] taken)
    {
        lock (client.Gate)
        {
            batch.Move(control, ref controlPackets);
            batch.Last = closing;
            if (closing || !IsUp)
                return 0;
            while (!batch.IsFull && client.Subscriptions.Next(client.NewPacketId, packetBytesOutMax) is { } packet)
                batch.Add(version, packet);
            int count = 0;
            long bytes = batch.Length;
            while (count < TakenMax && bytes < SendBatch.EnoughBytes && client.Outbox.Next(client.IsPacketIdAsked, out taken[count]))
                bytes += taken[count++].Message?.Payload.Length ?? 0;
            return count;
        }
    }

    protected override void Add(SendBatch batch, in Delivery delivery, long now)
    {
        Delivery outgoing = delivery;
        if (outgoing.Message is not { } message)
        {
            batch.AddRelease(version, outgoing.PacketId);
            return;
        }
        int askedQos = outgoing.Qos;
        outgoing.Qos = (byte)Math.Min(askedQos, qosMax);
        // What went out at a higher QoS to a broker that has come down since is no duplicate any more (3.3.1.1).
        outgoing.SentBefore &= outgoing.Qos > 0;
        MqttReason refusal = MqttReason.Success;
        // One that was sent before does not expire any more (5.0, 4.3.3).
        bool expired = !outgoing.SentBefore && message.IsExpired(now);
        long room = packetBytesOutMax - PublishCodec.PacketBytes(version == MqttVersion.V5, message, outgoing.Qos, null);
        if (room < 0)
            refusal = MqttReason.PacketTooLarge;
        else if (message.Retain && !retainAllowed)
            refusal = MqttReason.RetainNotSupported;
        bool sent = refusal == MqttReason.Success && !expired;
        if (sent)
        {
            bool aliasKnown = false;
            ushort alias = room < PublishCodec.AliasRoom ? (ushort)0 : outgoingAliases?.For(message.Topic, out aliasKnown) ?? 0;
            batch.AddPublish(version, message, outgoing, alias, aliasKnown, message.SecondsLeft(now));
        }
        else
            MqttTally.Add(ref expired ? ref Tally.Expired : ref Tally.Dropped);
        if (sent && outgoing.Qos > 0)
            return;
        if (askedQos > 0)
        {
            lock (client.Gate)
                client.Outbox.Cancel(outgoing.PacketId);
        }
        if (expired)
            outgoing.Done?.TrySetResult(new(MqttPublishStatus.Expired, MqttReason.UnspecifiedError));
        else if (refusal != MqttReason.Success)
            outgoing.Done?.TrySetResult(new(MqttPublishStatus.Refused, refusal));
        else if (outgoing.Done is not null)
            unanswered.Add(outgoing.Done);
    }

    /// <summary>Says how publishes ended that need no acknowledgement. Called by the writing loop, and once it has ended.</summary>
    private void EndUnanswered(MqttPublishStatus status, MqttReason reason)
    {
        foreach (TaskCompletionSource<MqttPublishResult> done in unanswered)
            done.TrySetResult(new(status, reason));
        unanswered.Clear();
    }

    private async Task OpenAsync(CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, cancel).ConfigureAwait(false);
            Use(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        NetworkStream plain = new(socket, ownsSocket: false);
        Use(plain);
        if (options.Tls is null)
            return;
        SslClientAuthenticationOptions tls = options.Tls();
        tls.EnabledSslProtocols = SslProtocols.Tls13;
        tls.AllowRenegotiation = false;
        tls.AllowTlsResume = false;
        tls.TargetHost ??= options.Host;
        SslStream secure = new(plain, leaveInnerStreamOpen: false);
        Use(secure);
        await secure.AuthenticateAsClientAsync(tls, cancel).ConfigureAwait(false);
        TlsMemory.ReleaseWhileSilent(secure);
    }

    private async Task ReadAndAnswerAsync()
    {
        try
        {
            await ReadLoopAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Note(MqttReason.ImplementationSpecificError, fault.ToString());
        }
        finally
        {
            lock (client.Gate)
                silent = !IsUp && endDetail.Length == 0;
            Note(MqttReason.UnspecifiedError, IsUp ? "the broker closed the connection" : "the broker closed the connection before CONNACK");
            answered.TrySetResult(null);
        }
    }

    private async Task ServeAsync(Task reading, CancellationToken stopping)
    {
        TimeSpan beat = TimeSpan.FromMilliseconds(Math.Clamp(Math.Min(keepAliveMs, options.PingTimeoutMs) / 4, 50, 1000));
        using PeriodicTimer timer = new(beat, Clock.Provider);
        while (!reading.IsCompleted && !stopping.IsCancellationRequested)
        {
            Task tick = timer.WaitForNextTickAsync(stopping).AsTask();
            await Task.WhenAny(reading, tick).ConfigureAwait(false);
            if (reading.IsCompleted || !Beat())
                break;
        }
        if (stopping.IsCancellationRequested && !reading.IsCompleted)
        {
            Close(MqttReason.Success, "stopped");
            await Task.WhenAny(reading, Task.Delay(LingerMs, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    private bool Beat()
    {
        MqttBuffers.Trim();
        long now = Clock.NowMs;
        lock (client.Gate)
        {
            // A broker that does not hang up after our DISCONNECT gets no more of our time.
            if (closing)
                return now - closingSinceMs < LingerMs;
            if (WriteSinceMs != 0 && now - WriteSinceMs > WriteTimeoutMs)
            {
                Note(MqttReason.KeepAliveTimeout, $"the broker took nothing for {WriteTimeoutMs} ms");
                return false;
            }
            if (pingSentMs != 0 && LastInMs >= pingSentMs)
                pingSentMs = 0;
            if (pingSentMs != 0 && now - pingSentMs > options.PingTimeoutMs)
            {
                Note(MqttReason.KeepAliveTimeout, $"no answer to a ping within {options.PingTimeoutMs} ms");
                return false;
            }
            // Silence in either direction calls for a ping: the broker must hear from us, and we want to know that it is there.
            long quietSince = Math.Min(LastInMs, LastOutMs);
            if (pingSentMs != 0 || now - quietSince < keepAliveMs * 3 / 4)
                return true;
            pingSentMs = now;
            Control(new PingPacket(MqttPacketType.PingReq));
        }
        return true;
    }

    private void Control(MqttPacket packet)
    {
        lock (client.Gate)
        {
            if (closing)
                return;
            MqttEncoder.Write(control, version, packet);
            controlPackets++;
        }
        Wake();
    }

    private void Note(MqttReason reason, string detail)
    {
        lock (client.Gate)
        {
            if (endDetail.Length > 0)
                return;
            endReason = reason;
            endDetail = detail;
        }
    }

    private ConnectionEnd End(bool wasConnected)
    {
        lock (client.Gate)
            return new ConnectionEnd(wasConnected, endReason, endDetail, versionRefused, silent);
    }
}
