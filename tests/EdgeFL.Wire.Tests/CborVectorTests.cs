namespace EdgeFL.Wire.Tests;

/// <summary>The examples of RFC 8949 appendix A: those that frames may hold are read and written alike, the others are refused for the right reason.</summary>
public class CborVectorTests
{
    [Theory]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("0a")]
    [InlineData("17")]
    [InlineData("1818")]
    [InlineData("1819")]
    [InlineData("1864")]
    [InlineData("1903e8")]
    [InlineData("1a000f4240")]
    [InlineData("1b000000e8d4a51000")]
    [InlineData("1bffffffffffffffff")]
    [InlineData("20")]
    [InlineData("29")]
    [InlineData("3863")]
    [InlineData("3903e7")]
    [InlineData("fa47c35000")]
    [InlineData("fa7f7fffff")]
    [InlineData("f4")]
    [InlineData("f5")]
    [InlineData("f6")]
    [InlineData("c074323031332d30332d32315432303a30343a30305a")]
    [InlineData("c11a514b67b0")]
    [InlineData("d74401020304")]
    [InlineData("d818456449455446")]
    [InlineData("d82076687474703a2f2f7777772e6578616d706c652e636f6d")]
    [InlineData("c249010000000000000000")]
    [InlineData("40")]
    [InlineData("4401020304")]
    [InlineData("60")]
    [InlineData("6161")]
    [InlineData("6449455446")]
    [InlineData("62225c")]
    [InlineData("62c3bc")]
    [InlineData("63e6b0b4")]
    [InlineData("64f0908591")]
    [InlineData("80")]
    [InlineData("83010203")]
    [InlineData("8301820203820405")]
    [InlineData("98190102030405060708090a0b0c0d0e0f101112131415161718181819")]
    [InlineData("a0")]
    [InlineData("a201020304")]
    [InlineData("a26161016162820203")]
    [InlineData("826161a161626163")]
    [InlineData("a56161614161626142616361436164614461656145")]
    public void Example_ThatFramesMayHold_ComesOutAsItWentIn(string hex)
    {
        byte[] source = Convert.FromHexString(hex);
        Assert.Equal(CborError.None, CborTranscoder.TryTranscode(source, out byte[] result));
        Assert.Equal(source, result);
        var reader = new CborReader(source);
        Assert.True(reader.TrySkip() && reader.TryFinish());
        for (int length = 0; length < source.Length; length++)
            Assert.Equal(CborError.Truncated, CborTranscoder.TryTranscode(source.AsSpan(0, length), out _));
        Assert.Equal(CborError.TrailingBytes, CborTranscoder.TryTranscode([.. source, 0], out _));
    }

    [Theory]
    [InlineData("3bffffffffffffffff", CborError.OutOfRange)] // below the smallest long
    [InlineData("f90000", CborError.WrongType)] // half
    [InlineData("f93c00", CborError.WrongType)]
    [InlineData("f97e00", CborError.WrongType)]
    [InlineData("fb3ff199999999999a", CborError.WrongType)] // double
    [InlineData("fb7ff0000000000000", CborError.WrongType)]
    [InlineData("fa7f800000", CborError.NotFinite)]
    [InlineData("fa7fc00000", CborError.NotFinite)]
    [InlineData("faff800000", CborError.NotFinite)]
    [InlineData("f7", CborError.Reserved)] // undefined
    [InlineData("f0", CborError.Reserved)]
    [InlineData("f818", CborError.Reserved)]
    [InlineData("f8ff", CborError.Reserved)]
    [InlineData("5f42010243030405ff", CborError.Indefinite)]
    [InlineData("7f657374726561646d696e67ff", CborError.Indefinite)]
    [InlineData("9fff", CborError.Indefinite)]
    [InlineData("9f018202039f0405ffff", CborError.Indefinite)]
    [InlineData("83018202039f0405ff", CborError.Indefinite)]
    [InlineData("bf61610161629f0203ffff", CborError.Indefinite)]
    [InlineData("826161bf61626163ff", CborError.Indefinite)]
    [InlineData("ff", CborError.Indefinite)]
    // RFC 8949 section 4.2.1: what deterministic encoding forbids.
    [InlineData("1800", CborError.NotShortest)]
    [InlineData("1817", CborError.NotShortest)]
    [InlineData("190000", CborError.NotShortest)]
    [InlineData("1900ff", CborError.NotShortest)]
    [InlineData("1a0000ffff", CborError.NotShortest)]
    [InlineData("1b00000000ffffffff", CborError.NotShortest)]
    [InlineData("3817", CborError.NotShortest)]
    [InlineData("5800", CborError.NotShortest)]
    [InlineData("7900016b", CborError.NotShortest)]
    [InlineData("9800", CborError.NotShortest)]
    [InlineData("b800", CborError.NotShortest)]
    [InlineData("d80100", CborError.NotShortest)]
    [InlineData("a202010103", CborError.KeyOrder)]
    [InlineData("a2616201616102", CborError.KeyOrder)]
    [InlineData("a22001000100", CborError.KeyOrder)]
    [InlineData("a201020103", CborError.DuplicateKey)]
    [InlineData("a2616101616102", CborError.DuplicateKey)]
    [InlineData("1c", CborError.Reserved)]
    [InlineData("5d", CborError.Reserved)]
    [InlineData("fe", CborError.Reserved)]
    [InlineData("61ff", CborError.BadText)]
    [InlineData("62c328", CborError.BadText)]
    [InlineData("63eda080", CborError.BadText)] // a lone surrogate
    [InlineData("a1800100", CborError.WrongType)] // an array as a key
    [InlineData("a1a00100", CborError.WrongType)]
    [InlineData("a1c10000", CborError.WrongType)]
    [InlineData("818181818181818100", CborError.None)]
    [InlineData("81818181818181818100", CborError.TooDeep)]
    [InlineData("c1c1c1c1c1c1c1c1c100", CborError.TooDeep)]
    [InlineData("9bffffffffffffffff", CborError.TooLong)]
    [InlineData("9a7fffffff", CborError.Truncated)]
    [InlineData("ba7fffffff", CborError.Truncated)]
    [InlineData("5a7fffffff00", CborError.Truncated)]
    [InlineData("5bffffffffffffffff00", CborError.TooLong)]
    [InlineData("", CborError.Truncated)]
    public void Example_ThatFramesMayNotHold_IsRefusedForItsReason(string hex, CborError expected)
    {
        byte[] source = Convert.FromHexString(hex);
        Assert.Equal(expected, CborTranscoder.TryTranscode(source, out _));
        var reader = new CborReader(source);
        // Skipping needs no range, so the one number a long cannot hold passes.
        Assert.Equal(expected is CborError.None or CborError.OutOfRange, reader.TrySkip());
    }
}
