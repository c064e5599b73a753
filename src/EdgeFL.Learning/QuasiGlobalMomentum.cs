using System.Numerics;
using System.Runtime.InteropServices;
using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Momentum that follows the fleet rather than the device: it is renewed once a round from the displacement of the whole round, the merge
/// with the
/// neighbours included. Source: Lin, Karimireddy, Stich, Jaggi, "Quasi-Global Momentum", ICML 2021 (arXiv:2102.04761), the form of
/// x = x - eta·((1-b)·g + b·m); m = (1-k)·m + k·(p - x)/(eta·H); p = x.
/// </summary>
/// <remarks>
/// The displacement holds the momentum's own part, so m remembers about 1/(k·(1-b)) rounds: the paper has k = 1-b, a hundred rounds at 0.9.
/// m stands for the fleet's mean gradient, and a mean is no longer than what it is the mean of: a limit on its length keeps old neighbours' models,
/// whose pull m mistakes for gradient, from driving a fleet apart.
/// </remarks>
public sealed class QuasiGlobalMomentum : IOptimiser
{
    private readonly Memory<float> momentum;
    private readonly Memory<float> previous;

    /// <summary>Starts with no momentum; call <see cref="Anchor"/> with the first parameters.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="beta">b, 0 to below 1. Default 0.9.</param>
    /// <param name="renewal">k, above 0 to 1. Default 0.2.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public QuasiGlobalMomentum(int parameterCount, float beta = 0.9f, float renewal = 0.2f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameterCount, 1);
        if (!(beta >= 0f && beta < 1f))
            throw new ArgumentOutOfRangeException(nameof(beta), beta, "Beta is 0 to below 1.");
        if (!(renewal > 0f && renewal <= 1f))
            throw new ArgumentOutOfRangeException(nameof(renewal), renewal, "The renewal is above 0 to 1.");
        momentum = AlignedFloats.Allocate(parameterCount);
        previous = AlignedFloats.Allocate(parameterCount);
        Beta = beta;
        Renewal = renewal;
    }

    /// <summary>b: share of the momentum in a step.</summary>
    public float Beta { get; }

    /// <summary>k: share of the round's displacement in the new momentum.</summary>
    public float Renewal { get; }

    /// <summary>m, shape [P], for checkpoints.</summary>
    public Span<float> Momentum => momentum.Span;

    /// <summary>p, shape [P]: the parameters at the end of the round before, for checkpoints.</summary>
    public Span<float> Previous => previous.Span;

    /// <summary>p = x: what the first round's displacement is measured from.</summary>
    /// <param name="x">Shape [P].</param>
    /// <exception cref="ArgumentException">The length is not P.</exception>
    public void Anchor(ReadOnlySpan<float> x)
    {
        Flush.CheckLengths(momentum.Length, x.Length, x.Length);
        x.CopyTo(Previous);
    }

    /// <inheritdoc/>
    public void Step(Span<float> x, ReadOnlySpan<float> g, float eta)
    {
        Flush.CheckLengths(momentum.Length, x.Length, g.Length);
        var m = Momentum;
        var fresh = 1f - Beta;
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vg = MemoryMarshal.Cast<float, Vector<float>>(g);
            var vm = MemoryMarshal.Cast<float, Vector<float>>(m);
            Vector<float> keep = new(Beta), share = new(fresh), rate = new(-eta);
            for (var j = 0; j < vx.Length; j++)
                vx[j] = Vector.FusedMultiplyAdd(rate, Vector.FusedMultiplyAdd(keep, vm[j], share * vg[j]), vx[j]);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            x[i] = MathF.FusedMultiplyAdd(-eta, MathF.FusedMultiplyAdd(Beta, m[i], fresh * g[i]), x[i]);
    }

    /// <summary>m = (1-k)·m + k·(p - x)/(eta·H), shortened to the longest length, values below 1e-20 set to zero; p = x.</summary>
    /// <param name="x">Parameters at the end of the round, shape [P].</param>
    /// <param name="eta">Learning rate of the round, above 0.</param>
    /// <param name="steps">H, local steps of the round, at least 1.</param>
    /// <param name="longest">Longest m, above 0: the length of a typical gradient. Default: any.</param>
    /// <exception cref="ArgumentException">The length is not P.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rate, the steps or the longest length are outside their range.</exception>
    public void EndRound(ReadOnlySpan<float> x, float eta, int steps, float longest = float.PositiveInfinity)
    {
        Flush.CheckLengths(momentum.Length, x.Length, x.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        if (!(eta > 0f))
            throw new ArgumentOutOfRangeException(nameof(eta), eta, "The learning rate is above 0.");
        if (!(longest > 0f))
            throw new ArgumentOutOfRangeException(nameof(longest), longest, "The longest momentum is above 0.");
        Span<float> m = Momentum, p = Previous;
        float keep = 1f - Renewal, factor = Renewal / (eta * steps);
        for (var i = 0; i < x.Length; i++)
        {
            m[i] = Flush.Tiny(MathF.FusedMultiplyAdd(keep, m[i], factor * (p[i] - x[i])));
            p[i] = x[i];
        }
        var length = MathF.Sqrt(Vectors.SumOfSquares(m));
        if (length > longest)
            Vectors.Scale(longest / length, m);
    }
}
