using System.Buffers.Binary;
using EdgeFL.Identity;
using EdgeFL.Node.Peers;
using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>Why a checkpoint cannot be used.</summary>
public enum CheckpointError
{
    /// <summary>It can.</summary>
    None,

    /// <summary>Not a checkpoint of this version, or damaged.</summary>
    Malformed,

    /// <summary>Of another model.</summary>
    WrongModel,

    /// <summary>Holds a NaN or an infinity.</summary>
    NotFinite,
}

/// <summary>What a node needs to go on after its power was cut. Recorded data is not part of it: it never leaves the sensor's windows in memory.</summary>
public sealed record Checkpoint
{
    /// <summary>Version of the encoding.</summary>
    public const uint Version = 2;

    private const int ParametersMax = 1 << 26;
    private const int MarksMax = 4096;

    /// <summary>First 8 bytes of the model's hash.</summary>
    public required ulong ModelHash { get; init; }

    /// <summary>Rounds made.</summary>
    public required int Round { get; init; }

    /// <summary>Minibatch steps made.</summary>
    public required long Steps { get; init; }

    /// <summary>Running mean of the training loss, NaN when there was no step.</summary>
    public required float Loss { get; init; }

    /// <summary>Shape [P].</summary>
    public required float[] Parameters { get; init; }

    /// <summary>Momentum, shape [P].</summary>
    public required float[] Momentum { get; init; }

    /// <summary>Parameters at the end of the round before, shape [P].</summary>
    public required float[] Previous { get; init; }

    /// <summary>State of the running normaliser, empty without one.</summary>
    public required float[] Normaliser { get; init; }

    /// <summary>Models in the mean of the last part of the run.</summary>
    public required int AverageCount { get; init; }

    /// <summary>That mean, shape [P], empty when no model is in it.</summary>
    public required float[] Average { get; init; }

    /// <summary>What was taken last from each sender.</summary>
    public required IReadOnlyList<KeyValuePair<NodeId, HighWater>> Marks { get; init; }

    /// <summary>The checkpoint as deterministic CBOR (docs/wire.md).</summary>
    public byte[] ToArray()
    {
        var writer = new CborWriter((16 * Parameters.Length) + (4 * Average.Length) + 256);
        writer.StartMap(12);
        Key(1, Version);
        writer.WriteUnsigned(2);
        Span<byte> hash = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(hash, ModelHash);
        writer.WriteBytes(hash);
        Key(3, (ulong)Round);
        Key(4, (ulong)Steps);
        Floats(5, [float.IsFinite(Loss) ? Loss : -1]);
        Floats(6, Parameters);
        Floats(7, Momentum);
        Floats(8, Previous);
        Floats(9, Normaliser);
        writer.WriteUnsigned(10);
        writer.StartArray(Marks.Count);
        foreach ((NodeId from, HighWater mark) in Marks)
        {
            writer.StartArray(3);
            writer.WriteText(from.Value);
            writer.WriteUnsigned(mark.BootEpoch);
            writer.WriteUnsigned(mark.Sequence);
            writer.End();
        }

        writer.End();
        Key(11, (ulong)AverageCount);
        Floats(12, Average);
        writer.End();
        return writer.ToArray();

        void Key(ulong key, ulong value)
        {
            writer.WriteUnsigned(key);
            writer.WriteUnsigned(value);
        }

        void Floats(ulong key, ReadOnlySpan<float> values)
        {
            writer.WriteUnsigned(key);
            writer.WriteFloats(values);
        }
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="source">Bytes from a disk: they may be anything.</param>
    /// <param name="checkpoint">The checkpoint, or null.</param>
    public static CheckpointError Read(ReadOnlySpan<byte> source, out Checkpoint? checkpoint)
    {
        checkpoint = null;
        var reader = new CborReader(source);
        if (!reader.TryStartMap(12, out int pairs) || pairs != 12
            || !TryNumber(ref reader, 1, Version, out ulong version) || version != Version
            || !reader.TryKey(2) || !reader.TryReadFixedBytes(8, out ReadOnlySpan<byte> hash)
            || !TryNumber(ref reader, 3, int.MaxValue, out ulong round)
            || !TryNumber(ref reader, 4, long.MaxValue, out ulong steps)
            || !TryFloats(ref reader, 5, out float[] loss) || loss.Length != 1
            || !TryFloats(ref reader, 6, out float[] parameters)
            || !TryFloats(ref reader, 7, out float[] momentum) || momentum.Length != parameters.Length
            || !TryFloats(ref reader, 8, out float[] previous) || previous.Length != parameters.Length
            || !TryFloats(ref reader, 9, out float[] normaliser)
            || !reader.TryKey(10) || !reader.TryStartArray(MarksMax, out int count))
            return CheckpointError.Malformed;

        var marks = new List<KeyValuePair<NodeId, HighWater>>(count);
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryStartArray(3, out int fields) || fields != 3
                || !reader.TryReadText(64, out ReadOnlySpan<byte> name) || !NodeId.TryParse(System.Text.Encoding.ASCII.GetString(name), out NodeId from)
                || !reader.TryReadUnsigned(out ulong epoch, uint.MaxValue) || !reader.TryReadUnsigned(out ulong sequence) || !reader.TryEnd())
                return CheckpointError.Malformed;
            marks.Add(KeyValuePair.Create(from, new HighWater((uint)epoch, sequence)));
        }

        if (!reader.TryEnd()
            || !TryNumber(ref reader, 11, int.MaxValue, out ulong averageCount)
            || !TryFloats(ref reader, 12, out float[] average) || average.Length != (averageCount > 0 ? parameters.Length : 0)
            || !reader.TryEnd() || !reader.TryFinish())
            return CheckpointError.Malformed;
        if (!AllFinite(loss) || !AllFinite(parameters) || !AllFinite(momentum) || !AllFinite(previous) || !AllFinite(normaliser) || !AllFinite(average))
            return CheckpointError.NotFinite;
        checkpoint = new Checkpoint
        {
            ModelHash = BinaryPrimitives.ReadUInt64BigEndian(hash),
            Round = (int)round,
            Steps = (long)steps,
            Loss = loss[0] < 0 ? float.NaN : loss[0],
            Parameters = parameters,
            Momentum = momentum,
            Previous = previous,
            Normaliser = normaliser,
            AverageCount = (int)averageCount,
            Average = average,
            Marks = marks,
        };
        return CheckpointError.None;
    }

    private static bool TryNumber(ref CborReader reader, ulong key, ulong max, out ulong value)
    {
        value = 0;
        return reader.TryKey(key) && reader.TryReadUnsigned(out value, max);
    }

    private static bool TryFloats(ref CborReader reader, ulong key, out float[] values)
    {
        values = [];
        return reader.TryKey(key) && reader.TryReadFloats(4 * ParametersMax, out values);
    }

    private static bool AllFinite(ReadOnlySpan<float> values) => Numerics.Vectors.AllFinite(values);
}
