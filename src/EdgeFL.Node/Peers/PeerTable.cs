using EdgeFL.Identity;
using EdgeFL.Numerics;

namespace EdgeFL.Node.Peers;

/// <summary>
/// What a node knows of a peer's reachability.
/// <code>
/// (unknown) ──seen──▶ Known ──chosen──▶ Opening ──up──▶ Up
///                       ▲                  ▲             │
///                       │                  └────down─────┘
///                       └──── shuffled out / gone while down ──▶ forgotten
/// </code>
/// </summary>
public enum PeerState
{
    /// <summary>Seen, no link asked for.</summary>
    Known,

    /// <summary>A link was asked for and is not up.</summary>
    Opening,

    /// <summary>The link is up.</summary>
    Up,
}

/// <summary>The peers a node knows and the few it keeps links to (the active view). Bounded; a full table refuses newcomers.</summary>
public sealed class PeerTable
{
    private readonly SortedDictionary<NodeId, Entry> peers = [];
    private readonly NodeId self;
    private readonly int knownMax;
    private readonly int viewSize;
    private long draws;

    private struct Entry
    {
        public PeerState State;
        public bool Visible;
        public long Drawn; // The last draw that it was in.
    }

    /// <summary>Makes an empty table.</summary>
    /// <param name="self">The node's own id, never a peer.</param>
    /// <param name="knownMax">Peers remembered at once.</param>
    /// <param name="viewSize">Links kept at once.</param>
    public PeerTable(NodeId self, int knownMax, int viewSize)
    {
        this.self = self;
        this.knownMax = knownMax;
        this.viewSize = viewSize;
    }

    /// <summary>Peers remembered.</summary>
    public int Count => peers.Count;

    /// <summary>Newcomers refused because the table was full.</summary>
    public long Refused { get; private set; }

    /// <summary>Links that are up.</summary>
    public int UpCount => CountOf(PeerState.Up);

    /// <summary>
    /// Notes that a peer is to be seen; opens a link when the view has room. A full view takes a newcomer, the k-th peer known, in place of a random link with
    /// probability view/k, so that it stays a uniform sample of the peers (reservoir sampling): links carry models one way only, and a newcomer that
    /// nobody links to would hear nothing before the next shuffle.
    /// </summary>
    /// <param name="peer">Its id.</param>
    /// <param name="outbox">Receives the wishes for links.</param>
    /// <param name="random">Source of the draw.</param>
    public void Seen(NodeId peer, Outbox outbox, ref Philox random)
    {
        if (peer == self)
            return;
        bool newcomer = !peers.TryGetValue(peer, out Entry entry);
        if (!newcomer)
        {
            entry.Visible = true;
            peers[peer] = entry;
        }
        else if (peers.Count < knownMax)
        {
            peers[peer] = new Entry { State = PeerState.Known, Visible = true };
        }
        else
        {
            Refused++;
            return;
        }

        if (peers[peer].State != PeerState.Known)
            return;
        if (InView() < viewSize)
            Open(peer, outbox);
        else if (newcomer && random.NextInt32(peers.Count) < viewSize)
            Exchange(Draw(InViewIds(), ref random), peer, outbox);
    }

    /// <summary>Notes that discovery no longer shows the peer: a link that is up stays, one that is not is given up.</summary>
    /// <param name="peer">Its id.</param>
    /// <param name="outbox">Receives the wishes for links.</param>
    public void Gone(NodeId peer, Outbox outbox)
    {
        if (!peers.TryGetValue(peer, out Entry entry))
            return;
        entry.Visible = false;
        peers[peer] = entry;
        if (entry.State != PeerState.Up)
            Forget(peer, entry, outbox);
    }

    /// <summary>Notes that the link is up; false when it is none of the view's.</summary>
    /// <param name="peer">Its id.</param>
    public bool Up(NodeId peer)
    {
        if (!peers.TryGetValue(peer, out Entry entry) || entry.State == PeerState.Known)
            return false;
        bool news = entry.State != PeerState.Up;
        entry.State = PeerState.Up;
        peers[peer] = entry;
        return news;
    }

    /// <summary>Notes that the link is down; true when it was up. A peer that discovery has lost as well is forgotten.</summary>
    /// <param name="peer">Its id.</param>
    /// <param name="outbox">Receives the wishes for links.</param>
    public bool Down(NodeId peer, Outbox outbox)
    {
        if (!peers.TryGetValue(peer, out Entry entry) || entry.State == PeerState.Known)
            return false;
        bool was = entry.State == PeerState.Up;
        entry.State = PeerState.Opening;
        peers[peer] = entry;
        if (!entry.Visible)
            Forget(peer, entry, outbox);
        return was;
    }

    /// <summary>The state of a peer, or null when it is not known.</summary>
    /// <param name="peer">Its id.</param>
    public PeerState? StateOf(NodeId peer) => peers.TryGetValue(peer, out Entry entry) ? entry.State : null;

