namespace EdgeFL.Wire;

/// <summary>
/// A node's model as it goes to its neighbours, docs/wire.md: a map with small integer keys, the payload of a <see cref="CoseSign1"/>. The
/// data lies in the frame, or the frame lists the hashes of the chunks it comes in. Immutable; data read from a source points into it.
/// </summary>
public sealed class UpdateFrame
{
    /// <summary>Protocol version.</summary>
    public const uint Version = 1;

    /// <summary>Bytes of a signed frame beyond inline data, at most: envelope and fields.</summary>
    public const int InlineOverheadMax = CoseSign1.OverheadMax + FieldBytesMax;

    // Keys and values at their longest; the sum is held against real frames by a test.
    private const int FieldBytesMax = 1 + 2 + 10 + 6 + 10 + 6 + 6 + 6 + 6 + 2 + 6 + 6;

    private enum Key
    {
        Version = 1, ModelHash, BootEpoch, Sequence, Round, Steps, Samples, HeldOutLoss, Codec, ParameterCount, Data, DataLength, ChunkHashes,
    }

    private UpdateFrame(UpdateHeader header, ReadOnlyMemory<byte> data, int dataLength, ReadOnlyMemory<byte> chunkHashes)
    {
        Header = header;
        Data = data;
        DataLength = dataLength;
        ChunkHashes = chunkHashes;
    }

    /// <summary>What it says about the model.</summary>
    public UpdateHeader Header { get; }

    /// <summary>The encoded model; empty when it comes in chunks.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Bytes of the encoded model, inline or in chunks.</summary>
    public int DataLength { get; }

    /// <summary>Hashes of the chunks, 16 bytes each, one behind the other; empty when the data is inline.</summary>
    public ReadOnlyMemory<byte> ChunkHashes { get; }

    /// <summary>Whether the data is in the frame.</summary>
    public bool IsInline => ChunkHashes.IsEmpty;

    /// <summary>Chunks the data comes in; 0 when it is inline.</summary>
    public int ChunkCount => ChunkHashes.Length / Chunks.HashLength;

