using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node.Rounds;

/// <summary>
/// How far neighbours' models lie from the node's own, learned from those that came: what the lattice's steps follow from, and what a model is held against that lies
/// further off than neighbours do.
/// </summary>
public sealed class PeerDistance
{
    private const float Fading = 0.97f;
    private const float Widening = 1.3f;
    private const float WidestMax = 4f;
    private const float StepWidestMax = 2f;
    private const float CoarsestShare = 4f;
    private const float FarShare = 1.5f;

    // Pairs differ: without it one update of fourteen could not be read on the activity recordings, with it one of fifty.
    private const float Margin = 1.3f;

    // What a lattice adds to a model is part of the distance that its receiver sees, from which that one's steps follow: of more than the whole it would grow without end.
    private const float ErrorShareMax = 0.8f;

    // Of the parameters' own root mean square: finer than this no model need be known, and a fleet at rest would be out of reach after every unusual minibatch.
    private const float FinestShare = 0.004f;

    // A step up for each model that lies further, one down for each that lies nearer: it comes to rest at the median, and a few liars cannot move it far.
    private const float MedianStep = 1.2f;

    private readonly float[] largest;
    private readonly float[] seen;
    private readonly float[] result;
    private readonly float stepOfOne;
    private readonly float widest = 1;
    private float wide = 1;

    /// <summary>Makes it know nothing.</summary>
    /// <param name="parameters">Parameters of the model.</param>
    /// <param name="codec">What models are pushed in.</param>
    public PeerDistance(int parameters, UpdateCodec codec)
    {
        int groups = ModuloLattice.GroupCount(parameters);
        largest = new float[groups];
        seen = new float[groups];
        result = new float[groups];
        if (!LatticeCodec.Is(codec))
            return;
        stepOfOne = LatticeCodec.StepOf(codec, 1);
        float errorShare = Margin * stepOfOne / MathF.Sqrt(12);
        widest = Math.Clamp(ErrorShareMax / errorShare, 1, StepWidestMax);
    }

    /// <summary>Whether a model has come: before that a lattice would be a guess.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>How far neighbours are to be expected in each group of the lattice, as the root mean square of a parameter's difference.</summary>
    /// <param name="times">Multiplies it.</param>
    /// <returns>Shape [G], valid until the next call of a member.</returns>
    public ReadOnlySpan<float> Expected(float times = 1) => Scaled(times * Margin * MathF.Min(wide, widest));

    /// <summary>The coarsest steps that are accepted, shape [G]: a neighbour may know of models further off, but not by any measure. Valid until the next call of a member.</summary>
    public ReadOnlySpan<float> StepMax => Scaled(IsKnown ? CoarsestShare * stepOfOne * Margin * widest : float.PositiveInfinity);

    /// <summary>Running median of the distances of whole models.</summary>
    public float Median { get; private set; }

    /// <summary>Takes in how far a model that came is from the own one.</summary>
    /// <param name="own">Shape [P].</param>
    /// <param name="theirs">Shape [P].</param>
    public void Observe(ReadOnlySpan<float> own, ReadOnlySpan<float> theirs)
    {
        ModuloLattice.GroupDistance(theirs, own, seen);
        float distance = MathF.Sqrt(Vectors.SquaredDistance(theirs, own));
        Median = !IsKnown ? distance : distance > Median ? Median * MedianStep : Median / MedianStep;
        // One far neighbour, or liar, must not make coarse what all others get: it asks for what reaches it.
        float far = FarShare * wide * Median, counted = distance > far ? far / distance : 1;
        float finest = FinestShare * MathF.Sqrt(Vectors.SumOfSquares(own) / own.Length);
        for (int g = 0; g < seen.Length; g++)
            largest[g] = MathF.Max(finest, MathF.Max(Fading * largest[g], counted * seen[g]));
        wide = MathF.Max(1, Fading * wide);
        IsKnown = true;
    }

    /// <summary>An update could not be read, here or there: some lie further off than those that are heard.</summary>
    public void Widen() => wide = MathF.Min(WidestMax, Widening * wide);

    private ReadOnlySpan<float> Scaled(float factor)
    {
        for (int g = 0; g < result.Length; g++)
            result[g] = float.IsPositiveInfinity(factor) ? factor : factor * largest[g];
        return result;
    }
}
