using System.Buffers.Binary;
using System.Net.Sockets;

namespace EdgeFL.MqttLoad;

/// <summary>
/// What subscriber and publisher tell each other past the broker, over a Unix socket: so many more messages may be under way, stop, so many were sent.
/// It holds what is between them to a window, because a flood at QoS 0 would measure which broker throws more away.
/// </summary>
internal static class Flow
{
    public const byte Go = 1, Stop = 0;

    /// <summary>Grants for a window; each lets a share of it more under way.</summary>
    public const int Shares = 4;
}

/// <summary>The subscriber's end.</summary>
internal sealed class FlowListener : IDisposable
{
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly TaskCompletionSource<long> total = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? publisher;

    public FlowListener(string path)
    {
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        new Thread(Serve) { IsBackground = true, Name = "flow" }.Start();
    }

    /// <summary>How many messages the publisher sent, once it has ended.</summary>
    public Task<long> Total => total.Task;

    /// <summary>Lets a share of the window more under way. Not before a first message has come.</summary>
    public void Grant() => Send(Flow.Go);

    public void Stop() => Send(Flow.Stop);

    public void Dispose()
    {
        listener.Dispose();
        publisher?.Dispose();
    }

    private void Send(byte what)
    {
        try
        {
            publisher!.Send([what]);
        }
        catch (SocketException)
        {
            // It has said how many it sent and left: the last grants are for nobody.
        }
    }

    private void Serve()
    {
        try
        {
            publisher = listener.Accept();
            publisher.Send([Flow.Go]);
            Span<byte> count = stackalloc byte[sizeof(long)];
            for (int at = 0; at < count.Length;)
            {
                int read = publisher.Receive(count[at..]);
                if (read == 0)
                    throw new LoadException("the publisher went without saying how many it sent");
                at += read;
            }

            total.SetResult(BinaryPrimitives.ReadInt64LittleEndian(count));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or LoadException)
        {
            total.TrySetException(fault as LoadException ?? new LoadException($"the publisher is gone: {fault.Message}"));
        }
    }
}

/// <summary>The publisher's end.</summary>
internal sealed class FlowGate : IDisposable
{
    private readonly Socket subscriber = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] said = new byte[64];
    private readonly int share;
    private long allowed;

    /// <summary>Connects; it is ready when the subscriber is.</summary>
    public FlowGate(string path, int window)
    {
        share = window / Flow.Shares;
        subscriber.Connect(new UnixDomainSocketEndPoint(path));
        if (subscriber.Receive(said, 1, SocketFlags.None) == 0)
            throw new LoadException("the subscriber is gone");
        allowed = window;
    }

    public bool Stopped { get; private set; }

    /// <summary>Waits for a grant where as many were sent as may be; false once the subscriber has said stop.</summary>
    /// <param name="sent">How many were sent.</param>
    /// <param name="look">Take what was said so far also where there is no need to wait.</param>
    public bool MaySend(long sent, bool look)
    {
        while (!Stopped && (sent >= allowed || (look && subscriber.Available > 0)))
        {
            int count = subscriber.Receive(said);
            if (count == 0)
                throw new LoadException("the subscriber is gone");
            foreach (byte one in said.AsSpan(0, count))
            {
                if (one == Flow.Stop)
                    Stopped = true;
                else
                    allowed += share;
            }
        }

        return !Stopped;
    }

    public void Tell(long sent)
    {
        byte[] count = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(count, sent);
        subscriber.Send(count);
    }

    public void Dispose() => subscriber.Dispose();
}
