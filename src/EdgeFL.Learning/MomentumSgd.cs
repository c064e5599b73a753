using System.Numerics;
using System.Runtime.InteropServices;
using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Stochastic gradient descent with momentum as PyTorch defines it: m = momentum·m + (1 - dampening)·(g + decay·x); x -= eta·m. With a dampening equal to
/// the momentum, m is a mean of gradients and a learning rate means the same as without momentum. Unlike PyTorch, m starts at zero with dampening too.
/// </summary>
public sealed class MomentumSgd : IOptimiser
{
    private readonly float[] buffer;

    /// <summary>Starts with no momentum.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="momentum">0 to below 1. Default 0.9.</param>
    /// <param name="weightDecay">0 to 1. Default 0.</param>
    /// <param name="dampening">0 to below 1. Default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public MomentumSgd(int parameterCount, float momentum = 0.9f, float weightDecay = 0f, float dampening = 0f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameterCount, 1);
        if (!(momentum >= 0f && momentum < 1f))
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Momentum is 0 to below 1.");
        if (!(weightDecay >= 0f && weightDecay <= 1f))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "Weight decay is 0 to 1.");
        if (!(dampening >= 0f && dampening < 1f))
            throw new ArgumentOutOfRangeException(nameof(dampening), dampening, "Dampening is 0 to below 1.");
        buffer = new float[parameterCount];
        Momentum = momentum;
        WeightDecay = weightDecay;
        Dampening = dampening;
    }

    /// <summary>Share of the last step's direction that is kept.</summary>
    public float Momentum { get; }

    /// <summary>Share of the parameters added to the gradient.</summary>
    public float WeightDecay { get; }

    /// <summary>Share of the gradient that is kept out of the momentum.</summary>
    public float Dampening { get; }

    /// <summary>m, shape [P], for checkpoints.</summary>
    public Span<float> Buffer => buffer;

    /// <inheritdoc/>
    public void Step(Span<float> x, ReadOnlySpan<float> g, float eta)
    {
        Flush.CheckLengths(buffer.Length, x.Length, g.Length);
        var fresh = 1f - Dampening;
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vg = MemoryMarshal.Cast<float, Vector<float>>(g);
            var vm = MemoryMarshal.Cast<float, Vector<float>>(buffer.AsSpan());
            Vector<float> decay = new(WeightDecay), keep = new(Momentum), share = new(fresh), rate = new(-eta);
            for (var j = 0; j < vx.Length; j++)
            {
                var direction = share * Vector.FusedMultiplyAdd(decay, vx[j], vg[j]);
                var m = Flush.Tiny(Vector.FusedMultiplyAdd(keep, vm[j], direction));
                vm[j] = m;
                vx[j] = Vector.FusedMultiplyAdd(rate, m, vx[j]);
            }
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
        {
            var direction = fresh * MathF.FusedMultiplyAdd(WeightDecay, x[i], g[i]);
            buffer[i] = Flush.Tiny(MathF.FusedMultiplyAdd(Momentum, buffer[i], direction));
            x[i] = MathF.FusedMultiplyAdd(-eta, buffer[i], x[i]);
        }
    }
}
