using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Numerics;

namespace EdgeFL.Simulation;

/// <summary>
/// One node in its place: the core that is deployed, its clock, sensor and storage, its links and its uplink. It draws from its own streams of random numbers and
/// touches no other node: what it does to others are events a link's delay later. So nodes can be looked after by any number of threads.
/// </summary>
internal sealed partial class SimulatedNode
{
    private readonly FleetWorld world;
    private readonly SimulationOptions options;
    private readonly IReadOnlyList<SampleBatch> stream;
    private readonly int number;
    private readonly int tickMs;
    private Philox life;
    private readonly NodeInvariants invariants = new();
    private uint posted;
    private long clockAheadMs;
    private bool mayFail;
    private bool willRise;
    private bool counted;
    private int countedRound;

    public SimulatedNode(int number, FleetWorld world, IReadOnlyList<SampleBatch> stream)
    {
        this.number = number;
        this.world = world;
        this.stream = stream;
        options = world.Options;
        tickMs = world.TickMsOf(number);
        network = new Philox(options.Seed, Purpose.Network | (uint)number);
        life = new Philox(options.Seed, Purpose.Life | (uint)number);
    }

    /// <summary>Upper halves of the nodes' streams, so that one more draw for one purpose never shifts another's.</summary>
    private static class Purpose
    {
        public const ulong Network = 1UL << 32;
        public const ulong Life = 2UL << 32;
    }

    public NodeCore? Core { get; private set; }

    public uint BootEpoch { get; private set; }

    public ReadOnlyMemory<byte> Stored { get; private set; }

    public Adversary? Adversary { get; set; }

    private NodeId Id => world.Ids[number];

    /// <summary>What the world has in store for the node, from the start.</summary>
    public void Plan(Shard shard)
    {
        for (int i = 0; i < options.Partitions.Count; i++)
        {
            Post(shard, options.Partitions[i].FromMs, number, EventKind.CutBegins, index: i);
            Post(shard, options.Partitions[i].ToMs, number, EventKind.CutEnds, index: i);
        }

        for (int i = 0; i < options.ClockJumps.Count; i++)
        {
            if (options.ClockJumps[i].Node == number)
                Post(shard, options.ClockJumps[i].AtMs, number, EventKind.ClockJump, index: i);
        }

        mayFail = options.Churn is { } churn && life.NextDouble() < churn.Share;
        if (options.Diurnal is { OnShare: < 1 } day)
        {
            // Where in its day the node is at time 0.
            long phase = (long)(life.NextDouble() * day.Spread * day.PeriodMs), on = (long)(day.OnShare * day.PeriodMs);
            if (phase < on)
                Post(shard, on - phase, number, EventKind.Stop);
            else
                Post(shard, 1, number, EventKind.Stop, index: (int)(day.PeriodMs - phase));
        }
    }

    /// <summary>Takes an event, and sees that all is as it must be.</summary>
    /// <exception cref="InvariantException">It is not.</exception>
    public void Take(in SimulationEvent happens, Shard shard)
    {
        Happen(happens, shard);
        invariants.Check(Core, happens);
    }

    private void Happen(in SimulationEvent happens, Shard shard)
    {
        long now = happens.Key.AtMs;
        int from = happens.Key.Origin;
        switch (happens.Kind)
        {
            case EventKind.Rise:
                Start(now, shard);
                return;
            case EventKind.CutEnds when Core is not null:
                Greet(now, shard);
                return;
            case EventKind.ClockJump:
                clockAheadMs += options.ClockJumps[happens.Index].ByMs;
                return;
            case EventKind.Stop:
                Rest(happens.Index, now, shard);
                return;
            case EventKind.Frame or EventKind.Chunk:
                Arrive(happens, from, now, shard);
                return;
        }

        if (Core is null || (from == number && happens.Kind is EventKind.Tick or EventKind.Sensor or EventKind.Retry or EventKind.Fail && happens.Epoch != BootEpoch))
            return;
        switch (happens.Kind)
        {
            case EventKind.Tick:
                Give(new NodeInput.Tick(), now, shard);
                Post(shard, now + tickMs + Stall(), number, EventKind.Tick, BootEpoch);
                break;
            case EventKind.Sensor:
                Sense(happens.Index, now, shard);
                break;
            case EventKind.Hello:
                Give(new NodeInput.PeerSeen(world.Ids[from]), now, shard);
                if (happens.Index == 1)
                    Post(shard, now + options.LatencyMaxMs, from, EventKind.Hello);
                break;
            case EventKind.Fail:
                PowerOff(now, shard, rises: true);
                Post(shard, now + Draw(options.Churn!.MeanDownMs), number, EventKind.Rise);
                break;
            default:
                TakeLink(happens, from, now, shard);
                break;
        }
    }

