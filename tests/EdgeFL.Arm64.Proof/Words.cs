using System.Runtime.InteropServices;

namespace EdgeFL.Arm64.Proof;

/// <summary>The bits of an answer, 32 at a time, in the order they were written.</summary>
public sealed class Words
{
    private uint[] words = new uint[512];
    private int count;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<uint> Written => words.AsSpan(0, count);

    internal void Add(uint word)
    {
        if (count == words.Length)
            Grow(count + 1);
        words[count++] = word;
    }

    internal void Add(int value) => Add((uint)value);

    internal void Add(bool value) => Add(value ? 1u : 0u);

    internal void Add(float value) => Add(BitConverter.SingleToUInt32Bits(value));

    internal void Add(ulong value)
    {
        Add((uint)value);
        Add((uint)(value >> 32));
    }

    internal void Add(double value) => Add(BitConverter.DoubleToUInt64Bits(value));

    internal void Add(ReadOnlySpan<float> values) => Add(MemoryMarshal.Cast<float, uint>(values));

    internal void Add(ReadOnlySpan<byte> values)
    {
        foreach (var value in values)
            Add((uint)value);
    }

    internal void Add(ReadOnlySpan<int> values) => Add(MemoryMarshal.Cast<int, uint>(values));

    private void Add(ReadOnlySpan<uint> values)
    {
        if (count + values.Length > words.Length)
            Grow(count + values.Length);
        values.CopyTo(words.AsSpan(count));
        count += values.Length;
    }

    private void Grow(int needed)
    {
        var larger = new uint[Math.Max(needed, 2 * words.Length)];
        words.AsSpan(0, count).CopyTo(larger);
        words = larger;
    }
}
