using EdgeFL.Learning;
using EdgeFL.Wire;

namespace EdgeFL.Node.Recording;

/// <summary>The first member of each record but the first. Numbers stay as they are: files hold them.</summary>
internal enum RecordedKind
{
    End,
    Tick,
    Samples,
    SensorEnded,
    Update,
    Chunk,
    Refused,
    Seen,
    Gone,
    LinkUp,
    LinkDown,
    Shutdown,
}

/// <summary>An input and its time as a record: kind, milliseconds since the input before (of the first: the node's clock), and what the input holds.</summary>
public static class RecordedInput
{
    /// <summary>Largest time on a node's clock, ms: sums of it and any delay stay numbers.</summary>
    private const long TimeMax = 1L << 53;

    private const int RowFields = 6;

    /// <summary>Reads a record that is not the first.</summary>
    /// <param name="record">Any bytes.</param>
    /// <param name="channels">Channels of the node's sensor.</param>
    /// <param name="nowMs">The node's clock; moved on.</param>
    /// <param name="input">The input, or null.</param>
    /// <param name="end">What the recording came to, when this is its last record; else null.</param>
    public static RecordingError Read(ReadOnlySpan<byte> record, int channels, ref long nowMs, out NodeInput? input, out RecordingEnd? end)
    {
        input = null;
        end = null;
        var fields = new RecordReader(record);
        int count = fields.Start();
        var kind = (RecordedKind)fields.Int();
        if (kind == RecordedKind.End)
            return RecordingEnd.Read(record, out end);
        long time = nowMs + (long)fields.Unsigned(TimeMax);
        if (!fields.IsGood || time > TimeMax || count != 2 + Fields(kind))
            return RecordingError.Malformed;
        NodeInput? read = kind switch
        {
            RecordedKind.Tick => new NodeInput.Tick(),
            RecordedKind.Samples => ReadRows(ref fields, channels) is { } batch ? new NodeInput.SamplesRead(batch) : null,
            RecordedKind.SensorEnded => new NodeInput.SensorEnded(),
            RecordedKind.Update => new NodeInput.UpdateArrived(fields.Node(), fields.Bytes()),
            RecordedKind.Chunk => new NodeInput.ChunkArrived(fields.Node(), fields.Unsigned(), fields.Int(), fields.Bytes()),
            RecordedKind.Refused => new NodeInput.FrameRefused(fields.NodeOrNull(), (RejectionReason)fields.Int(RejectionReasons.Count - 1)),
            RecordedKind.Seen => new NodeInput.PeerSeen(fields.Node()),
            RecordedKind.Gone => new NodeInput.PeerGone(fields.Node()),
            RecordedKind.LinkUp => new NodeInput.LinkUp(fields.Node()),
            RecordedKind.LinkDown => new NodeInput.LinkDown(fields.Node()),
            _ => new NodeInput.Shutdown(),
        };
        if (read is null || !fields.TryFinish())
            return RecordingError.Malformed;
        (nowMs, input) = (time, read);
        return RecordingError.None;
    }

    /// <summary>Writes a record.</summary>
    internal static void Write(CborWriter writer, NodeInput input, long sinceMs)
    {
        RecordedKind kind = KindOf(input);
        writer.StartArray(2 + Fields(kind));
        writer.WriteUnsigned((ulong)kind);
        writer.WriteUnsigned((ulong)sinceMs);
        switch (input)
        {
            case NodeInput.SamplesRead samples:
                WriteRows(writer, samples.Batch);
                break;
            case NodeInput.UpdateArrived update:
                writer.WriteText(update.From.Value);
                writer.WriteBytes(update.Payload.Span);
                break;
            case NodeInput.ChunkArrived chunk:
                writer.WriteText(chunk.From.Value);
                writer.WriteUnsigned(chunk.Sequence);
                writer.WriteUnsigned((ulong)chunk.Index);
                writer.WriteBytes(chunk.Data.Span);
                break;
            case NodeInput.FrameRefused refused:
                if (refused.From is { } from)
                    writer.WriteText(from.Value);
                else
                    writer.WriteNull();
                writer.WriteUnsigned((ulong)refused.Reason);
                break;
            case NodeInput.PeerSeen seen:
                writer.WriteText(seen.Peer.Value);
                break;
            case NodeInput.PeerGone gone:
                writer.WriteText(gone.Peer.Value);
                break;
            case NodeInput.LinkUp up:
                writer.WriteText(up.Peer.Value);
                break;
            case NodeInput.LinkDown down:
                writer.WriteText(down.Peer.Value);
                break;
        }

        writer.End();
    }