    /// <summary>
    /// Draws at most <paramref name="count"/> different peers whose links are up, in order of id: those that have waited longest, by lot among equals. So
    /// each peer's turn comes every ⌈links/count⌉ draws, where independent draws would leave some waiting several times as long.
    /// </summary>
    /// <param name="count">How many at most.</param>
    /// <param name="random">Source of the lot.</param>
    public IReadOnlyList<NodeId> Draw(int count, ref Philox random)
    {
        NodeId[] up = Up();
        if (up.Length > count)
        {
            random.Shuffle(up.AsSpan());
            long[] turn = new long[up.Length];
            for (int lot = 0; lot < up.Length; lot++)
                turn[lot] = peers[up[lot]].Drawn * up.Length + lot;
            Array.Sort(turn, up);
            up = up[..count];
            Array.Sort(up);
        }

        draws++;
        foreach (NodeId peer in up)
            peers[peer] = peers[peer] with { Drawn = draws };
        return up;
    }

    /// <summary>
    /// The peer that a turn of the circle pairs the node with, or none: where all nodes know the same peers, each is paired with one that is paired with it (of an odd
    /// number one rests), and nobody has to be asked. Where they do not it is some peer.
    /// </summary>
    /// <param name="turn">0 or more; the same for the nodes that are to be paired.</param>
    public IReadOnlyList<NodeId> Pair(uint turn)
    {
        NodeId[] up = Up();
        int rank = 0;
        while (rank < up.Length && up[rank] < self)
            rank++;
        // The circle method: of an even number the last stands still, and meets who would meet itself.
        int count = up.Length + 1, moving = count - 1 + (count % 2), at = (int)(turn % (uint)moving);
        int other;
        if (rank < moving)
        {
            other = (at - rank + moving) % moving;
            if (other == rank)
                other = moving;
        }
        else
        {
            other = (int)((long)at * ((moving + 1) / 2) % moving);
        }

        return other >= count ? [] : [up[other < rank ? other : other - 1]];
    }

    /// <summary>Exchanges one link of a full view for a known peer outside it, so that the graph of links keeps mixing.</summary>
    /// <param name="outbox">Receives the wishes for links.</param>
    /// <param name="random">Source of the draw.</param>
    public void Shuffle(Outbox outbox, ref Philox random)
    {
        NodeId[] outside = Those(entry => entry is { State: PeerState.Known, Visible: true });
        NodeId[] inside = InViewIds();
        if (outside.Length == 0 || inside.Length < viewSize)
            return;

        // A link that does not come up gives way first.
        NodeId[] dead = Those(entry => entry.State == PeerState.Opening);
        Exchange(Draw(dead.Length > 0 ? dead : inside, ref random), Draw(outside, ref random), outbox);
    }

    private static NodeId Draw(NodeId[] from, ref Philox random) => from[random.NextInt32(from.Length)];

    private void Exchange(NodeId leaving, NodeId coming, Outbox outbox)
    {
        Entry entry = peers[leaving];
        outbox.Add(new NodeEffect.CloseLink(leaving));
        if (entry.Visible)
        {
            entry.State = PeerState.Known;
            peers[leaving] = entry;
        }
        else
        {
            peers.Remove(leaving); // Discovery has lost it as well, and would never say so again.
        }

        Open(coming, outbox);
    }

    private NodeId[] InViewIds() => Those(entry => entry.State != PeerState.Known);

    private NodeId[] Up() => Those(entry => entry.State == PeerState.Up);

    // A loop, not LINQ: over value types every query operator is compiled anew, which cost the agent's binary tens of kilobytes.
    private NodeId[] Those(Predicate<Entry> match)
    {
        var found = new List<NodeId>();
        foreach ((NodeId peer, Entry entry) in peers)
        {
            if (match(entry))
                found.Add(peer);
        }

        return [.. found];
    }

    private int CountOf(PeerState state)
    {
        int count = 0;
        foreach (Entry entry in peers.Values)
        {
            if (entry.State == state)
                count++;
        }

        return count;
    }

    private int InView() => peers.Count - CountOf(PeerState.Known);

    private void Open(NodeId peer, Outbox outbox)
    {
        Entry entry = peers[peer];
        entry.State = PeerState.Opening;
        peers[peer] = entry;
        outbox.Add(new NodeEffect.OpenLink(peer));
    }

    private void Forget(NodeId peer, Entry entry, Outbox outbox)
    {
        peers.Remove(peer);
        if (entry.State != PeerState.Known)
            outbox.Add(new NodeEffect.CloseLink(peer));
        foreach ((NodeId next, Entry candidate) in peers)
        {
            if (candidate is { State: PeerState.Known, Visible: true } && InView() < viewSize)
            {
                Open(next, outbox);
                break;
            }
        }
    }
}
