using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;

namespace EdgeFL.Mqtt;

/// <summary>
/// One connection's two loops over a stream, the same for broker and client. While nothing comes or goes it holds no buffer:
/// reading waits with an empty buffer, and the arrays for packets are borrowed from the pool.
/// </summary>
internal abstract class MqttLink(MqttClock clock, MqttTally tally, int packetBytesMax)
{
    private const int TcpKeepAliveSeconds = 120;

    /// <summary>Reads or writes of one connection after which others have their turn.</summary>
    internal const int TurnsAtOnce = 16;


    /// <summary>Deliveries taken from a queue at a time.</summary>
    protected const int TakenMax = 64;

    private readonly WakeSignal wake = new();
    private volatile bool ended;
    private Socket? socket;
    private long writeSinceMs;
    private long lastInMs = clock.NowMs;
    private long lastOutMs = clock.NowMs;

    protected MqttClock Clock { get; } = clock;

    protected MqttTally Tally { get; } = tally;

    protected MqttFramer Framer { get; } = new(packetBytesMax);

    protected Stream? Stream { get; private set; }

    /// <summary>When the last whole packet came, ms of the clock.</summary>
    public long LastInMs => Volatile.Read(ref lastInMs);

    /// <summary>When the last write ended, ms of the clock.</summary>
    public long LastOutMs => Volatile.Read(ref lastOutMs);

    /// <summary>Since when a write has been under way, 0 when none is.</summary>
    public long WriteSinceMs => Volatile.Read(ref writeSinceMs);

    public bool Ended => ended;

    /// <summary>Handles one packet on the reading loop; false ends reading.</summary>
    protected abstract bool OnPacket(byte firstByte, ReadOnlySpan<byte> body);

    /// <summary>The stream holds no packet; reading ends after this.</summary>
    protected abstract void OnGarbage(MqttDecodeError error);

    /// <summary>
    /// Moves what goes first into the batch and takes the next deliveries, at most as many as there is place for and until the batch has enough; holds the
    /// owner's lock no longer than that.
    /// </summary>
    /// <returns>Deliveries taken.</returns>
    protected abstract int Take(SendBatch batch, Delivery[] taken);

    /// <summary>Adds a delivery that was taken; without the lock, so that publishers go on meanwhile.</summary>
    protected abstract void Add(SendBatch batch, in Delivery delivery, long now);

    /// <summary>Called after each batch is on its way.</summary>
    protected virtual void OnSent()
    {
    }

    /// <summary>Awaited after the packets of one read are handled: where a reader is held back.</summary>
    protected virtual ValueTask BeforeReadAsync() => ValueTask.CompletedTask;

