using System.Text;
using EdgeFL.Identity;
using EdgeFL.Wire;

namespace EdgeFL.Node.Recording;

/// <summary>
/// Reads the fields of a record one after the other. After the first that is not as it must be all others are zero, so that a record is read as a whole and judged once,
/// by <see cref="TryFinish"/>.
/// </summary>
internal ref struct RecordReader(ReadOnlySpan<byte> record)
{
    private const int NameMax = 64;

    private CborReader reader = new(record);
    private bool isBad;

    /// <summary>Whether all so far was as it must be.</summary>
    public readonly bool IsGood => !isBad && reader.Error == CborError.None;

    /// <summary>Begins an array of exactly so many items.</summary>
    public void Start(int count)
    {
        if (!reader.TryStartArray(count, out int stated) || stated != count)
            isBad = true;
    }

    /// <summary>Begins an array of any number of items, each of at least a byte.</summary>
    public int Start() => reader.TryStartArray(int.MaxValue, out int count) ? count : 0;

    public void End()
    {
        if (IsGood)
            reader.TryEnd();
    }

    public ulong Unsigned(ulong max = ulong.MaxValue) => reader.TryReadUnsigned(out ulong value, max) ? value : 0;

    public int Int(int max = int.MaxValue) => (int)Unsigned((ulong)max);

    public long Signed() => reader.TryReadSigned(out long value) ? value : 0;

    public bool Boolean() => reader.TryReadBoolean(out bool value) && value;

    public float Single() => reader.TryReadSingle(out float value) ? value : 0;

    public double Double() => BitConverter.UInt64BitsToDouble(Unsigned());

    public float[] Floats() => reader.TryReadFloats(RecordingFormat.RecordBytesMax, out float[] values) ? values : Wrong<float[]>([]);

    public byte[] Bytes() => reader.TryReadBytes(RecordingFormat.RecordBytesMax, out ReadOnlySpan<byte> bytes) ? bytes.ToArray() : Wrong<byte[]>([]);

    public NodeId Node() => NodeId.TryParse(Name(), out NodeId id) ? id : Wrong<NodeId>(default);

    /// <summary>A node's name, or null.</summary>
    public NodeId? NodeOrNull()
    {
        if (reader.Peek() != CborType.Null)
            return Node();
        reader.TryReadNull();
        return null;
    }

    public FleetId Fleet() => FleetId.TryParse(Name(), out FleetId id) ? id : Wrong<FleetId>(default);

    /// <summary>Whether all was as it must be, and nothing is left over.</summary>
    public bool TryFinish() => IsGood && reader.TryEnd() && reader.TryFinish();

    private string Name() => reader.TryReadText(NameMax, out ReadOnlySpan<byte> name) ? Encoding.UTF8.GetString(name) : "";

    private T Wrong<T>(T otherwise)
    {
        isBad = true;
        return otherwise;
    }
}
