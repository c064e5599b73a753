namespace EdgeFL.Numerics;

/// <summary>
/// One step of a gated recurrent unit in PyTorch's form, where the reset gate comes after the product with the state:
/// r = σ(i_r + h_r), z = σ(i_z + h_z), n = tanh(i_n + r·h_n), h' = n + z·(h - n). Source: Cho et al., 2014 (arXiv:1406.1078), torch.nn.GRU.
/// </summary>
public static class GruCell
{
    /// <summary>The next state of one sample from its gates' sums.</summary>
    /// <param name="gates">Shape [4,H]: in, i_r, i_z, i_n (weights times input, plus bias) and nothing; out, r, z, n, h_n.</param>
    /// <param name="hidden">Shape [3,H]: h_r, h_z, h_n (weights times state, plus bias).</param>
    /// <param name="state">h, shape [H].</param>
    /// <param name="next">h', shape [H]; overwritten; must not overlap <paramref name="state"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Forward(Span<float> gates, ReadOnlySpan<float> hidden, ReadOnlySpan<float> state, Span<float> next)
    {
        var units = state.Length;
        Check(units, gates.Length, hidden.Length, next.Length);
        Span<float> open = gates[..(2 * units)], reset = gates[..units], update = gates.Slice(units, units);
        Span<float> candidate = gates.Slice(2 * units, units), inner = gates[(3 * units)..];
        Vectors.Add(open, hidden[..(2 * units)], open);
        Elementary.Sigmoid(open, open);
        hidden[(2 * units)..].CopyTo(inner);
        Vectors.MultiplyAdd(reset, inner, candidate, candidate);
        Elementary.Tanh(candidate, candidate);
        Vectors.Subtract(state, candidate, next);
        Vectors.MultiplyAdd(update, next, candidate, next);
    }

    /// <summary>Gradients of one sample's gates and state from that of the next state.</summary>
    /// <param name="gates">Shape [4,H]: in, as <see cref="Forward"/> left it; out, the gradients of i_r, i_z, i_n and h_n. Those of h_r and h_z are those
    /// of i_r and i_z.</param>
    /// <param name="hidden">Shape [3,H]; overwritten by the gradients of h_r, h_z, h_n.</param>
    /// <param name="state">h, shape [H].</param>
    /// <param name="stateGradient">Shape [H]: in, that of h'; out, the part of that of h which does not go through the gates.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Backward(Span<float> gates, Span<float> hidden, ReadOnlySpan<float> state, Span<float> stateGradient)
    {
        var units = state.Length;
        Check(units, gates.Length, hidden.Length, stateGradient.Length);
        for (var i = 0; i < units; i++)
        {
            ref float reset = ref gates[i], update = ref gates[units + i], candidate = ref gates[2 * units + i], inner = ref gates[3 * units + i];
            var gradient = stateGradient[i];
            float r = reset, z = update, n = candidate;
            stateGradient[i] = gradient * z;
            candidate = gradient * (1f - z) * MathF.FusedMultiplyAdd(-n, n, 1f);
            update = gradient * (state[i] - n) * (z * (1f - z));
            reset = candidate * inner * (r * (1f - r));
            inner = candidate * r;
        }
        gates[..(2 * units)].CopyTo(hidden);
        gates[(3 * units)..].CopyTo(hidden[(2 * units)..]);
    }

    private static void Check(int units, int gates, int hidden, int other)
    {
        if (units < 1 || gates != 4 * units || hidden != 3 * units || other != units)
            throw new ArgumentException($"{gates} gates, {hidden} sums and {other} values are no step of {units} units: 4, 3 and 1 for each.");
    }
}
