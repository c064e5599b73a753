namespace EdgeFL.Wire;

/// <summary>What a frame says about a model, without the model. Immutable; checks itself when a frame is made of it.</summary>
public sealed record UpdateHeader
{
    /// <summary>First 8 bytes of the model's hash, big-endian. Sender and receiver must mean the same layers.</summary>
    public required ulong ModelHash { get; init; }

    /// <summary>How often the sender has started; with <see cref="Sequence"/> it makes replays known without a clock.</summary>
    public required uint BootEpoch { get; init; }

    /// <summary>Rises with every frame within one boot epoch.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>The sender's round.</summary>
    public required uint Round { get; init; }

    /// <summary>Local steps taken in the round.</summary>
    public required uint Steps { get; init; }

    /// <summary>Samples the sender trains on.</summary>
    public required uint Samples { get; init; }

    /// <summary>Mean loss on the sender's held-out data, finite; null when it has none.</summary>
    public float? HeldOutLoss { get; init; }

    /// <summary>How the numbers are put into bytes.</summary>
    public required UpdateCodec Codec { get; init; }

    /// <summary>Parameters of the model, at least 1.</summary>
    public required int ParameterCount { get; init; }

    /// <summary>Whether this frame comes after another of the same sender: a later boot epoch, or the same one and a higher sequence number.</summary>
    /// <param name="bootEpoch">Of the other.</param>
    /// <param name="sequence">Of the other.</param>
    public bool IsAfter(uint bootEpoch, ulong sequence) => BootEpoch > bootEpoch || (BootEpoch == bootEpoch && Sequence > sequence);
}
