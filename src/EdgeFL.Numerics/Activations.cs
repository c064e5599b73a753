using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

/// <summary>Activation functions and their gradients, the latter from the function's output.</summary>
public static class Activations
{
    /// <summary>y = x where x is above zero, else 0.</summary>
    /// <param name="x">Shape [I].</param>
    /// <param name="y">Shape [I]; overwritten; may be <paramref name="x"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void Relu(ReadOnlySpan<float> x, Span<float> y)
    {
        Check(x.Length, y.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            for (var j = 0; j < vx.Length; j++)
                vy[j] = Vector.ConditionalSelect(Vector.GreaterThan(vx[j], Vector<float>.Zero), vx[j], Vector<float>.Zero);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            y[i] = x[i] > 0f ? x[i] : 0f;
    }

    /// <summary>dx = dy where y is above zero, else 0.</summary>
    /// <param name="y">Output of <see cref="Relu"/>, shape [I].</param>
    /// <param name="outputGradient">Shape [I].</param>
    /// <param name="inputGradient">Shape [I]; overwritten; may be <paramref name="outputGradient"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void ReluGradient(ReadOnlySpan<float> y, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        Check(y.Length, outputGradient.Length);
        Check(y.Length, inputGradient.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var vo = MemoryMarshal.Cast<float, Vector<float>>(outputGradient);
            var vi = MemoryMarshal.Cast<float, Vector<float>>(inputGradient);
            for (var j = 0; j < vy.Length; j++)
                vi[j] = Vector.ConditionalSelect(Vector.GreaterThan(vy[j], Vector<float>.Zero), vo[j], Vector<float>.Zero);
            done = vy.Length * Vector<float>.Count;
        }
        for (var i = done; i < y.Length; i++)
            inputGradient[i] = y[i] > 0f ? outputGradient[i] : 0f;
    }

    /// <summary>dx = dy·(1 - y²).</summary>
    /// <param name="y">Output of <see cref="Elementary.Tanh(ReadOnlySpan{float}, Span{float})"/>, shape [I].</param>
    /// <param name="outputGradient">Shape [I].</param>
    /// <param name="inputGradient">Shape [I]; overwritten; may be <paramref name="outputGradient"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void TanhGradient(ReadOnlySpan<float> y, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        Check(y.Length, outputGradient.Length);
        Check(y.Length, inputGradient.Length);
        for (var i = 0; i < y.Length; i++)
            inputGradient[i] = outputGradient[i] * MathF.FusedMultiplyAdd(-y[i], y[i], 1f);
    }

    /// <summary>dx = dy·y·(1 - y).</summary>
    /// <param name="y">Output of <see cref="Elementary.Sigmoid(ReadOnlySpan{float}, Span{float})"/>, shape [I].</param>
    /// <param name="outputGradient">Shape [I].</param>
    /// <param name="inputGradient">Shape [I]; overwritten; may be <paramref name="outputGradient"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static void SigmoidGradient(ReadOnlySpan<float> y, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        Check(y.Length, outputGradient.Length);
        Check(y.Length, inputGradient.Length);
        for (var i = 0; i < y.Length; i++)
            inputGradient[i] = outputGradient[i] * (y[i] * (1f - y[i]));
    }

    private static void Check(int first, int second)
    {
        if (first != second)
            throw new ArgumentException($"Vectors of {first} and {second} elements do not fit together.");
    }
}
