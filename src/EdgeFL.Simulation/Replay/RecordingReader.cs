using EdgeFL.Node.Recording;

namespace EdgeFL.Simulation.Replay;

/// <summary>Reads the records of a recording one after the other. No length that it states is believed beyond what the file holds.</summary>
internal sealed class RecordingReader(Stream file)
{
    private byte[] buffer = new byte[4096];

    /// <summary>Where the record begins that was read last, or could not be.</summary>
    public long Offset { get; private set; }

    /// <summary>Whether nothing follows.</summary>
    public bool IsAtEnd => file.Position == file.Length;

    /// <summary>Reads the magic number.</summary>
    public RecordingError Begin()
    {
        Span<byte> magic = stackalloc byte[RecordingFormat.Magic.Length];
        int read = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        if (!RecordingFormat.Magic.StartsWith(magic[..read]))
            return RecordingError.NotARecording;
        return read == magic.Length ? RecordingError.None : RecordingError.Truncated;
    }

    /// <summary>Reads a record.</summary>
    /// <param name="record">Its bytes, good until the next call.</param>
    public RecordingError Next(out ReadOnlySpan<byte> record)
    {
        record = default;
        Offset = file.Position;
        Span<byte> prefix = stackalloc byte[RecordingFormat.PrefixBytes];
        if (file.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
            return RecordingError.Truncated;
        RecordingError error = RecordingFormat.ReadPrefix(prefix, out int length, out uint checksum);
        if (error != RecordingError.None)
            return error;
        if (length > file.Length - file.Position)
            return RecordingError.Truncated;
        if (buffer.Length < length)
            buffer = new byte[length];
        file.ReadExactly(buffer, 0, length);
        record = buffer.AsSpan(0, length);
        return RecordingFormat.Checksum(record) == checksum ? RecordingError.None : RecordingError.Damaged;
    }
}
