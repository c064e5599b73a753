namespace EdgeFL.Wire.Tests;

/// <summary>Reads any item with our reader and writes it with our writer. What the reader accepts must come out byte for byte: that is what deterministic means.</summary>
internal static class CborTranscoder
{
    public static CborError TryTranscode(ReadOnlySpan<byte> source, out byte[] result)
    {
        var reader = new CborReader(source);
        var writer = new CborWriter();
        bool whole = TryItem(ref reader, writer) && reader.TryFinish();
        result = whole ? writer.ToArray() : [];
        Assert.Equal(whole, reader.Error == CborError.None);
        return reader.Error;
    }

    private static bool TryItem(ref CborReader reader, CborWriter writer)
    {
        switch (reader.Peek())
        {
            case CborType.UnsignedInteger:
                if (!reader.TryReadUnsigned(out ulong unsigned))
                    return false;
                writer.WriteUnsigned(unsigned);
                return true;
            case CborType.NegativeInteger:
                if (!reader.TryReadSigned(out long signed))
                    return false;
                writer.WriteSigned(signed);
                return true;
            case CborType.Bytes:
                if (!reader.TryReadBytes(int.MaxValue, out ReadOnlySpan<byte> bytes))
                    return false;
                writer.WriteBytes(bytes);
                return true;
            case CborType.Text:
                if (!reader.TryReadText(int.MaxValue, out ReadOnlySpan<byte> utf8))
                    return false;
                writer.WriteText(System.Text.Encoding.UTF8.GetString(utf8));
                return true;
            case CborType.Boolean:
                if (!reader.TryReadBoolean(out bool flag))
                    return false;
                writer.WriteBoolean(flag);
                return true;
            case CborType.Null:
                if (!reader.TryReadNull())
                    return false;
                writer.WriteNull();
                return true;
            case CborType.Single:
                if (!reader.TryReadSingle(out float single))
                    return false;
                writer.WriteSingle(single);
                return true;
            case CborType.Tag:
                if (!reader.TryReadTag(out ulong tag))
                    return false;
                writer.WriteTag(tag);
                return TryItem(ref reader, writer);
            case CborType.Array:
                if (!reader.TryStartArray(int.MaxValue, out int count))
                    return false;
                writer.StartArray(count);
                return TryItems(ref reader, writer, count);
            case CborType.Map:
                if (!reader.TryStartMap(int.MaxValue, out int pairs))
                    return false;
                writer.StartMap(pairs);
                return TryItems(ref reader, writer, 2 * pairs);
            default:
                Assert.False(reader.TrySkip());
                return false;
        }
    }

    private static bool TryItems(ref CborReader reader, CborWriter writer, int count)
    {
        for (; count > 0; count--)
            if (!TryItem(ref reader, writer))
                return false;
        if (!reader.TryEnd())
            return false;
        writer.End();
        return true;
    }
}