    private static RecordedKind KindOf(NodeInput input) => input switch
    {
        NodeInput.Tick => RecordedKind.Tick,
        NodeInput.SamplesRead => RecordedKind.Samples,
        NodeInput.SensorEnded => RecordedKind.SensorEnded,
        NodeInput.UpdateArrived => RecordedKind.Update,
        NodeInput.ChunkArrived => RecordedKind.Chunk,
        NodeInput.FrameRefused => RecordedKind.Refused,
        NodeInput.PeerSeen => RecordedKind.Seen,
        NodeInput.PeerGone => RecordedKind.Gone,
        NodeInput.LinkUp => RecordedKind.LinkUp,
        NodeInput.LinkDown => RecordedKind.LinkDown,
        NodeInput.Shutdown => RecordedKind.Shutdown,
        _ => throw new ArgumentException($"Unknown input {input.GetType().Name}.", nameof(input)),
    };

    /// <summary>Fields behind kind and time; such a count as no record has for a kind that there is not.</summary>
    private static int Fields(RecordedKind kind) => kind switch
    {
        RecordedKind.Tick or RecordedKind.SensorEnded or RecordedKind.Shutdown => 0,
        RecordedKind.Seen or RecordedKind.Gone or RecordedKind.LinkUp or RecordedKind.LinkDown => 1,
        RecordedKind.Update or RecordedKind.Refused => 2,
        RecordedKind.Chunk => 4,
        RecordedKind.Samples => RowFields,
        _ => -2,
    };

    /// <summary>Times as differences, which are small; targets only where a row has one.</summary>
    private static void WriteRows(CborWriter writer, SampleBatch batch)
    {
        int rows = batch.Count;
        float[] values = new float[rows * batch.Channels], targets = new float[rows];
        bool hasTargets = false;
        long before = 0;
        writer.WriteUnsigned((ulong)rows);
        writer.StartArray(rows);
        for (int row = 0; row < rows; row++)
        {
            writer.WriteSigned(unchecked(batch.TimeMs(row) - before));
            before = batch.TimeMs(row);
            batch.Values(row).CopyTo(values.AsSpan(row * batch.Channels));
            targets[row] = batch.Target(row);
            hasTargets |= !float.IsNaN(targets[row]);
        }

        writer.End();
        writer.StartArray(rows);
        for (int row = 0; row < rows; row++)
            writer.WriteSigned(batch.Segment(row));
        writer.End();
        writer.StartArray(rows);
        for (int row = 0; row < rows; row++)
            writer.WriteSigned(batch.Label(row));
        writer.End();
        writer.WriteFloats(values);
        writer.WriteFloats(hasTargets ? targets : []);
    }

    private static SampleBatch? ReadRows(ref RecordReader fields, int channels)
    {
        int rows = fields.Int();
        long[] timesMs = Numbers(ref fields, rows), segments = Numbers(ref fields, rows), labels = Numbers(ref fields, rows);
        float[] values = fields.Floats(), targets = fields.Floats();
        if (!fields.IsGood || values.Length != (long)rows * channels || (targets.Length != 0 && targets.Length != rows))
            return null;
        var batch = new SampleBatch(channels, Math.Max(1, rows));
        long time = 0;
        for (int row = 0; row < rows; row++)
        {
            time = unchecked(time + timesMs[row]);
            float target = targets.Length == 0 ? SampleBatch.NoTarget : targets[row];
            if ((int)segments[row] != segments[row] || (int)labels[row] != labels[row])
                return null;
            batch.TryAdd(time, (int)segments[row], (int)labels[row], values.AsSpan(row * channels, channels), target);
        }

        return batch;
    }

    /// <summary>As many as are said; none where the record is too short for them.</summary>
    private static long[] Numbers(ref RecordReader fields, int count)
    {
        fields.Start(count);
        if (!fields.IsGood)
            return [];
        long[] numbers = new long[count];
        foreach (ref long number in numbers.AsSpan())
            number = fields.Signed();
        fields.End();
        return numbers;
    }
}
