using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

public static partial class Matrix
{
    /// <summary>C[m,n] += Σ_batch Σ_k A[m,k]·B[k,n]: the chains of sums go on from what C holds.</summary>
    /// <param name="product">Shape and strides; the rows of B are contiguous.</param>
    /// <param name="a">Left factor, strided.</param>
    /// <param name="b">Right factor.</param>
    /// <param name="c">Read and written; must not overlap the factors.</param>
    /// <exception cref="ArgumentException">A span is too short for the shape, or a size is below 1, or a stride negative.</exception>
    internal static void Accumulate(in MatrixProduct product, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c)
    {
        Check(product, a, b, [], c);
        ref var sums = ref MemoryMarshal.GetReference(c);
        Multiply(product, ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b), ref sums, product.CRow, ref sums);
    }
}
