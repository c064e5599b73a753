namespace EdgeFL.Wire;

/// <summary>What a receiver is ready to take. Checks itself when made.</summary>
public sealed record UpdateLimits
{
    private readonly int parametersMax = 1 << 20;
    private readonly int dataBytesMax = 8 << 20;

    /// <summary>Bytes of a signed frame, envelope and all; also the largest chunk: brokers refuse more. 61,440.</summary>
    public const int FrameBytesMax = 60 * 1024;

    /// <summary>Most parameters any frame can carry: 2^26. What one receiver takes is <see cref="ParametersMax"/>.</summary>
    public const int ParametersCeiling = 1 << 26;

    /// <summary>Parameters of a model, 1 to 2^26. Default 2^20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int ParametersMax
    {
        get => parametersMax;
        init => parametersMax = value is (>= 1 and <= ParametersCeiling) ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 2^26.");
    }

    /// <summary>Bytes of an encoded model, inline or in chunks, 1 to 2^28. Default 8 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int DataBytesMax
    {
        get => dataBytesMax;
        init => dataBytesMax = value is >= 1 and <= 1 << 28 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "1 to 2^28.");
    }

    /// <summary>Chunks that <see cref="DataBytesMax"/> comes to.</summary>
    public int ChunksMax => Chunks.Count(DataBytesMax);
}
