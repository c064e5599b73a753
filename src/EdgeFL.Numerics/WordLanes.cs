using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeFL.Numerics;

/// <summary>
/// The few vector operations that random numbers and lattice codes are written in. A lane is a 32-bit word, or a float32 as its bits; operations on floats say
/// so in their names. Choose a width by <see cref="Lanes"/>.
/// </summary>
/// <typeparam name="TVector">What holds <see cref="Count"/> lanes.</typeparam>
internal interface IWordLanes<TVector>
{
    static abstract int Count { get; }

    static abstract TVector Load(ref float source);

    static abstract void Store(TVector value, ref float destination);

    static abstract TVector Broadcast(uint value);

    /// <summary>0, 1, 2 and so on.</summary>
    static abstract TVector Indices { get; }

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    /// <summary>The low 32 bits of each product.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>Both halves of each product of 64 bits.</summary>
    static abstract TVector MultiplyWide(TVector a, TVector b, out TVector high);

    static abstract TVector And(TVector a, TVector b);

    static abstract TVector Or(TVector a, TVector b);

    static abstract TVector Xor(TVector a, TVector b);

    static abstract TVector ShiftLeft(TVector value, int bits);

    /// <summary>Zeros come in.</summary>
    static abstract TVector ShiftRight(TVector value, int bits);

    /// <summary>Copies of the sign come in.</summary>
    static abstract TVector ShiftRightSigned(TVector value, int bits);

    /// <summary>As many bytes as there are lanes, each in a lane of its own.</summary>
    static abstract TVector Widen(ref byte source);

    /// <summary>The lowest byte of each lane.</summary>
    static abstract void StoreLowest(TVector value, ref byte destination);

    /// <summary>Sum of all lanes, modulo 2^32.</summary>
    static abstract uint Sum(TVector value);

    static abstract TVector BroadcastSingle(float value);

    static abstract TVector AddSingles(TVector a, TVector b);

    static abstract TVector SubtractSingles(TVector a, TVector b);

    static abstract TVector MultiplySingles(TVector a, TVector b);

    /// <summary>a·b + c rounded once.</summary>
    static abstract TVector Fma(TVector a, TVector b, TVector c);

    /// <summary>The larger of each two floats, none of them NaN.</summary>
    static abstract TVector MaxSingles(TVector a, TVector b);

    /// <summary>The smaller of each two floats, none of them NaN.</summary>
    static abstract TVector MinSingles(TVector a, TVector b);
}