    /// <summary>Hash of one chunk, 16 bytes.</summary>
    /// <param name="index">0 to <see cref="ChunkCount"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such chunk.</exception>
    public ReadOnlySpan<byte> ChunkHash(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)ChunkCount, nameof(index));
        return ChunkHashes.Span.Slice(index * Chunks.HashLength, Chunks.HashLength);
    }

    /// <summary>Makes a frame: inline when the signed frame then has at most <see cref="UpdateLimits.FrameBytesMax"/> bytes, else with chunks, which are <see cref="Chunks.Of"/> of the data.</summary>
    /// <param name="header">What it says.</param>
    /// <param name="data">The encoded model, at least 1 byte; kept, not copied.</param>
    /// <exception cref="ArgumentException">No data, no parameters or more than 2^26, an unknown codec, a loss that is not finite, data of another length than the codec gives, or more than 60 KiB of hashes.</exception>
    public static UpdateFrame Create(UpdateHeader header, ReadOnlyMemory<byte> data)
    {
        ArgumentNullException.ThrowIfNull(header);
        if (data.IsEmpty || header.ParameterCount is < 1 or > UpdateLimits.ParametersCeiling)
            throw new ArgumentException("A frame needs 1 to 2^26 parameters and their data.", nameof(data));
        if (header.HeldOutLoss is { } loss && !float.IsFinite(loss))
            throw new ArgumentException($"A loss of {loss} does not go on the wire: leave it out.", nameof(header));
        if (!LengthFitsCodec(header, data.Length))
            throw new ArgumentException($"{data.Length} bytes are not {header.ParameterCount} parameters in codec {header.Codec}.", nameof(data));
        if (data.Length <= UpdateLimits.FrameBytesMax)
        {
            var inline = new UpdateFrame(header, data, data.Length, default);
            if (CoseSign1.EncodedLength(inline.EncodedLength()) <= UpdateLimits.FrameBytesMax)
                return inline;
        }
        var chunked = new UpdateFrame(header, default, data.Length, Chunks.Hashes(data));
        if (CoseSign1.EncodedLength(chunked.EncodedLength()) > UpdateLimits.FrameBytesMax)
            throw new ArgumentException($"{data.Length} bytes are too many: the list of their chunks does not fit a frame.", nameof(data));
        return chunked;
    }

    /// <summary>Reads a frame whose signature has been verified.</summary>
    /// <param name="source">Bytes from outside.</param>
    /// <param name="limits">What the receiver takes.</param>
    /// <param name="frame">The frame, pointing into <paramref name="source"/>; null unless <see cref="FrameError.None"/>.</param>
    public static FrameError Read(ReadOnlyMemory<byte> source, UpdateLimits limits, out UpdateFrame? frame)
    {
        ArgumentNullException.ThrowIfNull(limits);
        frame = null;
        var reader = new CborReader(source.Span);
        if (!reader.TryStartMap((int)Key.ChunkHashes, out int pairs))
            return From(reader.Error);
        // The version comes first: what another version means by the other keys is not for this one to say.
        if (!TryReadKey(ref reader, Key.Version) || !reader.TryReadUnsigned(out ulong version))
            return From(reader.Error);
        if (version != Version)
            return FrameError.UnknownVersion;

        bool read = TryReadKey(ref reader, Key.ModelHash) & reader.TryReadFixedBytes(8, out ReadOnlySpan<byte> modelHash)
            & TryReadNumber(ref reader, Key.BootEpoch, uint.MaxValue, out ulong bootEpoch)
            & TryReadNumber(ref reader, Key.Sequence, ulong.MaxValue, out ulong sequence)
            & TryReadNumber(ref reader, Key.Round, uint.MaxValue, out ulong round)
            & TryReadNumber(ref reader, Key.Steps, uint.MaxValue, out ulong steps)
            & TryReadNumber(ref reader, Key.Samples, uint.MaxValue, out ulong samples);
        if (!read || !reader.TryReadUnsigned(out ulong key))
            return From(reader.Error);
        float? heldOutLoss = null;
        if (key == (ulong)Key.HeldOutLoss)
        {
            if (!reader.TryReadSingle(out float loss) || !reader.TryReadUnsigned(out key))
                return From(reader.Error);
            heldOutLoss = loss;
        }
        if (key != (ulong)Key.Codec)
            return FrameError.Malformed;
        if (!reader.TryReadUnsigned(out ulong codec) || !TryReadNumber(ref reader, Key.ParameterCount, ulong.MaxValue, out ulong parameters))
            return From(reader.Error);
        if (parameters > (ulong)limits.ParametersMax)
            return FrameError.TooLarge;
        if (parameters == 0)
            return FrameError.Malformed;
        if (codec > byte.MaxValue || !IsKnown((UpdateCodec)codec))
            return FrameError.BadCodec;
        var header = new UpdateHeader
        {
            ModelHash = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(modelHash),
            BootEpoch = (uint)bootEpoch,
            Sequence = sequence,
            Round = (uint)round,
            Steps = (uint)steps,
            Samples = (uint)samples,
            HeldOutLoss = heldOutLoss,
            Codec = (UpdateCodec)codec,
            ParameterCount = (int)parameters,
        };
        return ReadData(source, ref reader, limits, header, out frame);
    }

    /// <summary>The frame in bytes: what is signed and becomes the payload of a <see cref="CoseSign1"/>.</summary>
    public byte[] ToArray()
    {
        var writer = new CborWriter(FieldBytesMax + Data.Length + ChunkHashes.Length * 17 / 16 + 16);
        Write(writer);
        return writer.ToArray();
    }

    /// <summary>Writes the frame.</summary>
    /// <param name="writer">Where to.</param>
    /// <exception cref="InvalidOperationException">No item is due there.</exception>
    public void Write(CborWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Span<byte> modelHash = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(modelHash, Header.ModelHash);
        writer.StartMap(10 + (Header.HeldOutLoss is null ? 0 : 1) + (IsInline ? 0 : 1));
        Number(Key.Version, Version);
        writer.WriteUnsigned((ulong)Key.ModelHash);
        writer.WriteBytes(modelHash);
        Number(Key.BootEpoch, Header.BootEpoch);
        Number(Key.Sequence, Header.Sequence);
        Number(Key.Round, Header.Round);
        Number(Key.Steps, Header.Steps);
        Number(Key.Samples, Header.Samples);
        if (Header.HeldOutLoss is { } loss)
        {
            writer.WriteUnsigned((ulong)Key.HeldOutLoss);
            writer.WriteSingle(loss);
        }
        Number(Key.Codec, (ulong)Header.Codec);
        Number(Key.ParameterCount, (ulong)Header.ParameterCount);
        if (IsInline)
        {
            writer.WriteUnsigned((ulong)Key.Data);
            writer.WriteBytes(Data.Span);
        }
        else
        {
            Number(Key.DataLength, (ulong)DataLength);
            writer.WriteUnsigned((ulong)Key.ChunkHashes);
            writer.StartArray(ChunkCount);
            for (int i = 0; i < ChunkCount; i++)
                writer.WriteBytes(ChunkHash(i));
            writer.End();
        }
        writer.End();

        void Number(Key key, ulong value)
        {
            writer.WriteUnsigned((ulong)key);
            writer.WriteUnsigned(value);
        }
    }

    private static FrameError ReadData(
        ReadOnlyMemory<byte> source, ref CborReader reader, UpdateLimits limits, UpdateHeader header, out UpdateFrame? frame)
    {
        frame = null;
        if (!reader.TryReadUnsigned(out ulong key))
            return From(reader.Error);
        ReadOnlyMemory<byte> data = default;
        byte[] hashes = [];
        int dataLength;
        if (key == (ulong)Key.Data)
        {
            if (!reader.TryReadBytes(limits.DataBytesMax, out ReadOnlySpan<byte> bytes))
                return From(reader.Error);
            dataLength = bytes.Length;
            data = source.Slice(reader.Position - dataLength, dataLength);
        }
        else if (key == (ulong)Key.DataLength)
        {
            if (!reader.TryReadUnsigned(out ulong length))
                return From(reader.Error);
            if (length > (ulong)limits.DataBytesMax)
                return FrameError.TooLarge;
            dataLength = (int)length;
            if (!TryReadKey(ref reader, Key.ChunkHashes) || !reader.TryStartArray(limits.ChunksMax, out int count))
                return From(reader.Error);
            if (count != Chunks.Count(dataLength))
                return FrameError.Malformed;
            hashes = new byte[count * Chunks.HashLength];
            for (int i = 0; i < count; i++)
            {
                if (!reader.TryReadFixedBytes(Chunks.HashLength, out ReadOnlySpan<byte> hash))
                    return From(reader.Error);
                hash.CopyTo(hashes.AsSpan(i * Chunks.HashLength));
            }
            if (!reader.TryEnd())
                return From(reader.Error);
        }
        else
            return FrameError.Malformed;
        if (!reader.TryEnd() || !reader.TryFinish())
            return From(reader.Error);
        if (dataLength == 0)
            return FrameError.Malformed;
        if (!LengthFitsCodec(header, dataLength))
            return FrameError.BadCodec;
        frame = new UpdateFrame(header, data, dataLength, hashes);
        return FrameError.None;
    }

    private static bool TryReadKey(ref CborReader reader, Key key) =>
        reader.TryReadUnsigned(out ulong value, (ulong)key) && value == (ulong)key;

    private static bool TryReadNumber(ref CborReader reader, Key key, ulong max, out ulong value)
    {
        value = 0;
        return TryReadKey(ref reader, key) && reader.TryReadUnsigned(out value, max);
    }

    /// <summary>What a fault of the encoding is called for a frame.</summary>
    internal static FrameError From(CborError error) => error switch
    {
        CborError.Truncated => FrameError.Truncated,
        CborError.TooLong => FrameError.TooLarge,
        CborError.NotFinite => FrameError.NotFinite,
        _ => FrameError.Malformed,
    };

    private static bool IsKnown(UpdateCodec codec) => SnapshotCodec.Is(codec) || LatticeCodec.Is(codec);

    private static bool LengthFitsCodec(UpdateHeader header, int length)
    {
        if (LatticeCodec.Is(header.Codec))
            return length == LatticeCodec.EncodedLength(header.Codec, header.ParameterCount);
        return SnapshotCodec.Is(header.Codec) && SnapshotCodec.LengthFits(header.Codec, header.ParameterCount, length);
    }

    private int EncodedLength()
    {
        var counter = new CborWriter(FieldBytesMax + Data.Length + ChunkHashes.Length * 17 / 16 + 16);
        Write(counter);
        return counter.Length;
    }
}
