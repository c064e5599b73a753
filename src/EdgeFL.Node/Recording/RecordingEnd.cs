using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeFL.Wire;

namespace EdgeFL.Node.Recording;

/// <summary>What the recorded inputs made of the node: the last record of a recording.</summary>
/// <param name="Round">Rounds made.</param>
/// <param name="Phase">Where the node stands.</param>
/// <param name="Hash">SHA-256 of the parameters as little-endian float32, shape [32].</param>
public sealed record RecordingEnd(int Round, NodePhase Phase, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Most bytes of the record, its prefix included.</summary>
    public const int BytesMax = 64;

    private const int Members = 4;

    /// <summary>Where a node stands now.</summary>
    /// <param name="node">The node.</param>
    public static RecordingEnd Of(NodeCore node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new RecordingEnd(node.Round, node.Phase, SHA256.HashData(MemoryMarshal.AsBytes(node.Parameters)));
    }

    /// <summary>Whether both came to the same bits.</summary>
    /// <param name="other">The other.</param>
    public bool Equals(RecordingEnd? other) => other is not null && Round == other.Round && Phase == other.Phase && Hash.Span.SequenceEqual(other.Hash.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Round, Phase);

    internal void Write(CborWriter writer)
    {
        writer.StartArray(Members);
        writer.WriteUnsigned((ulong)RecordedKind.End);
        writer.WriteUnsigned((ulong)Round);
        writer.WriteUnsigned((ulong)Phase);
        writer.WriteBytes(Hash.Span);
        writer.End();
    }

    internal static RecordingError Read(ReadOnlySpan<byte> record, out RecordingEnd? end)
    {
        var fields = new RecordReader(record);
        fields.Start(Members);
        fields.Unsigned();
        end = new RecordingEnd(fields.Int(), (NodePhase)fields.Int((int)NodePhase.Done), fields.Bytes());
        if (fields.TryFinish() && end.Hash.Length == SHA256.HashSizeInBytes)
            return RecordingError.None;
        end = null;
        return RecordingError.Malformed;
    }
}
