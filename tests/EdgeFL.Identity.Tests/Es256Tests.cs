using System.Security.Cryptography;

namespace EdgeFL.Identity.Tests;

public class Es256Tests
{
    [Fact]
    public void Signature_OfOwnKey_VerifiesThroughItsPublicKey()
    {
        using ECDsa key = Es256.CreateKey();
        using ECDsa publicKey = Es256.ImportPublicKey(key.ExportSubjectPublicKeyInfo());
        byte[] signature = Es256.Sign(key, "weights"u8);
        Assert.Equal(64, signature.Length);
        Assert.True(Es256.Verify(publicKey, "weights"u8, signature));
        Assert.ThrowsAny<CryptographicException>(() => Es256.Sign(publicKey, "weights"u8));
    }

    [Fact]
    public void Signature_AnyBitFlipped_IsRefused()
    {
        using ECDsa key = Es256.CreateKey();
        byte[] data = "weights"u8.ToArray();
        byte[] signature = Es256.Sign(key, data);
        for (int bit = 0; bit < signature.Length * 8; bit++)
        {
            signature[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(Es256.Verify(key, data, signature), $"bit {bit}");
            signature[bit / 8] ^= (byte)(1 << bit % 8);
        }
        data[0] ^= 1;
        Assert.False(Es256.Verify(key, data, signature));
    }

    [Fact]
    public void Signature_OtherLengthOrKey_IsRefused()
    {
        using ECDsa key = Es256.CreateKey();
        using ECDsa other = Es256.CreateKey();
        byte[] signature = Es256.Sign(key, "x"u8);
        for (int length = 0; length < 64; length++)
            Assert.False(Es256.Verify(key, "x"u8, signature.AsSpan(0, length)));
        Assert.False(Es256.Verify(key, "x"u8, [.. signature, 0]));
        Assert.False(Es256.Verify(key, "x"u8, new byte[64]));
        Assert.False(Es256.Verify(other, "x"u8, signature));
        Assert.False(Es256.Verify(key, "x"u8, key.SignData("x"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
    }

    [Fact]
    public void Key_OfOtherSize_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<ArgumentException>(() => Es256.Sign(key, "x"u8));
        Assert.False(Es256.Verify(key, "x"u8, new byte[64]));
    }
}
