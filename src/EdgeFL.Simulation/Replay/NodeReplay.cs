using System.Runtime.InteropServices;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Node.Recording;

namespace EdgeFL.Simulation.Replay;

/// <summary>What became of a recording when its inputs were given to a node once more.</summary>
public sealed record ReplayResult
{
    /// <summary>What the node was made of; null where not even that could be read.</summary>
    public RecordedNode? Node { get; init; }

    /// <summary>Inputs given.</summary>
    public long Inputs { get; init; }

    /// <summary>Time from the first to the last, ms on the node's clock.</summary>
    public long DurationMs { get; init; }

    /// <summary>What the node came to here; null where it could not be made.</summary>
    public RecordingEnd? Replayed { get; init; }

    /// <summary>What it had come to where it was recorded; null where the recording does not say.</summary>
    public RecordingEnd? Recorded { get; init; }

    /// <summary>The parameters as little-endian float32, shape [4P].</summary>
    public ReadOnlyMemory<byte> Parameters { get; init; }

    /// <summary>Why the recording could not be read to its end.</summary>
    public RecordingError Error { get; init; }

    /// <summary>Byte of the file at which that was seen.</summary>
    public long Offset { get; init; }

    /// <summary>More about it, or empty.</summary>
    public string Why { get; init; } = "";

    /// <summary>Whether the recording is whole and came to the same bits again.</summary>
    public bool IsIdentical => Error == RecordingError.None && Replayed is not null && Replayed.Equals(Recorded);
}

/// <summary>Gives a node the inputs that another was recorded with, at their times. Effects go nowhere: what others answered is in the recording.</summary>
public static class NodeReplay
{
    /// <summary>Replays a recording as far as it can be read.</summary>
    /// <param name="file">The recording, at its beginning; any bytes, a stream that can seek.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static ReplayResult Run(Stream file, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(file);
        var reader = new RecordingReader(file);
        RecordedNode? from = null;
        RecordingError error = reader.Begin();
        if (error == RecordingError.None)
            error = reader.Next(out ReadOnlySpan<byte> first) is var read and not RecordingError.None ? read : RecordedNode.Read(first, out from);
        if (error != RecordingError.None)
            return new ReplayResult { Error = error, Offset = reader.Offset };
        try
        {
            return Give(from!.Make(), from, reader, cancel);
        }
        catch (Exception wrong) when (wrong is ArgumentException or ModelFormatException or NotSupportedException)
        {
            return new ReplayResult { Node = from, Error = RecordingError.Malformed, Offset = reader.Offset, Why = wrong.Message };
        }
    }

    private static ReplayResult Give(NodeCore node, RecordedNode from, RecordingReader reader, CancellationToken cancel)
    {
        var outbox = new Outbox();
        long inputs = 0, nowMs = 0, firstMs = 0;
        RecordingEnd? end = null;
        RecordingError error;
        while ((error = reader.Next(out ReadOnlySpan<byte> record)) == RecordingError.None)
        {
            cancel.ThrowIfCancellationRequested();
            error = RecordedInput.Read(record, from.Channels, ref nowMs, out NodeInput? input, out end);
            if (input is null)
                break;
            firstMs = inputs == 0 ? nowMs : firstMs;
            inputs++;
            node.Handle(input, nowMs, outbox);
            outbox.Clear();
        }

        if (error == RecordingError.None && !reader.IsAtEnd)
            error = RecordingError.Malformed; // The end is the last record.
        return new ReplayResult
        {
            Node = from,
            Inputs = inputs,
            DurationMs = nowMs - firstMs,
            Replayed = RecordingEnd.Of(node),
            Recorded = end,
            Parameters = MemoryMarshal.AsBytes(node.Parameters).ToArray(),
            Error = error,
            Offset = reader.Offset,
        };
    }
}
