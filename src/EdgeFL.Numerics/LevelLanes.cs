using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeFL.Numerics;

/// <summary>
/// The few vector operations the integer kernels are written in. A lane is an int32, a float32 as its bits, or four bytes: four levels of 0 to 127 as
/// unsigned, or four weights as signed ones. Two such products fit an int16 whatever they are (127·-128·2), so that no instruction set saturates.
/// </summary>
/// <typeparam name="TVector">What holds <see cref="Count"/> lanes.</typeparam>
internal interface ILevelLanes<TVector>
{
    static abstract int Count { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(ref int source);

    static abstract void Store(TVector value, ref int destination);

    static abstract TVector Broadcast(int value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Min(TVector a, TVector b);

    static abstract TVector Max(TVector a, TVector b);

    static abstract TVector Or(TVector a, TVector b);

    static abstract TVector ShiftLeft(TVector value, int bits);

    /// <summary>As many bytes as there are lanes, each in a lane of its own.</summary>
    static abstract TVector Widen(ref byte source);

    /// <summary>The lowest byte of each lane.</summary>
    static abstract void StoreLowest(TVector value, ref byte destination);

    /// <summary>sum + Σ of the four products in each lane.</summary>
    static abstract TVector MultiplyAdd(TVector levels, TVector weights, TVector sum);

    static abstract TVector ToSingle(TVector value);

    static abstract TVector AddSingles(TVector a, TVector b);

    /// <summary>value·factor + offset rounded once.</summary>
    static abstract TVector Fma(TVector value, TVector factor, TVector offset);

    /// <summary>value·factor + offset rounded once, held within 0 to 127 (NaN gives 0), then rounded to the nearest integer, halves to the even one.</summary>
    static abstract TVector ToLevel(TVector value, TVector factor, TVector offset);
}

/// <summary>What turns a float into a level.</summary>
internal static class LevelLanes
{
    /// <summary>Highest level.</summary>
    internal const float Highest = 127f;

    /// <summary>2^23: a float32 this large has steps of one, so that adding it rounds as additions do everywhere.</summary>
    internal const float Rounding = 8388608f;

    /// <summary>Its bits.</summary>
    internal const int RoundingBits = 0x4B000000;

    /// <summary>Whether the byte products of AVX-VNNI may be used. Tests lower it.</summary>
    internal static bool MayUseVnni = true;

    /// <summary>Twice the bytes an instruction, and a sum with it: better than 512 bits without.</summary>
    internal static bool UseVnni => AvxVnni.IsSupported && MayUseVnni && Lanes.Use256;

    internal static bool Use512 => Lanes.Use512 && Avx512BW.IsSupported && !UseVnni;

    internal static bool Use256 => Lanes.Use256 && !UseVnni;
}

internal readonly struct LevelLanes512 : ILevelLanes<Vector512<int>>
{
    public static int Count => 16;

    public static Vector512<int> Zero => Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(ref int source) => Vector512.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> value, ref int destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Min(Vector512<int> a, Vector512<int> b) => Vector512.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Max(Vector512<int> a, Vector512<int> b) => Vector512.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> a, Vector512<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(ref byte source) => Avx512F.ConvertToVector512Int32(Vector128.LoadUnsafe(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector512<int> value, ref byte destination) => Avx512F.ConvertToVector128Byte(value).StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<int> levels, Vector512<int> weights, Vector512<int> sum) =>
        sum + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(levels.AsByte(), weights.AsSByte()), Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ToSingle(Vector512<int> value) => Vector512.ConvertToSingle(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddSingles(Vector512<int> a, Vector512<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Fma(Vector512<int> value, Vector512<int> factor, Vector512<int> offset) => Vector512.FusedMultiplyAdd(value.AsSingle(), factor.AsSingle(), offset.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ToLevel(Vector512<int> value, Vector512<int> factor, Vector512<int> offset)
    {
        var exact = Fma(value, factor, offset).AsSingle();
        var least = Vector512.ConditionalSelect(Vector512.GreaterThan(exact, Vector512<float>.Zero), exact, Vector512<float>.Zero);
        var held = Vector512.MinNative(least, Vector512.Create(LevelLanes.Highest));
        return (held + Vector512.Create(LevelLanes.Rounding)).AsInt32() - Vector512.Create(LevelLanes.RoundingBits);
    }
}

internal readonly struct LevelLanes256 : ILevelLanes<Vector256<int>>
{
    public static int Count => 8;

    public static Vector256<int> Zero => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(ref int source) => Vector256.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, ref int destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Min(Vector256<int> a, Vector256<int> b) => Vector256.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Max(Vector256<int> a, Vector256<int> b) => Vector256.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(ref byte source) =>
        Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref source)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector256<int> value, ref byte destination)
    {
        if (Avx512F.VL.IsSupported)
        {
            Unsafe.WriteUnaligned(ref destination, Avx512F.VL.ConvertToVector128Byte(value).AsUInt64().ToScalar());
            return;
        }
        var lowest = Avx2.Shuffle(value.AsByte(), Vector256.Create((byte)0, 4, 8, 12, 0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 12, 0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0)).AsInt32();
        Unsafe.WriteUnaligned(ref destination, Sse2.UnpackLow(lowest.GetLower(), lowest.GetUpper()).AsUInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> levels, Vector256<int> weights, Vector256<int> sum) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(levels.AsByte(), weights.AsSByte()), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToSingle(Vector256<int> value) => Vector256.ConvertToSingle(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSingles(Vector256<int> a, Vector256<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Fma(Vector256<int> value, Vector256<int> factor, Vector256<int> offset) => Vector256.FusedMultiplyAdd(value.AsSingle(), factor.AsSingle(), offset.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToLevel(Vector256<int> value, Vector256<int> factor, Vector256<int> offset)
    {
        var exact = Fma(value, factor, offset).AsSingle();
        var least = Vector256.ConditionalSelect(Vector256.GreaterThan(exact, Vector256<float>.Zero), exact, Vector256<float>.Zero);
        var held = Vector256.MinNative(least, Vector256.Create(LevelLanes.Highest));
        return (held + Vector256.Create(LevelLanes.Rounding)).AsInt32() - Vector256.Create(LevelLanes.RoundingBits);
    }
}

/// <summary>256 bits with AVX-VNNI: four products and their sum in one instruction.</summary>
internal readonly struct LevelLanesVnni : ILevelLanes<Vector256<int>>
{
    public static int Count => 8;

    public static Vector256<int> Zero => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(ref int source) => LevelLanes256.Load(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, ref int destination) => LevelLanes256.Store(value, ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => LevelLanes256.Broadcast(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => LevelLanes256.Add(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Min(Vector256<int> a, Vector256<int> b) => LevelLanes256.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Max(Vector256<int> a, Vector256<int> b) => LevelLanes256.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => LevelLanes256.Or(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> value, int bits) => LevelLanes256.ShiftLeft(value, bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Widen(ref byte source) => LevelLanes256.Widen(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector256<int> value, ref byte destination) => LevelLanes256.StoreLowest(value, ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> levels, Vector256<int> weights, Vector256<int> sum) =>
        AvxVnni.MultiplyWideningAndAdd(sum, levels.AsByte(), weights.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToSingle(Vector256<int> value) => LevelLanes256.ToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSingles(Vector256<int> a, Vector256<int> b) => LevelLanes256.AddSingles(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Fma(Vector256<int> value, Vector256<int> factor, Vector256<int> offset) => LevelLanes256.Fma(value, factor, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToLevel(Vector256<int> value, Vector256<int> factor, Vector256<int> offset) => LevelLanes256.ToLevel(value, factor, offset);
}

internal readonly struct LevelLanes128 : ILevelLanes<Vector128<int>>
{
    public static int Count => 4;

    public static Vector128<int> Zero => Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(ref int source) => Vector128.LoadUnsafe(ref source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<int> value, ref int destination) => value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Min(Vector128<int> a, Vector128<int> b) => Vector128.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Max(Vector128<int> a, Vector128<int> b) => Vector128.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Or(Vector128<int> a, Vector128<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftLeft(Vector128<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Widen(ref byte source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(ref source)).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(Vector128<int> value, ref byte destination) => Unsafe.WriteUnaligned(
        ref destination, Vector128.Shuffle(value.AsByte(), Vector128.Create((byte)0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12)).AsInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> levels, Vector128<int> weights, Vector128<int> sum)
    {
        if (Ssse3.IsSupported)
            return sum + Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(levels.AsByte(), weights.AsSByte()), Vector128<short>.One);
        // By operations of every instruction set: the bytes of even and of odd places as int16, and of their sums again the even and the odd ones. NEON has
        // shorter ways, which nothing here could run and so prove (docs/decisions/0011).
        Vector128<short> x = levels.AsInt16(), w = weights.AsInt16();
        var pairs = (((x & Vector128.Create((short)0xFF)) * ((w << 8) >> 8)) + ((x >> 8) * (w >> 8))).AsInt32();
        return sum + ((pairs << 16) >> 16) + (pairs >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ToSingle(Vector128<int> value) => Vector128.ConvertToSingle(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddSingles(Vector128<int> a, Vector128<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fma(Vector128<int> value, Vector128<int> factor, Vector128<int> offset) => Vector128.FusedMultiplyAdd(value.AsSingle(), factor.AsSingle(), offset.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ToLevel(Vector128<int> value, Vector128<int> factor, Vector128<int> offset)
    {
        var exact = Fma(value, factor, offset).AsSingle();
        var least = Vector128.ConditionalSelect(Vector128.GreaterThan(exact, Vector128<float>.Zero), exact, Vector128<float>.Zero);
        var held = Vector128.MinNative(least, Vector128.Create(LevelLanes.Highest));
        return (held + Vector128.Create(LevelLanes.Rounding)).AsInt32() - Vector128.Create(LevelLanes.RoundingBits);
    }
}

/// <summary>The scalar twin: one lane.</summary>
internal readonly struct LevelLanes1 : ILevelLanes<int>
{
    public static int Count => 1;

    public static int Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Load(ref int source) => source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int value, ref int destination) => destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Broadcast(int value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int a, int b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Min(int a, int b) => Math.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Max(int a, int b) => Math.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Or(int a, int b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftLeft(int value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Widen(ref byte source) => source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLowest(int value, ref byte destination) => destination = (byte)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAdd(int levels, int weights, int sum) => sum
        + (byte)levels * (sbyte)weights
        + (byte)(levels >> 8) * (sbyte)(weights >> 8)
        + (byte)(levels >> 16) * (sbyte)(weights >> 16)
        + (byte)(levels >> 24) * (sbyte)(weights >> 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToSingle(int value) => BitConverter.SingleToInt32Bits((float)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AddSingles(int a, int b) => BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(a) + BitConverter.Int32BitsToSingle(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Fma(int value, int factor, int offset) => BitConverter.SingleToInt32Bits(
        MathF.FusedMultiplyAdd(BitConverter.Int32BitsToSingle(value), BitConverter.Int32BitsToSingle(factor), BitConverter.Int32BitsToSingle(offset)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToLevel(int value, int factor, int offset)
    {
        var exact = BitConverter.Int32BitsToSingle(Fma(value, factor, offset));
        var least = exact > 0f ? exact : 0f;
        var held = least < LevelLanes.Highest ? least : LevelLanes.Highest;
        return BitConverter.SingleToInt32Bits(held + LevelLanes.Rounding) - LevelLanes.RoundingBits;
    }
}