internal readonly struct WordLanes512 : IWordLanes<Vector512<uint>>
{
    public static int Count => 16;

    public static Vector512<uint> Indices => Vector512<uint>.Indices;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load(ref float source) => Vector512.LoadUnsafe(ref Unsafe.As<float, uint>(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<uint> value, ref float destination) => value.StoreUnsafe(ref Unsafe.As<float, uint>(ref destination));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Subtract(Vector512<uint> a, Vector512<uint> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Multiply(Vector512<uint> a, Vector512<uint> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> MultiplyWide(Vector512<uint> a, Vector512<uint> b, out Vector512<uint> high)
    {
        var even = Avx512F.Multiply(a, b);
        var odd = Avx512F.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32());
        var low = Vector512.Create(0xFFFFFFFFul).AsUInt32();
        high = Vector512.ConditionalSelect(low, (even >> 32).AsUInt32(), odd.AsUInt32());
        return Vector512.ConditionalSelect(low, even.AsUInt32(), (odd << 32).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> And(Vector512<uint> a, Vector512<uint> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Or(Vector512<uint> a, Vector512<uint> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ShiftLeft(Vector512<uint> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ShiftRight(Vector512<uint> value, int bits) => value >> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ShiftRightSigned(Vector512<uint> value, int bits) => (value.AsInt32() >> bits).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Widen(ref byte source) => LevelLanes512.Widen(ref source).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector512<uint> value, ref byte destination) => LevelLanes512.StoreLowest(value.AsInt32(), ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Sum(Vector512<uint> value) => Vector512.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> BroadcastSingle(float value) => Vector512.Create(value).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> AddSingles(Vector512<uint> a, Vector512<uint> b) => (a.AsSingle() + b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> SubtractSingles(Vector512<uint> a, Vector512<uint> b) => (a.AsSingle() - b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> MultiplySingles(Vector512<uint> a, Vector512<uint> b) => (a.AsSingle() * b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Fma(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> MaxSingles(Vector512<uint> a, Vector512<uint> b) => Vector512.MaxNative(a.AsSingle(), b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> MinSingles(Vector512<uint> a, Vector512<uint> b) => Vector512.MinNative(a.AsSingle(), b.AsSingle()).AsUInt32();
}

internal readonly struct WordLanes256 : IWordLanes<Vector256<uint>>
{
    public static int Count => 8;

    public static Vector256<uint> Indices => Vector256<uint>.Indices;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load(ref float source) => Vector256.LoadUnsafe(ref Unsafe.As<float, uint>(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<uint> value, ref float destination) => value.StoreUnsafe(ref Unsafe.As<float, uint>(ref destination));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Subtract(Vector256<uint> a, Vector256<uint> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Multiply(Vector256<uint> a, Vector256<uint> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> MultiplyWide(Vector256<uint> a, Vector256<uint> b, out Vector256<uint> high)
    {
        var even = Avx2.Multiply(a, b);
        var odd = Avx2.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32());
        var low = Vector256.Create(0xFFFFFFFFul).AsUInt32();
        high = Vector256.ConditionalSelect(low, (even >> 32).AsUInt32(), odd.AsUInt32());
        return Vector256.ConditionalSelect(low, even.AsUInt32(), (odd << 32).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> And(Vector256<uint> a, Vector256<uint> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Or(Vector256<uint> a, Vector256<uint> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Xor(Vector256<uint> a, Vector256<uint> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ShiftLeft(Vector256<uint> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ShiftRight(Vector256<uint> value, int bits) => value >> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ShiftRightSigned(Vector256<uint> value, int bits) => (value.AsInt32() >> bits).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Widen(ref byte source) => LevelLanes256.Widen(ref source).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector256<uint> value, ref byte destination) => LevelLanes256.StoreLowest(value.AsInt32(), ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Sum(Vector256<uint> value) => Vector256.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> BroadcastSingle(float value) => Vector256.Create(value).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> AddSingles(Vector256<uint> a, Vector256<uint> b) => (a.AsSingle() + b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> SubtractSingles(Vector256<uint> a, Vector256<uint> b) => (a.AsSingle() - b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> MultiplySingles(Vector256<uint> a, Vector256<uint> b) => (a.AsSingle() * b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Fma(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c) => Vector256.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> MaxSingles(Vector256<uint> a, Vector256<uint> b) => Vector256.MaxNative(a.AsSingle(), b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> MinSingles(Vector256<uint> a, Vector256<uint> b) => Vector256.MinNative(a.AsSingle(), b.AsSingle()).AsUInt32();
}

internal readonly struct WordLanes128 : IWordLanes<Vector128<uint>>
{
    public static int Count => 4;

    public static Vector128<uint> Indices => Vector128<uint>.Indices;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Load(ref float source) => Vector128.LoadUnsafe(ref Unsafe.As<float, uint>(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<uint> value, ref float destination) => value.StoreUnsafe(ref Unsafe.As<float, uint>(ref destination));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Broadcast(uint value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Add(Vector128<uint> a, Vector128<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Subtract(Vector128<uint> a, Vector128<uint> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Multiply(Vector128<uint> a, Vector128<uint> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> MultiplyWide(Vector128<uint> a, Vector128<uint> b, out Vector128<uint> high)
    {
        if (Sse2.IsSupported)
        {
            var even = Sse2.Multiply(a, b).AsUInt32();
            var odd = Sse2.Multiply((a.AsUInt64() >> 32).AsUInt32(), (b.AsUInt64() >> 32).AsUInt32()).AsUInt32();
            var low = Vector128.Create(0xFFFFFFFFul).AsUInt32();
            high = Vector128.ConditionalSelect(low, (even.AsUInt64() >> 32).AsUInt32(), odd);
            return Vector128.ConditionalSelect(low, even, (odd.AsUInt64() << 32).AsUInt32());
        }
        // By operations of every instruction set, from products of halves. NEON has shorter ways, which nothing here could run and so prove (docs/decisions/0011).
        var half = Vector128.Create(0xFFFFu);
        Vector128<uint> aLow = a & half, aHigh = a >> 16, bLow = b & half, bHigh = b >> 16;
        var middle = (aHigh * bLow) + ((aLow * bLow) >> 16);
        high = (aHigh * bHigh) + (middle >> 16) + (((aLow * bHigh) + (middle & half)) >> 16);
        return a * b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> And(Vector128<uint> a, Vector128<uint> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Or(Vector128<uint> a, Vector128<uint> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Xor(Vector128<uint> a, Vector128<uint> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> ShiftLeft(Vector128<uint> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> ShiftRight(Vector128<uint> value, int bits) => value >> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> ShiftRightSigned(Vector128<uint> value, int bits) => (value.AsInt32() >> bits).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Widen(ref byte source) => LevelLanes128.Widen(ref source).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector128<uint> value, ref byte destination) => LevelLanes128.StoreLowest(value.AsInt32(), ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Sum(Vector128<uint> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> BroadcastSingle(float value) => Vector128.Create(value).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> AddSingles(Vector128<uint> a, Vector128<uint> b) => (a.AsSingle() + b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> SubtractSingles(Vector128<uint> a, Vector128<uint> b) => (a.AsSingle() - b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> MultiplySingles(Vector128<uint> a, Vector128<uint> b) => (a.AsSingle() * b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Fma(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c) => Vector128.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> MaxSingles(Vector128<uint> a, Vector128<uint> b) => Vector128.MaxNative(a.AsSingle(), b.AsSingle()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> MinSingles(Vector128<uint> a, Vector128<uint> b) => Vector128.MinNative(a.AsSingle(), b.AsSingle()).AsUInt32();
}

/// <summary>The scalar twin: one lane.</summary>
internal readonly struct WordLanes1 : IWordLanes<uint>
{
    public static int Count => 1;

    public static uint Indices => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Load(ref float source) => BitConverter.SingleToUInt32Bits(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(uint value, ref float destination) => destination = BitConverter.UInt32BitsToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Broadcast(uint value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Add(uint a, uint b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Subtract(uint a, uint b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Multiply(uint a, uint b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MultiplyWide(uint a, uint b, out uint high)
    {
        var product = (ulong)a * b;
        high = (uint)(product >> 32);
        return (uint)product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint And(uint a, uint b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Or(uint a, uint b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Xor(uint a, uint b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ShiftLeft(uint value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ShiftRight(uint value, int bits) => value >> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ShiftRightSigned(uint value, int bits) => (uint)((int)value >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Widen(ref byte source) => source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(uint value, ref byte destination) => destination = (byte)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Sum(uint value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint BroadcastSingle(float value) => BitConverter.SingleToUInt32Bits(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AddSingles(uint a, uint b) => BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(a) + BitConverter.UInt32BitsToSingle(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint SubtractSingles(uint a, uint b) => BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(a) - BitConverter.UInt32BitsToSingle(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MultiplySingles(uint a, uint b) => BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(a) * BitConverter.UInt32BitsToSingle(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Fma(uint a, uint b, uint c) => BitConverter.SingleToUInt32Bits(MathF.FusedMultiplyAdd(BitConverter.UInt32BitsToSingle(a), BitConverter.UInt32BitsToSingle(b), BitConverter.UInt32BitsToSingle(c)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MaxSingles(uint a, uint b) => BitConverter.UInt32BitsToSingle(a) > BitConverter.UInt32BitsToSingle(b) ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MinSingles(uint a, uint b) => BitConverter.UInt32BitsToSingle(a) < BitConverter.UInt32BitsToSingle(b) ? a : b;
}
