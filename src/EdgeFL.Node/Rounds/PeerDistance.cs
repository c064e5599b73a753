using EdgeFL.Identity;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node.Rounds;

/// <summary>
/// How far neighbours' models lie from the node's own, learned from those that came: what the lattice's steps follow from, and what a model is held against that lies
/// further off than neighbours do. Each neighbour counts once, by its newest model, however often it sends: one liar cannot move the median of three.
/// </summary>
public sealed class PeerDistance
{
    private const int NeighboursMax = 64;
    private const float Fading = 0.97f;
    private const int FadedTurns = 200; // to less than a hundredth
    private const float Widening = 1.3f;
    private const float WidestMax = 2f;
    private const float CoarsestShare = 4f;
    private const float FarShare = 1.5f;

    // Pairs differ: without it one update of fourteen could not be read on the activity recordings, with it one of fifty.
    private const float Margin = 1.3f;

    // What a lattice adds to a model is part of the distance that its receiver sees, from which that one's steps follow: of more than the whole it would grow without end.
    private const float ErrorShareMax = 0.8f;

    // Of the parameters' own root mean square: finer than this no model need be known, and a fleet at rest would be out of reach after every unusual minibatch.
    private const float FinestShare = 0.004f;

    private readonly SortedDictionary<NodeId, Neighbour> neighbours = [];
    private readonly float[] largest;
    private readonly float[] result;
    private readonly float[] sorted = new float[NeighboursMax];
    private readonly int parameters;
    private readonly float stepOfOne;
    private readonly float widest = 1;
    private NodeId lastFrom;
    private long turns;
    private float finest;
    private float wide = 1;

    private sealed class Neighbour
    {
        public required float[] Groups; // root mean square of each group's differences
        public float Distance;
        public float Before; // that of the model before
        public long Turn;
    }

    /// <summary>Makes it know nothing.</summary>
    /// <param name="parameters">Parameters of the model.</param>
    /// <param name="codec">What models are pushed in.</param>
    public PeerDistance(int parameters, UpdateCodec codec)
    {
        this.parameters = parameters;
        int groups = ModuloLattice.GroupCount(parameters);
        largest = new float[groups];
        result = new float[groups];
        if (!LatticeCodec.Is(codec))
            return;
        stepOfOne = LatticeCodec.StepOf(codec, 1);
        float errorShare = Margin * stepOfOne / MathF.Sqrt(12);
        widest = Math.Clamp(ErrorShareMax / errorShare, 1, WidestMax);
    }

    /// <summary>Whether a model has come: before that a lattice would be a guess.</summary>
    public bool IsKnown => neighbours.Count > 0;

    /// <summary>Neighbours whose newest distance is held.</summary>
    public int Count => neighbours.Count;

    /// <summary>Median of the neighbours' newest distances, the lower of two; never below what no model need be known finer than.</summary>
    public float Median { get; private set; }

    /// <summary>The same of what each neighbour has shown twice: one far model is not yet what is usual, even where few are heard.</summary>
    public float Usual { get; private set; }

    /// <summary>How far neighbours are to be expected in each group of the lattice, as the root mean square of a parameter's difference.</summary>
    /// <param name="times">Multiplies it.</param>
    /// <returns>Shape [G], valid until the next call of a member.</returns>
    public ReadOnlySpan<float> Expected(float times = 1) => Scaled(times * Margin * wide);

    /// <summary>
    /// The coarsest steps that are accepted, shape [G]: a neighbour may know of models further off, but not by any measure; none before a model has come. Valid until the next call
    /// of a member.
    /// </summary>
    public ReadOnlySpan<float> StepMax => Scaled(IsKnown ? CoarsestShare * stepOfOne * Margin * widest : 0);

    /// <summary>Whether a neighbour's distance is held.</summary>
    /// <param name="peer">The neighbour.</param>
    public bool Knows(NodeId peer) => neighbours.ContainsKey(peer);

    /// <summary>Takes in how far a model that came is from the own one.</summary>
    /// <param name="from">Who sent it.</param>
    /// <param name="own">Shape [P].</param>
    /// <param name="theirs">Shape [P].</param>
    public void Observe(NodeId from, ReadOnlySpan<float> own, ReadOnlySpan<float> theirs)
    {
        if (from != lastFrom)
        {
            // Not by messages: who floods would make the others' distances fade.
            turns++;
            wide = MathF.Max(1, Fading * wide);
            lastFrom = from;
        }

        if (!neighbours.TryGetValue(from, out Neighbour? neighbour))
        {
            if (neighbours.Count == NeighboursMax)
                neighbours.Remove(HeardLongestAgo());
            neighbour = neighbours[from] = new Neighbour { Groups = new float[largest.Length], Distance = float.PositiveInfinity };
        }

        ModuloLattice.GroupDistance(theirs, own, neighbour.Groups);
        neighbour.Before = neighbour.Distance;
        neighbour.Distance = MathF.Sqrt(Vectors.SquaredDistance(theirs, own));
        neighbour.Turn = turns;
        finest = FinestShare * MathF.Sqrt(Vectors.SumOfSquares(own) / parameters);
        Weigh();
    }

    /// <summary>An update could not be read, here or there: some lie further off than those that are heard.</summary>
    public void Widen() => wide = MathF.Min(widest, Widening * wide);

    private void Weigh()
    {
        Median = MedianOf(isBelievedAtOnce: true);
        Usual = MedianOf(isBelievedAtOnce: false);
        largest.AsSpan().Fill(finest);
        foreach (Neighbour neighbour in neighbours.Values)
        {
            // One far neighbour, or liar, must not make coarse what all others get: it asks for what reaches it.
            float counted = neighbour.Distance > FarShare * Median ? FarShare * Median / neighbour.Distance : 1;
            for (long turn = Math.Max(neighbour.Turn, turns - FadedTurns); turn < turns; turn++)
                counted *= Fading;
            for (int g = 0; g < largest.Length; g++)
                largest[g] = MathF.Max(largest[g], counted * neighbour.Groups[g]);
        }
    }

    private float MedianOf(bool isBelievedAtOnce)
    {
        int n = 0;
        foreach (Neighbour neighbour in neighbours.Values)
            sorted[n++] = isBelievedAtOnce ? neighbour.Distance : MathF.Min(neighbour.Distance, neighbour.Before);
        Array.Sort(sorted, 0, n);
        return MathF.Max(sorted[(n - 1) / 2], finest * MathF.Sqrt(parameters));
    }

    private NodeId HeardLongestAgo()
    {
        NodeId found = default;
        long least = long.MaxValue;
        foreach ((NodeId peer, Neighbour neighbour) in neighbours)
        {
            if (neighbour.Turn < least)
                (found, least) = (peer, neighbour.Turn);
        }

        return found;
    }

    private ReadOnlySpan<float> Scaled(float factor)
    {
        for (int g = 0; g < result.Length; g++)
            result[g] = factor * largest[g];
        return result;
    }
}
