using System.Numerics;
using System.Runtime.InteropServices;
using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Adam with decoupled weight decay: m = b1·m + (1-b1)·g; v = b2·v + (1-b2)·g²; x -= eta·decay·x; x -= eta·(m/(1-b1^t))/(√(v/(1-b2^t)) + ε).
/// Sources: Kingma, Ba, "Adam", ICLR 2015 (arXiv:1412.6980); Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019
/// (arXiv:1711.05101), PyTorch's AdamW.
/// </summary>
/// <remarks>
/// Moments below 1e-20 become zero. With the default b2, v does so at a gradient of 3e-9; with the default ε the step is then at most a third longer.
/// </remarks>
public sealed class Adam : IOptimiser
{
    private readonly Memory<float> mean;
    private readonly Memory<float> square;

    /// <summary>Starts with no moments.</summary>
    /// <param name="parameterCount">P, at least 1.</param>
    /// <param name="beta1">b1, 0 to below 1. Default 0.9.</param>
    /// <param name="beta2">b2, 0 to below 1. Default 0.999.</param>
    /// <param name="epsilon">ε, 1e-9 to 1. Default 1e-8.</param>
    /// <param name="weightDecay">0 to 1. Default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public Adam(int parameterCount, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f, float weightDecay = 0f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameterCount, 1);
        if (!(beta1 >= 0f && beta1 < 1f))
            throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "Beta 1 is 0 to below 1.");
        if (!(beta2 >= 0f && beta2 < 1f))
            throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "Beta 2 is 0 to below 1.");
        if (!(epsilon is >= 1e-9f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Epsilon is 1e-9 to 1.");
        if (!(weightDecay is >= 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "Weight decay is 0 to 1.");
        mean = AlignedFloats.Allocate(parameterCount);
        square = AlignedFloats.Allocate(parameterCount);
        Beta1 = beta1;
        Beta2 = beta2;
        Epsilon = epsilon;
        WeightDecay = weightDecay;
    }

    /// <summary>b1: share of the mean gradient that is kept.</summary>
    public float Beta1 { get; }

    /// <summary>b2: share of the mean squared gradient that is kept.</summary>
    public float Beta2 { get; }

    /// <summary>ε: what keeps a parameter without gradients where it is.</summary>
    public float Epsilon { get; }

    /// <summary>Share of the parameters taken off, times the learning rate.</summary>
    public float WeightDecay { get; }

    /// <summary>t: steps made so far; for checkpoints.</summary>
    public long Steps { get; set; }

    /// <summary>m, shape [P], for checkpoints.</summary>
    public Span<float> Mean => mean.Span;

    /// <summary>v, shape [P], for checkpoints.</summary>
    public Span<float> Square => square.Span;

    /// <inheritdoc/>
    public void Step(Span<float> x, ReadOnlySpan<float> g, float eta)
    {
        Flush.CheckLengths(mean.Length, x.Length, g.Length);
        Span<float> m = Mean, v = Square;
        Steps++;
        var rate = (float)(-eta / (1.0 - Power(Beta1, Steps)));
        var rootOfBias = (float)Math.Sqrt(1.0 - Power(Beta2, Steps));
        float freshMean = 1f - Beta1, freshSquare = 1f - Beta2, left = 1f - eta * WeightDecay;
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vg = MemoryMarshal.Cast<float, Vector<float>>(g);
            var vm = MemoryMarshal.Cast<float, Vector<float>>(m);
            var vv = MemoryMarshal.Cast<float, Vector<float>>(v);
            Vector<float> b1 = new(Beta1), b2 = new(Beta2), f1 = new(freshMean), f2 = new(freshSquare);
            Vector<float> e = new(Epsilon), r = new(rate), bias = new(rootOfBias), keep = new(left);
            for (var j = 0; j < vx.Length; j++)
            {
                vm[j] = Flush.Tiny(Vector.FusedMultiplyAdd(b1, vm[j], f1 * vg[j]));
                vv[j] = Flush.Tiny(Vector.FusedMultiplyAdd(b2, vv[j], f2 * vg[j] * vg[j]));
                vx[j] = Vector.FusedMultiplyAdd(r, vm[j] / (Vector.SquareRoot(vv[j]) / bias + e), keep * vx[j]);
            }
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
        {
            m[i] = Flush.Tiny(MathF.FusedMultiplyAdd(Beta1, m[i], freshMean * g[i]));
            v[i] = Flush.Tiny(MathF.FusedMultiplyAdd(Beta2, v[i], freshSquare * g[i] * g[i]));
            x[i] = MathF.FusedMultiplyAdd(rate, m[i] / (MathF.Sqrt(v[i]) / rootOfBias + Epsilon), left * x[i]);
        }
    }

    /// <summary>b^t by squaring: the same bits for a count of steps however it was reached, by steps or from a checkpoint.</summary>
    private static double Power(double b, long t)
    {
        var power = 1.0;
        for (; t > 0; t >>= 1)
        {
            if ((t & 1) != 0)
                power *= b;
            b *= b;
        }
        return power;
    }
}
