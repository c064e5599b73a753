using EdgeFL.Identity;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Numerics;

namespace EdgeFL.Node.Rounds;

/// <summary>The newest model of each neighbour, kept for mixing. Buffers are made once; when all are taken the oldest gives way.</summary>
public sealed class ReplicaCache
{
    /// <summary>Rounds that a neighbour which is not heard is taken to have learned on: longer silence is rather a neighbour that stands still.</summary>
    private const int ForesightRounds = 3;

    private readonly SortedDictionary<NodeId, Replica> replicas = [];
    private readonly Stack<float[]> free;
    private readonly PeerModel[] scratch;
    private readonly int[] rounds;
    private long arrivals;

    private sealed class Replica
    {
        public required float[] Parameters;
        public int Round; // as its sender counts
        public int Since; // the node's own round when it came
        public int Position; // the node's own round that it has been moved up to
        public int Foreseen; // rounds that it was moved by
        public int Heard; // its sender's round, as last heard
        public int HeardAt; // the node's own round then
        public int MixedIn = -1; // the node's own round that it was last mixed in
        public long Arrival;
    }

    /// <summary>Makes the buffers.</summary>
    /// <param name="parameters">Parameters of the model.</param>
    /// <param name="replicasMax">Models kept at once.</param>
    public ReplicaCache(int parameters, int replicasMax)
    {
        free = new Stack<float[]>(replicasMax);
        for (int i = 0; i < replicasMax; i++)
            free.Push(new float[parameters]);
        scratch = new PeerModel[replicasMax];
        rounds = new int[replicasMax];
    }

    /// <summary>Models held.</summary>
    public int Count => replicas.Count;

    /// <summary>The buffer that takes the newest model of a peer. The caller fills it whole.</summary>
    /// <param name="from">The peer.</param>
    /// <param name="round">Round of the model, as the peer counts.</param>
    /// <param name="ownRound">The node's own round.</param>
    public Span<float> Take(NodeId from, int round, int ownRound)
    {
        if (!replicas.TryGetValue(from, out Replica? replica))
        {
            if (free.Count == 0)
            {
                NodeId oldest = Oldest();
                free.Push(replicas[oldest].Parameters);
                replicas.Remove(oldest);
            }

            replica = new Replica { Parameters = free.Pop() };
            replicas[from] = replica;
        }

        replica.Round = round;
        // It came just now, so it is of this round, or of the next where its sender was first to begin that. What counts say beyond this is who started earlier or runs faster:
        // a model moved on for that as well would be ahead of its sender, and draw the fleet after it.
        replica.Since = replica.Position = Math.Clamp(round, ownRound, ownRound + 1);
        replica.Foreseen = 0;
        (replica.Heard, replica.HeardAt) = (round, replica.Since);
        replica.Arrival = ++arrivals;
        return replica.Parameters;
    }

    /// <summary>Notes how far a peer is whose newest model could not be read.</summary>
    /// <param name="from">The peer.</param>
    /// <param name="round">Its round, as it counts.</param>
    /// <param name="ownRound">The node's own round.</param>
    public void Hear(NodeId from, int round, int ownRound)
    {
        if (replicas.TryGetValue(from, out Replica? replica))
            (replica.Heard, replica.HeardAt) = (round, ownRound);
    }

    /// <summary>Models taken so far.</summary>
    public long Arrivals => arrivals;

    /// <summary>
    /// Brings every model to the node's own round by the node's own step for each round between: forward, three rounds at most, as a neighbour that was not heard
    /// is taken to have learned on at the same pace; and back, where its sender has begun the next round already. Without the first a cached model would drag the
    /// mean back by all that was learned since it was sent. Without the others a fleet of devices that stall, or wait for each other, would run ahead of them all.
    /// </summary>
    /// <param name="toRound">The node's own round.</param>
    /// <param name="step">What the node's own training changed in its latest round, shape [P].</param>
    public void Align(int toRound, ReadOnlySpan<float> step)
    {
        foreach (Replica replica in replicas.Values)
        {
            int behind = Math.Min(toRound - replica.Position, ForesightRounds - replica.Foreseen);
            if (behind == 0)
                continue;
            Vectors.Axpy(behind, step, replica.Parameters);
            replica.Foreseen += behind;
            replica.Position = toRound;
        }
    }

