namespace EdgeFL.Numerics;

/// <summary>
/// Shape and strides of C[m,n] = initial[n] + Σ_batch Σ_k A[m,k]·B[k,n]. Strides count floats, so that transposes and the overlapping rows
/// of a convolution are products too.
/// </summary>
public readonly record struct MatrixProduct
{
    /// <summary>Rows of C, at least 1.</summary>
    public required int Rows { get; init; }

    /// <summary>Columns of C (contiguous) and of B, at least 1.</summary>
    public required int Columns { get; init; }

    /// <summary>Terms summed within one batch, at least 1.</summary>
    public required int Depth { get; init; }

    /// <summary>Distance between A[m,k] and A[m+1,k].</summary>
    public required int ARow { get; init; }

    /// <summary>Distance between A[m,k] and A[m,k+1].</summary>
    public required int ADepth { get; init; }

    /// <summary>Distance between B[k,n] and B[k+1,n].</summary>
    public required int BDepth { get; init; }

    /// <summary>Distance between B[k,n] and B[k,n+1]; default 1. If it is another, <see cref="BDepth"/> is 1: B lies transposed.</summary>
    public int BColumn { get; init; } = 1;

    /// <summary>Distance between C[m,n] and C[m+1,n]; at least <see cref="Columns"/>.</summary>
    public required int CRow { get; init; }

    /// <summary>How many pairs (A, B) are summed one after the other; default 1.</summary>
    public int Batches { get; init; } = 1;

    /// <summary>Distance between the A of one batch and the next.</summary>
    public int ABatch { get; init; }

    /// <summary>Distance between the B of one batch and the next.</summary>
    public int BBatch { get; init; }

    /// <summary>An empty product; the required members give it its shape.</summary>
    public MatrixProduct()
    {
    }

    internal long LengthOfA => (long)(Rows - 1) * ARow + (long)(Depth - 1) * ADepth + (long)(Batches - 1) * ABatch + 1;

    internal long LengthOfB => (long)(Depth - 1) * BDepth + (long)(Batches - 1) * BBatch + (long)(Columns - 1) * BColumn + 1;

    internal long LengthOfC => (long)(Rows - 1) * CRow + Columns;
}