    /// <summary>Takes a connected socket over.</summary>
    protected void Use(Socket connected)
    {
        connected.NoDelay = true;
        // For 3.1.1 clients without a keep-alive: a host that lost its power would otherwise hold its place for two hours.
        connected.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        connected.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, TcpKeepAliveSeconds);
        connected.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        connected.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
        socket = connected;
        if (ended)
            connected.Dispose();
    }

    protected void Use(Stream ready) => Stream = ready;

    /// <summary>Tells the writing loop that there is something to send.</summary>
    public void Wake() => wake.Set();

    /// <summary>Cuts the connection at once; both loops end.</summary>
    public void Abort()
    {
        ended = true;
        socket?.Dispose();
        Wake();
    }

    /// <summary>Reads and handles packets until the peer, a fault or the owner ends it.</summary>
    protected async Task ReadLoopAsync()
    {
        try
        {
            for (int turns = 1; !ended; turns++)
            {
                // A peer that never lets us wait must not keep a thread of the pool to itself.
                if (turns % TurnsAtOnce == 0)
                    await Task.Yield();
                // Bytes that are there may be less than a WebSocket frame's head and one byte of it: a buffer would wait for the rest.
                if (Framer.Waiting == 0 && (Stream is WebSocketStream || socket!.Available == 0))
                {
                    Framer.Release();
                    await Stream!.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
                }
                int count = await Stream!.ReadAsync(Framer.Room()).ConfigureAwait(false);
                if (count == 0)
                    return;
                Tally.Received(count);
                Framer.Advance(count);
                bool goesOn = HandlePackets(out bool any);
                if (any)
                    Volatile.Write(ref lastInMs, Clock.NowMs);
                if (!goesOn)
                {
                    Framer.Release(always: true);
                    await DiscardAsync(Stream).ConfigureAwait(false);
                    return;
                }
                await BeforeReadAsync().ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            // The connection is gone: its owner sees that the loop has ended.
        }
        finally
        {
            Framer.Release(always: true);
        }
    }

    /// <summary>Sends what <see cref="Fill"/> gathers until the link ends or the last batch is out.</summary>
    protected async Task WriteLoopAsync()
    {
        SendBatch batch = new(gathers: Stream is NetworkStream);
        try
        {
            while (!ended)
            {
                await wake.WaitAsync().ConfigureAwait(false);
                for (int turns = 1; !ended && !batch.Last; turns++)
                {
                    if (turns % TurnsAtOnce == 0)
                        await Task.Yield();
                    Fill(batch);
                    if (batch.Length == 0)
                        break;
                    await SendAsync(batch).ConfigureAwait(false);
                }
                if (batch.Last)
                {
                    await ShutSendingAsync().ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            Abort();
        }
        finally
        {
            batch.Clear();
            OnWriteEnded();
        }
    }

    /// <summary>The writing loop has ended: nothing that waits will be sent any more.</summary>
    protected virtual void OnWriteEnded()
    {
    }

    /// <summary>Gathers what is to be sent now.</summary>
    private void Fill(SendBatch batch)
    {
        Delivery[] taken = ArrayPool<Delivery>.Shared.Rent(TakenMax);
        int count;
        do
        {
            count = Take(batch, taken);
            long now = Clock.NowMs;
            foreach (ref readonly Delivery delivery in taken.AsSpan(0, count))
                Add(batch, delivery, now);
        }
        while (count > 0 && !batch.IsFull);
        ArrayPool<Delivery>.Shared.Return(taken, clearArray: true);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(SendBatch batch)
    {
        Volatile.Write(ref writeSinceMs, Clock.NowMs);
        if (batch.Pieces() is not { } pieces)
            await Stream!.WriteAsync(batch.Memory).ConfigureAwait(false);
        else if (await socket!.SendAsync(pieces, SocketFlags.None).ConfigureAwait(false) != batch.Length)
            throw new IOException("the connection took a part of what was sent");
        Volatile.Write(ref lastOutMs, Clock.NowMs);
        Volatile.Write(ref writeSinceMs, 0);
        Tally.Sent(batch.Length, batch.Packets, batch.Publishes);
        batch.Clear();
        OnSent();
    }

    private bool HandlePackets(out bool any)
    {
        for (any = false; ; any = true)
        {
            MqttDecodeError error = Framer.Next(out byte firstByte, out ReadOnlySpan<byte> body);
            if (error == MqttDecodeError.NeedMore)
                return true;
            if (error != MqttDecodeError.None)
            {
                OnGarbage(error);
                return false;
            }
            Tally.ReceivedPacket(firstByte);
            if (!OnPacket(firstByte, body))
                return false;
        }
    }

    /// <summary>
    /// Reads to the end for nothing: a socket closed with unread bytes resets the connection, and the peer would never read why it was refused.
    /// </summary>
    protected async Task DiscardAsync(Stream source)
    {
        byte[] sink = MqttBuffers.Rent(1024);
        try
        {
            while (!ended && await source.ReadAsync(sink).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            // Cut off: it has ended all the same.
        }
        finally
        {
            MqttBuffers.Return(sink);
        }
    }

    protected async ValueTask ShutSendingAsync()
    {
        Stream? carrier = Stream;
        if (carrier is WebSocketStream web)
        {
            await web.CloseAsync().ConfigureAwait(false);
            carrier = web.Inner;
        }
        if (carrier is SslStream secure)
            await secure.ShutdownAsync().ConfigureAwait(false);
        socket?.Shutdown(SocketShutdown.Send);
    }

    /// <summary>What a broken, cut or hostile connection throws; anything else is a fault of ours and goes up.</summary>
    internal static bool IsLoss(Exception fault) => fault is IOException or SocketException or ObjectDisposedException
        or OperationCanceledException or AuthenticationException or InvalidOperationException { Source: "System.Net.Security" };
}
