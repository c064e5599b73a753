using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Simulation;

// Links, and what goes over them.
internal sealed partial class SimulatedNode
{
    private readonly Dictionary<int, Link> links = [];
    private Dictionary<int, (uint Epoch, ulong Sequence)> taken = [];
    private Dictionary<int, (uint Epoch, ulong Sequence)> takenStored = [];
    private Philox network;
    private long uplinkFreeUs;

    private sealed class Link
    {
        public bool Up;
        public uint Epoch; // the peer's start that took it
        public long LastMs; // when the last message on it arrives
    }

    /// <summary>Says to all in sight that the node is there, and asks who else is.</summary>
    private void Greet(long now, Shard shard)
    {
        foreach (int peer in world.Sees[number])
        {
            if (!world.IsCut(number, peer, now))
                Post(shard, now + options.LatencyMaxMs, peer, EventKind.Hello, index: 1);
        }
    }

    private void OpenLink(int peer, long now, Shard shard)
    {
        links[peer] = new Link();
        Ask(peer, now, shard);
    }

    private void Ask(int peer, long now, Shard shard)
    {
        if (!world.IsCut(number, peer, now))
            Post(shard, now + Latency(), peer, EventKind.LinkAsked, BootEpoch);
        Post(shard, now + options.RetryMs, number, EventKind.Retry, BootEpoch, peer);
    }

    private void TakeLink(in SimulationEvent happens, int from, long now, Shard shard)
    {
        switch (happens.Kind)
        {
            case EventKind.LinkAsked:
                if (!world.IsCut(number, from, now))
                    Post(shard, now + Latency(), from, EventKind.LinkTaken, BootEpoch);
                break;
            case EventKind.LinkTaken when links.TryGetValue(from, out Link? link) && !link.Up:
                (link.Up, link.Epoch) = (true, happens.Epoch);
                Give(new NodeInput.LinkUp(world.Ids[from]), now, shard);
                break;
            case EventKind.Retry when links.TryGetValue(happens.Index, out Link? link) && !link.Up:
                Ask(happens.Index, now, shard);
                break;
            case EventKind.Gone:
                Break(from, now, shard);
                Give(new NodeInput.PeerGone(world.Ids[from]), now, shard);
                break;
            case EventKind.CutBegins:
                foreach (int peer in links.Keys.Where(peer => world.IsCut(number, peer, now)).Order().ToArray())
                {
                    if (Break(peer, now, shard))
                        Post(shard, now + options.RetryMs, number, EventKind.Retry, BootEpoch, peer);
                }

                break;
        }
    }

    private bool Break(int peer, long now, Shard shard)
    {
        if (!links.TryGetValue(peer, out Link? link) || !link.Up)
            return false;
        link.Up = false;
        Give(new NodeInput.LinkDown(world.Ids[peer]), now, shard);
        return true;
    }

    private void Send(NodeEffect.SendUpdate send, long now, Shard shard)
    {
        var shipment = new Shipment(send, BootEpoch, SeededSigner.Sign(options.Seed, number, send.Payload.Span) ^ (Adversary?.SignatureFlaw ?? 0));
        foreach (NodeId to in send.To)
        {
            int peer = world.IndexOf(to);
            links.TryGetValue(peer, out Link? link);
            Ship(shipment, -1, peer, link, now, shard);
            for (int chunk = 0; chunk < send.Chunks.Count; chunk++)
                Ship(shipment, chunk, peer, link, now, shard);
        }
    }

    private void Ship(Shipment shipment, int chunk, int peer, Link? link, long now, Shard shard)
    {
        int bytes = BytesOf(shipment, chunk, number);
        shard.Traffic.MessagesSent++;
        shard.Traffic.BytesSent += bytes;
        long departs = Departs(bytes, now);
        int latency = Latency();
        if (link is not { Up: true } || departs < 0 || (options.Loss > 0 && network.NextDouble() < options.Loss) || world.IsCut(number, peer, departs))
        {
            Lose(bytes, shard);
            return;
        }

        link.LastMs = Math.Max(link.LastMs, departs + latency);
        Post(shard, link.LastMs, peer, chunk < 0 ? EventKind.Frame : EventKind.Chunk, link.Epoch, chunk, shipment);
    }

    /// <summary>When the last bit of a message has left; -1 when the queue before it is full.</summary>
    private long Departs(int bytes, long now)
    {
        if (options.UplinkBitsPerSecond <= 0)
            return now;
        double usPerByte = 8e6 / options.UplinkBitsPerSecond;
        long waiting = Math.Max(0, uplinkFreeUs - now * 1000);
        if (waiting > options.UplinkQueueBytes * usPerByte)
            return -1;
        uplinkFreeUs = now * 1000 + waiting + (long)Math.Ceiling(bytes * usPerByte);
        return (uplinkFreeUs + 999) / 1000;
    }

    private void Arrive(in SimulationEvent happens, int from, long now, Shard shard)
    {
        Shipment shipment = happens.Shipment!;
        int bytes = BytesOf(happens);
        if (Core is null || happens.Epoch != BootEpoch)
        {
            Lose(bytes, shard);
            return;
        }

        shard.Traffic.MessagesDelivered++;
        shard.Traffic.BytesDelivered += bytes;
        NodeEffect.SendUpdate send = shipment.Send;
        NodeId sender = world.Ids[from];
        long before = Core.Received;
        if (happens.Kind == EventKind.Chunk)
            Give(new NodeInput.ChunkArrived(sender, send.Sequence, happens.Index, send.Chunks[happens.Index]), now, shard);
        else if (SeededSigner.Sign(options.Seed, from, send.Payload.Span) == shipment.Signature)
            Give(new NodeInput.UpdateArrived(sender, send.Payload), now, shard);
        else
            Give(new NodeInput.FrameRefused(sender, RejectionReason.BadSignature), now, shard);
        if (Core.Received > before && !IsNews(from, shipment))
        {
            shard.Traffic.Circles++;
            throw NodeInvariants.Broken("A frame was taken twice, or by its own sender", happens);
        }
    }

    private bool IsNews(int from, Shipment shipment)
    {
        (uint Epoch, ulong Sequence) mark = (shipment.BootEpoch, shipment.Send.Sequence);
        bool news = from != number && (!taken.TryGetValue(from, out (uint Epoch, ulong Sequence) last) || mark.CompareTo(last) > 0);
        taken[from] = mark;
        return news;
    }

    private static void Lose(int bytes, Shard shard)
    {
        shard.Traffic.MessagesLost++;
        shard.Traffic.BytesLost += bytes;
    }

    /// <summary>Bytes of an event's message on the wire; 0 when it is none.</summary>
    public int BytesOf(in SimulationEvent happens) => happens.Shipment is null ? 0 : BytesOf(happens.Shipment, happens.Index, happens.Key.Origin);

    private int BytesOf(Shipment shipment, int chunk, int sender) => chunk < 0
        ? WireBytes.OfFrame(world.Fleet, world.Ids[sender], shipment.Send.Payload.Length)
        : WireBytes.OfChunk(world.Fleet, world.Ids[sender], shipment.Send.Sequence, chunk, shipment.Send.Chunks[chunk].Length);

    private int Latency() => options.LatencyMinMs + network.NextInt32(options.LatencyMaxMs - options.LatencyMinMs + 1);
}
