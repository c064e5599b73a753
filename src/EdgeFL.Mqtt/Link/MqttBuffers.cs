using System.Numerics;

namespace EdgeFL.Mqtt;

/// <summary>
/// Arrays for packets and messages, lent by everybody in the process. Unlike the runtime's shared pool it keeps enough of one size for a
/// queue of messages, and no more bytes in all than are said here; what was not needed for a while goes back to the collector.
/// </summary>
internal static class MqttBuffers
{
    /// <summary>Bytes kept for the next one who asks.</summary>
    private const int KeptBytesMax = 3 * 1024 * 1024;

    private const int SmallestBits = 8;
    private const int LargestBits = 18;
    private const long TrimMs = 10_000;

    private static readonly Shelf[] Shelves = MakeShelves();
    private static int keptBytes;
    private static long nextTrimMs;

    /// <summary>An array of at least so many bytes, with whatever stands in it.</summary>
    public static byte[] Rent(int bytes)
    {
        int bits = Math.Max(SmallestBits, BitOperations.Log2((uint)Math.Max(1, bytes - 1)) + 1);
        if (bits > LargestBits)
            return GC.AllocateUninitializedArray<byte>(bytes);
        if (Shelves[bits - SmallestBits].Take() is not { } array)
            return GC.AllocateUninitializedArray<byte>(1 << bits);
        Interlocked.Add(ref keptBytes, -array.Length);
        return array;
    }

    /// <summary>Gives an array back that nobody uses any more.</summary>
    public static void Return(byte[] array)
    {
        int bits = BitOperations.Log2((uint)Math.Max(1, array.Length));
        if (bits is < SmallestBits or > LargestBits || array.Length != 1 << bits)
            return;
        if (Interlocked.Add(ref keptBytes, array.Length) > KeptBytesMax)
            Interlocked.Add(ref keptBytes, -array.Length);
        else
            Shelves[bits - SmallestBits].Put(array);
    }

    /// <summary>Lets go of what lay unused since the last time; called now and then by whoever has a clock.</summary>
    public static void Trim()
    {
        long now = Environment.TickCount64;
        long due = Volatile.Read(ref nextTrimMs);
        if (now < due || Interlocked.CompareExchange(ref nextTrimMs, now + TrimMs, due) != due)
            return;
        foreach (Shelf shelf in Shelves)
            Interlocked.Add(ref keptBytes, -shelf.Trim());
    }

    private static Shelf[] MakeShelves()
    {
        Shelf[] shelves = new Shelf[LargestBits - SmallestBits + 1];
        for (int i = 0; i < shelves.Length; i++)
            shelves[i] = new Shelf();
        return shelves;
    }

    /// <summary>Arrays of one size, the last one given back first: it is the one in the cache.</summary>
    private sealed class Shelf
    {
        private readonly Lock gate = new();
        private readonly Stack<byte[]> arrays = new();
        private int unused;

        public byte[]? Take()
        {
            lock (gate)
            {
                if (!arrays.TryPop(out byte[]? array))
                    return null;
                unused = Math.Min(unused, arrays.Count);
                return array;
            }
        }

        public void Put(byte[] array)
        {
            lock (gate)
                arrays.Push(array);
        }

        public int Trim()
        {
            lock (gate)
            {
                int bytes = 0;
                for (; unused > 0 && arrays.TryPop(out byte[]? array); unused--)
                    bytes += array.Length;
                unused = arrays.Count;
                if (unused == 0)
                    arrays.TrimExcess();
                return bytes;
            }
        }
    }
}