    /// <summary>Starts the core, from what is stored.</summary>
    public void Start(long now, Shard shard)
    {
        if (Core is not null)
            return;
        Core = world.MakeNode(number, ++BootEpoch);
        willRise = false;
        taken = new Dictionary<int, (uint, ulong)>(takenStored); // A power cut takes the marks of frames since the checkpoint with it.
        if (!Stored.IsEmpty && Core.Restore(Stored.Span) is var error and not CheckpointError.None)
            throw new InvalidOperationException($"The checkpoint of {Id} cannot be read: {error}.");
        if (BootEpoch == 1)
        {
            foreach (int peer in world.Sees[number])
                Post(shard, options.LatencyMaxMs, peer, EventKind.Hello);
        }
        else
        {
            Greet(now, shard);
        }

        Post(shard, now + options.SensorIntervalMs, number, EventKind.Sensor, BootEpoch);
        int late = BootEpoch == 1 && world.Ids.Count > 1 ? (int)((long)options.StartSpreadMs * number / (world.Ids.Count - 1)) : 0;
        Post(shard, now + tickMs + late, number, EventKind.Tick, BootEpoch);
        if (mayFail)
        {
            long fails = Math.Max(now, options.Churn!.FromMs) + Draw(options.Churn.MeanUpMs);
            if (fails < options.Churn.ToMs)
                Post(shard, fails, number, EventKind.Fail, BootEpoch);
        }

        Count(shard);
    }

    /// <summary>Cuts the power: what is not stored is gone.</summary>
    public void PowerOff(long now, Shard shard, bool rises = false)
    {
        willRise = rises && Core is { Phase: not NodePhase.Done }; // Who has made all rounds need not be waited for.
        Core = null;
        links.Clear();
        foreach (int peer in world.Sees[number])
        {
            if (!world.IsCut(number, peer, now))
                Post(shard, now + options.LatencyMaxMs, peer, EventKind.Gone);
        }

        Count(shard);
    }

    /// <summary>The node goes to sleep, having stored all; with a time it sleeps that long, else until its next morning.</summary>
    private void Rest(int forMs, long now, Shard shard)
    {
        DiurnalOptions day = options.Diurnal!;
        long off = forMs > 0 ? forMs : day.PeriodMs - (long)(day.OnShare * day.PeriodMs);
        if (Core is not null)
        {
            Give(new NodeInput.Shutdown(), now, shard);
            PowerOff(now, shard, rises: true);
        }

        Post(shard, now + off, number, EventKind.Rise);
        Post(shard, now + off + (long)(day.OnShare * day.PeriodMs), number, EventKind.Stop);
    }

    private void Sense(int batch, long now, Shard shard)
    {
        if (batch == stream.Count)
        {
            Give(new NodeInput.SensorEnded(), now, shard);
            return;
        }

        Give(new NodeInput.SamplesRead(stream[batch]), now, shard);
        Post(shard, now + options.SensorIntervalMs, number, EventKind.Sensor, BootEpoch, batch + 1);
    }

    private void Give(NodeInput input, long now, Shard shard)
    {
        Core!.Handle(input, now + clockAheadMs, shard.Outbox);
        IReadOnlyList<NodeEffect> effects = shard.Outbox.Effects;
        for (int i = 0; i < effects.Count; i++)
            Carry(effects[i], now, shard);
        shard.Outbox.Clear();
        Count(shard);
    }

    private void Carry(NodeEffect effect, long now, Shard shard)
    {
        switch (effect)
        {
            case NodeEffect.OpenLink open:
                OpenLink(world.IndexOf(open.Peer), now, shard);
                break;
            case NodeEffect.CloseLink close:
                links.Remove(world.IndexOf(close.Peer));
                break;
            case NodeEffect.SendUpdate send:
                Send(Adversary is null ? send : Adversary.Rewrite(Core!, send), now, shard);
                break;
            case NodeEffect.Persist persist:
                Stored = persist.State;
                takenStored = new Dictionary<int, (uint, ulong)>(taken);
                break;
            case NodeEffect.Raised raised:
                if (options.KeepsEvents)
                    shard.Events.Add((now, number, raised.Event));
                break;
            case NodeEffect.Trained or NodeEffect.Inferred:
                break; // What a person would read.
            default:
                throw new InvalidOperationException($"The simulation does not know the effect {effect.GetType().Name}.");
        }
    }

    /// <summary>Keeps the shard's counts of the node true.</summary>
    private void Count(Shard shard)
    {
        bool unfinished = Core is null ? willRise : Core.Phase != NodePhase.Done;
        if (unfinished != counted)
            shard.Unfinished += unfinished ? 1 : -1;
        counted = unfinished;
        int round = Core?.Round ?? -1;
        if (round == countedRound - 1)
            return;
        // countedRound is one more than the round, 0 while the node is down.
        shard.Up += (round >= 0 ? 1 : 0) - (countedRound > 0 ? 1 : 0);
        shard.Rounds += Math.Max(0, round) - Math.Max(0, countedRound - 1);
        countedRound = round + 1;
    }

    private int Stall() => options.StallShare > 0 && life.NextDouble() < options.StallShare ? life.NextInt32(options.StallMaxMs + 1) : 0;

    /// <summary>An exponentially distributed time, at least 1 ms.</summary>
    private long Draw(double meanMs) => 1 + (long)(-meanMs * Elementary.Log(1 - life.NextSingle()));

    private void Post(Shard shard, long atMs, int node, EventKind kind, uint epoch = 0, int index = 0, Shipment? shipment = null) =>
        shard.Post(new SimulationEvent(new EventKey(atMs, node, number, posted++), kind, epoch, index, shipment));
}
