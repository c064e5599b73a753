using EdgeFL.Learning;
using EdgeFL.Wire;

namespace EdgeFL.Node.Recording;

/// <summary>All that a node was made of and that decides what it does: the first record of a recording.</summary>
public sealed record RecordedNode
{
    private const int Members = 8;

    /// <summary>What the node is told to do.</summary>
    public required NodeOptions Options { get; init; }

    /// <summary>The model's file.</summary>
    public required ReadOnlyMemory<byte> Model { get; init; }

    /// <summary>Channels of the sensor.</summary>
    public required int Channels { get; init; }

    /// <summary>How windows are cut.</summary>
    public required WindowOptions Windows { get; init; }

    /// <summary>How many windows are kept.</summary>
    public required LocalDataOptions Data { get; init; }

    /// <summary>The checkpoint that the node went on from; empty for a new node.</summary>
    public ReadOnlyMemory<byte> Checkpoint { get; init; }

    /// <summary>The model in integers that it went on with; empty for none.</summary>
    public ReadOnlyMemory<byte> Quantized { get; init; }

    /// <summary>The record.</summary>
    public byte[] ToArray()
    {
        var writer = new CborWriter(Model.Length + Checkpoint.Length + Quantized.Length + 4096);
        writer.StartArray(Members);
        writer.WriteUnsigned(RecordingFormat.Version);
        RecordedOptions.Write(writer, Options);
        writer.WriteBytes(Model.Span);
        writer.WriteUnsigned((ulong)Channels);
        RecordedOptions.Write(writer, Windows);
        RecordedOptions.Write(writer, Data);
        writer.WriteBytes(Checkpoint.Span);
        writer.WriteBytes(Quantized.Span);
        writer.End();
        return writer.ToArray();
    }

    /// <summary>Reads the record.</summary>
    /// <param name="record">Any bytes.</param>
    /// <param name="node">The node, or null.</param>
    public static RecordingError Read(ReadOnlySpan<byte> record, out RecordedNode? node)
    {
        node = null;
        var version = new CborReader(record);
        if (!version.TryStartArray(int.MaxValue, out _) || !version.TryReadUnsigned(out ulong stated))
            return RecordingError.Malformed;
        if (stated != RecordingFormat.Version)
            return RecordingError.UnknownVersion;
        var fields = new RecordReader(record);
        fields.Start(Members);
        fields.Unsigned();
        var read = new RecordedNode
        {
            Options = RecordedOptions.Read(ref fields),
            Model = fields.Bytes(),
            Channels = fields.Int(),
            Windows = RecordedOptions.ReadWindows(ref fields),
            Data = RecordedOptions.ReadData(ref fields),
            Checkpoint = fields.Bytes(),
            Quantized = fields.Bytes(),
        };
        if (!fields.TryFinish())
            return RecordingError.Malformed;
        node = read;
        return RecordingError.None;
    }

    /// <summary>Makes the node as it was before its first input.</summary>
    /// <exception cref="ModelFormatException">The model cannot be read, or does not take these channels.</exception>
    /// <exception cref="ArgumentException">An option lies outside its range, or a checkpoint does not fit the model.</exception>
    /// <exception cref="NotSupportedException">The model in integers has a layer that does not run on them.</exception>
    public NodeCore Make()
    {
        var node = new NodeCore(Options, ModelSpec.Parse(Model.Span).Resolve(Channels), Windows, Data);
        if (!Checkpoint.IsEmpty && node.Restore(Checkpoint.Span) is var error and not CheckpointError.None)
            throw new ArgumentException($"The checkpoint cannot be used: {error}.");
        if (!Quantized.IsEmpty && (!Options.Int8Inference || node.RestoreIntegers(Quantized.Span) != QuantizedModelError.None))
            throw new ArgumentException("The model in integers cannot be used.");
        return node;
    }
}
