using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeFL.Platform.Storage;

/// <summary>Keeps the last two generations of one state: the newest that is whole can always be read, whatever moment the power went.</summary>
/// <remarks>
/// Two files, <c>NAME.a</c> and <c>NAME.b</c>, written in turn, each by <see cref="AtomicFile"/>: the file that holds the newest good generation is never touched.
/// Format, little-endian: magic "EDGEFLCP", format version u32, reserved u32 = 0, generation u64, payload length u64, payload, SHA-256 of all before it.
/// Not for use from several threads or processes at once.
/// </remarks>
public sealed class CheckpointStore
{
    /// <summary>Version of the format that is written.</summary>
    public const uint FormatVersion = 1;

    private const int HeaderBytes = 32;
    private const int HashBytes = SHA256.HashSizeInBytes;

    private readonly IStorageFiles files;
    private readonly string[] slots;
    private readonly int payloadBytesMax;
    private int nextSlot = -1;
    private ulong newest;

    /// <summary>Names the files; nothing is read or written yet.</summary>
    /// <param name="folder">Folder of the files; must be there when they are written.</param>
    /// <param name="name">Name of the state, e.g. <c>model</c>.</param>
    /// <param name="payloadBytesMax">Largest payload, 1 byte to 1 GiB. Default 64 MiB.</param>
    public CheckpointStore(string folder, string name, int payloadBytesMax = 64 << 20)
        : this(LinuxFiles.Instance, folder, name, payloadBytesMax)
    {
    }

    internal CheckpointStore(IStorageFiles files, string folder, string name, int payloadBytesMax = 64 << 20)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-_") >= 0)
            throw new ArgumentException("A name is made of a-z, 0-9, - and _.", nameof(name));
        ArgumentOutOfRangeException.ThrowIfLessThan(payloadBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadBytesMax, 1 << 30);
        this.files = files;
        this.payloadBytesMax = payloadBytesMax;
        string start = Path.Combine(Path.GetFullPath(folder), name);
        slots = [start + ".a", start + ".b"];
    }

    /// <summary>The two files.</summary>
    public IReadOnlyList<string> Files => slots;

    /// <summary>Saves a new generation in place of the older of the two.</summary>
    /// <param name="payload">The state.</param>
    /// <returns>The number of the new generation, 1 or more.</returns>
    /// <exception cref="ArgumentException">The payload is larger than allowed.</exception>
    /// <exception cref="StorageException">It could not be written; the newest generation before it is untouched.</exception>
    public ulong Save(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > payloadBytesMax)
            throw new ArgumentException($"The payload has {payload.Length} bytes, more than {payloadBytesMax}.", nameof(payload));
        if (nextSlot < 0)
            Load();
        Span<byte> header = stackalloc byte[HeaderBytes];
        WriteHeader(header, newest + 1, payload.Length);
        Span<byte> hash = stackalloc byte[HashBytes];
        using (var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            sha.AppendData(header);
            sha.AppendData(payload);
            sha.GetHashAndReset(hash);
        }
        // Should writing fail half-way (say after the rename), what is on the disk is looked up anew.
        int slot = nextSlot;
        nextSlot = -1;
        AtomicFile.Write(files, slots[slot], AtomicFile.Private, header, payload, hash);
        nextSlot = 1 - slot;
        return ++newest;
    }

    /// <summary>Reads the newest generation that is whole.</summary>
    /// <exception cref="StorageException">A file is there but the system will not let it be read (rights, a failing disk): not the same as a damaged one.</exception>
    public CheckpointLoad Load()
    {
        var found = new Slot[2];
        for (int i = 0; i < 2; i++)
            found[i] = ReadSlot(slots[i]);
        int best = found[0].Generation >= found[1].Generation ? 0 : 1;
        newest = found[best].Generation;
        // The slot written next is never the one that holds the newest; of two bad ones it does not matter.
        nextSlot = newest == 0 ? 0 : 1 - best;
        string reason = $"{found[0].Reason} {found[1].Reason}".Trim();
        if (newest == 0)
            return new CheckpointLoad(reason.Length == 0 ? CheckpointStatus.None : CheckpointStatus.Unreadable, 0, default, reason);
        return new CheckpointLoad(reason.Length == 0 ? CheckpointStatus.Loaded : CheckpointStatus.FellBack, newest, found[best].Payload, reason);
    }

    private static void WriteHeader(Span<byte> header, ulong generation, int length)
    {
        "EDGEFLCP"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], generation);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], (ulong)length);
    }

    private Slot ReadSlot(string path)
    {
        byte[]? bytes;
        try
        {
            bytes = files.Read(path, payloadBytesMax + HeaderBytes + HashBytes);
        }
        catch (StorageException e) when (e.Code == "storage-too-large")
        {
            return Slot.Bad(path, e.Cause);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageException.From(e, path);
        }
        if (bytes is null)
            return new Slot(0, default, "");
        if (bytes.Length < HeaderBytes + HashBytes)
            return Slot.Bad(path, $"It is cut short ({bytes.Length} bytes).");
        if (!bytes.AsSpan().StartsWith("EDGEFLCP"u8))
            return Slot.Bad(path, "It is not a checkpoint.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (version != FormatVersion)
            return Slot.Bad(path, $"Its format has version {version}, this program reads version {FormatVersion}.");
        ulong generation = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16));
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24));
        if (length != (ulong)(bytes.Length - HeaderBytes - HashBytes) || generation == 0 || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)) != 0)
            return Slot.Bad(path, "Its length or its header does not fit.");
        Span<byte> hash = stackalloc byte[HashBytes];
        SHA256.HashData(bytes.AsSpan(0, bytes.Length - HashBytes), hash);
        return hash.SequenceEqual(bytes.AsSpan(bytes.Length - HashBytes))
            ? new Slot(generation, bytes.AsMemory(HeaderBytes, (int)length), "")
            : Slot.Bad(path, "Its checksum does not fit: it is damaged.");
    }

    private readonly record struct Slot(ulong Generation, ReadOnlyMemory<byte> Payload, string Reason)
    {
        public static Slot Bad(string path, string why) => new(0, default, $"{path}: {why}");
    }
}
