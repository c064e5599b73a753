using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Stochastic gradient descent with momentum as PyTorch defines it: m = momentum·m + (1 - dampening)·(g + decay·x); x -= eta·m. With a dampening equal to
/// the momentum, m is a mean of gradients and a learning rate means the same as without momentum. Unlike PyTorch, m starts at zero with dampening too.
/// </summary>
public sealed class MomentumSgd : IOptimiser
{
    private readonly Memory<float> buffer;

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
        buffer = AlignedFloats.Allocate(parameterCount);
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
    public Span<float> Buffer => buffer.Span;

    /// <inheritdoc/>
    public void Step(Span<float> x, ReadOnlySpan<float> g, float eta)
    {
        Flush.CheckLengths(buffer.Length, x.Length, g.Length);
        var done = 0;
        if (Lanes.Use512)
            done = Sweep<Lanes512, Vector512<float>>(x, g, eta, done);
        if (Lanes.Use256)
            done = Sweep<Lanes256, Vector256<float>>(x, g, eta, done);
        if (Lanes.Use128)
            done = Sweep<Lanes128, Vector128<float>>(x, g, eta, done);
        Sweep<Lanes1, float>(x, g, eta, done);
    }

    /// <summary>As many elements from <paramref name="i"/> on as fill vectors of this width; returns the first left over. The widest vectors pay even though
    /// little is computed: fewer loads are under way at a time for the same bytes.</summary>
    private int Sweep<TLanes, TVector>(Span<float> x, ReadOnlySpan<float> g, float eta, int i)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        ref var rx = ref MemoryMarshal.GetReference(x);
        ref var rg = ref MemoryMarshal.GetReference(g);
        ref var rm = ref MemoryMarshal.GetReference(Buffer);
        TVector decay = TLanes.Broadcast(WeightDecay), keep = TLanes.Broadcast(Momentum), share = TLanes.Broadcast(1f - Dampening), rate = TLanes.Broadcast(-eta);
        for (; i + TLanes.Count <= x.Length; i += TLanes.Count)
        {
            var before = TLanes.Load(ref Unsafe.Add(ref rx, i));
            var direction = TLanes.Fma(share, TLanes.Fma(decay, before, TLanes.Load(ref Unsafe.Add(ref rg, i))), TLanes.Zero);
            var m = Flush.Tiny<TLanes, TVector>(TLanes.Fma(keep, TLanes.Load(ref Unsafe.Add(ref rm, i)), direction));
            TLanes.Store(m, ref Unsafe.Add(ref rm, i));
            TLanes.Store(TLanes.Fma(rate, m, before), ref Unsafe.Add(ref rx, i));
        }
        return i;
    }
}
