using System.Threading.Channels;
using EdgeFL.Node;

namespace EdgeFL.Agent;

/// <summary>What waits for the node, or an event that waits to be told.</summary>
/// <param name="Input">The input, or null.</param>
/// <param name="Event">The event, or null.</param>
/// <param name="ArrivedAt">Timestamp of its arrival.</param>
internal readonly record struct Pending(NodeInput? Input, NodeEvent? Event, long ArrivedAt);

/// <summary>
/// The one queue of the host loop, with a share for each kind, so that none can crowd out another: what comes from the network and finds its share full is
/// dropped and counted; the sensor waits; there is one tick; links and events have the rest.
/// </summary>
internal sealed class Inbox
{
    /// <summary>Messages from the network that wait at once.</summary>
    public const int TrafficMax = 512;

    /// <summary>Bytes of them.</summary>
    public const int TrafficBytesMax = 4 * 1024 * 1024;

    /// <summary>Batches from the sensor that wait at once.</summary>
    public const int BatchesMax = 8;

    /// <summary>News of links, and events, that wait at once.</summary>
    public const int NewsMax = 1024;

    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(
        new BoundedChannelOptions(TrafficMax + BatchesMax + NewsMax + 2) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly SemaphoreSlim batches = new(BatchesMax);
    private long dropped;
    private int traffic;
    private int trafficBytes;
    private int news;
    private int tick;

    /// <summary>Inputs that wait.</summary>
    public int Count => queue.Reader.Count;

    /// <summary>Inputs and events that found no room.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Takes an input from a link; never blocks.</summary>
    public void Post(NodeInput input, long now)
    {
        int bytes = Bytes(input);
        bool isTraffic = bytes >= 0;
        if (isTraffic
            ? Interlocked.Increment(ref traffic) <= TrafficMax & Interlocked.Add(ref trafficBytes, bytes) <= TrafficBytesMax
            : Interlocked.Increment(ref news) <= NewsMax)
        {
            if (queue.Writer.TryWrite(new Pending(input, null, now)))
                return;
        }

        Leave(input);
        Interlocked.Increment(ref dropped);
    }

    /// <summary>Takes an event; never blocks.</summary>
    public void Notify(NodeEvent happened)
    {
        if (Interlocked.Increment(ref news) <= NewsMax && queue.Writer.TryWrite(new Pending(null, happened, 0)))
            return;
        Interlocked.Decrement(ref news);
        Interlocked.Increment(ref dropped);
    }

    /// <summary>Takes a tick unless one waits.</summary>
    public void Tick(long now)
    {
        if (Interlocked.Exchange(ref tick, 1) == 0)
            queue.Writer.TryWrite(new Pending(new NodeInput.Tick(), null, now));
    }

    /// <summary>Waits until the node can take a further batch; then <see cref="Add"/> it.</summary>
    public Task WaitForRoomAsync(CancellationToken stop) => batches.WaitAsync(stop);

    /// <summary>Takes a batch for which there is room, or the sensor's end.</summary>
    public void Add(NodeInput input, long now) => queue.Writer.TryWrite(new Pending(input, null, now));

    /// <summary>Reads one after the other until stopped; each gives its place back when it is read.</summary>
    public async IAsyncEnumerable<Pending> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (Pending pending in queue.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            if (pending.Input is { } input)
                Leave(input);
            else
                Interlocked.Decrement(ref news);
            yield return pending;
        }
    }

    private void Leave(NodeInput input)
    {
        switch (input)
        {
            case NodeInput.Tick:
                Interlocked.Exchange(ref tick, 0);
                break;
            case NodeInput.SamplesRead:
                batches.Release();
                break;
            case NodeInput.SensorEnded:
                break;
            default:
                int bytes = Bytes(input);
                if (bytes >= 0)
                {
                    Interlocked.Decrement(ref traffic);
                    Interlocked.Add(ref trafficBytes, -bytes);
                }
                else
                {
                    Interlocked.Decrement(ref news);
                }

                break;
        }
    }

    /// <summary>Payload bytes of what comes from the network; -1 for other inputs.</summary>
    private static int Bytes(NodeInput input) => input switch
    {
        NodeInput.UpdateArrived update => update.Payload.Length,
        NodeInput.ChunkArrived chunk => chunk.Data.Length,
        NodeInput.FrameRefused => 0,
        _ => -1,
    };
}