    /// <summary>The node's own count of rounds was moved without training: the models held are no older for it.</summary>
    /// <param name="rounds">Rounds it was moved by.</param>
    public void Shift(int rounds)
    {
        foreach (Replica replica in replicas.Values)
        {
            replica.Since += rounds;
            replica.HeardAt += rounds;
            replica.Position += rounds;
        }
    }

    /// <summary>The models that may be mixed in, in order of node id, with weight (1 + age)^-1/2.</summary>
    /// <param name="ownRound">The node's own round.</param>
    /// <param name="maxAgeRounds">Models that came longer ago are left out.</param>
    /// <param name="leastRound">Models of earlier rounds, as their senders count, are left out.</param>
    /// <param name="afterArrival">Models that came as this one or earlier are left out, as counted by <see cref="Arrivals"/>.</param>
    /// <param name="oncePerRound">Peers of whom a model was given for this round of the node are left out: who sends more often must not weigh more.</param>
    public ReadOnlySpan<PeerModel> Fresh(int ownRound, int maxAgeRounds, int leastRound, long afterArrival = 0, bool oncePerRound = false)
    {
        int n = 0;
        foreach (Replica replica in replicas.Values)
        {
            int age = Math.Max(0, ownRound - replica.Since);
            if (age > maxAgeRounds || replica.Round < leastRound || replica.Arrival <= afterArrival || (oncePerRound && replica.MixedIn == ownRound))
                continue;
            replica.MixedIn = ownRound;
            scratch[n++] = new PeerModel(replica.Parameters, 1 / MathF.Sqrt(1 + age));
        }

        return scratch.AsSpan(0, n);
    }

    /// <summary>Models that came lately.</summary>
    /// <param name="ownRound">The node's own round.</param>
    /// <param name="maxAgeRounds">Models that came longer ago do not count.</param>
    public int CountFresh(int ownRound, int maxAgeRounds)
    {
        int n = 0;
        foreach (Replica replica in replicas.Values)
            n += ownRound - replica.Since <= maxAgeRounds ? 1 : 0;
        return n;
    }

    /// <summary>The median of the rounds of peers heard lately, as they count, or -1 when there is none: one liar among three cannot move it far.</summary>
    /// <param name="ownRound">The node's own round.</param>
    /// <param name="maxAgeRounds">Peers heard longer ago are left out.</param>
    public int MedianRound(int ownRound, int maxAgeRounds)
    {
        int n = 0;
        foreach (Replica replica in replicas.Values)
        {
            if (ownRound - replica.HeardAt <= maxAgeRounds)
                rounds[n++] = replica.Heard;
        }

        if (n == 0)
            return -1;
        Array.Sort(rounds, 0, n);
        return rounds[(n - 1) / 2];
    }

    private NodeId Oldest()
    {
        NodeId oldest = default;
        long least = long.MaxValue;
        foreach ((NodeId from, Replica replica) in replicas)
        {
            if (replica.Arrival < least)
                (oldest, least) = (from, replica.Arrival);
        }

        return oldest;
    }

    /// <summary>Round of a peer, as last heard; <see cref="int.MaxValue"/> when there is none.</summary>
    /// <param name="from">The peer.</param>
    public int RoundOf(NodeId from) => replicas.TryGetValue(from, out Replica? replica) ? replica.Heard : int.MaxValue;

    /// <summary>Forgets all models.</summary>
    public void Clear()
    {
        foreach (Replica replica in replicas.Values)
            free.Push(replica.Parameters);
        replicas.Clear();
    }
}
