using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Proof;

/// <summary>Elementwise kernels, reductions and order statistics at every length.</summary>
internal static class VectorCases
{
    internal static void Axpy(int length, Words answer)
    {
        Span<float> y = AlignedFloats.Allocate(length).Span;
        Inputs.Wild(length, 2).CopyTo(y);
        Vectors.Axpy(0.37f, Inputs.Wild(length, 1), y);
        answer.Add(y);
    }

    internal static void Scale(int length, Words answer)
    {
        var x = Inputs.Wild(length, 1);
        Vectors.Scale(1.1f, x);
        answer.Add(x);
    }

    internal static void Divide(int length, Words answer)
    {
        var x = Inputs.Wild(length, 1);
        Vectors.Divide(7f, x);
        answer.Add(x);
    }

    internal static void Add(int length, Words answer)
    {
        var z = new float[length];
        Vectors.Add(Inputs.Wild(length, 1), Inputs.Wild(length, 2), z);
        answer.Add(z);
    }

    internal static void Subtract(int length, Words answer)
    {
        var z = new float[length];
        Vectors.Subtract(Inputs.Wild(length, 1), Inputs.Wild(length, 2), z);
        answer.Add(z);
    }

    internal static void Lerp(int length, Words answer)
    {
        var x = Inputs.Wild(length, 1);
        Vectors.Lerp(x, Inputs.Wild(length, 2), 0.3f);
        answer.Add(x);
    }

    internal static void Reductions(int length, Words answer)
    {
        float[] x = Inputs.Wild(length, 1), y = Inputs.Wild(length, 2);
        answer.Add(Vectors.Dot(x, y));
        answer.Add(Vectors.SumOfSquares(x));
        answer.Add(Vectors.SquaredDistance(x, y));
    }

    internal static void Hadamard(int length, Words answer)
    {
        // The length in bits: 0 to 257 go up to 2^8, which is as far as stages differ.
        var x = Inputs.Wild(1 << (length % 9), (ulong)length);
        Numerics.Hadamard.Transform(x);
        answer.Add(x);
    }

    internal static void AllFinite(int length, Words answer)
    {
        var x = Inputs.Wild(length, 1);
        answer.Add(Vectors.AllFinite(x));
        for (var i = 0; i < length; i++)
        {
            var before = x[i];
            x[i] = (i % 3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => float.NegativeInfinity };
            answer.Add(Vectors.AllFinite(x));
            x[i] = before;
        }
    }

    internal static void Median(int length, Words answer)
    {
        if (length > 0)
            answer.Add(OrderStatistics.Median(Inputs.Gaussian(length, 1)));
    }

    internal static void TrimmedMean(int length, Words answer)
    {
        if (length > 0)
            answer.Add(OrderStatistics.TrimmedMean(Inputs.Gaussian(length, 1), (length - 1) / 3));
    }

    internal static void SortColumns(int length, Words answer)
    {
        var table = Inputs.Wild(5 * length, 1);
        OrderStatistics.SortColumns(table, 5, length);
        answer.Add(table);
    }
}
