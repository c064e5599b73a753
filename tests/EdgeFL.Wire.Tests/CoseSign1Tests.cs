using System.Security.Cryptography;
using EdgeFL.Identity;
using Oracle = System.Formats.Cbor;

namespace EdgeFL.Wire.Tests;

public sealed class CoseSign1Tests : IDisposable
{
    private static readonly byte[] Context = Topics.UpdateContext(Samples.Farm, Samples.Pi1);

    private readonly ECDsa key = Es256.CreateKey();

    public void Dispose() => key.Dispose();

    public static TheoryData<int> PayloadLengths => [0, 1, 23, 24, 255, 256, 3389, 65_535, 65_536, 70_000];

    [Theory]
    [MemberData(nameof(PayloadLengths))]
    public void SigStructure_OfAnyLength_IsTheOracles(int length)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(length);
        foreach (byte[] aad in new[] { [], Context, new byte[300] })
        {
            var oracle = new Oracle.CborWriter(Oracle.CborConformanceMode.Ctap2Canonical);
            oracle.WriteStartArray(4);
            oracle.WriteTextString("Signature1");
            oracle.WriteByteString(ProtectedHeader());
            oracle.WriteByteString(aad);
            oracle.WriteByteString(payload);
            oracle.WriteEndArray();
            Assert.Equal(oracle.Encode(), CoseSign1.SigStructure(aad, payload));
        }
    }

    [Theory]
    [MemberData(nameof(PayloadLengths))]
    public void Envelope_OfAnyLength_IsTheOraclesAndRoundTrips(int length)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(length);
        var id = KeyId.Of(key.ExportSubjectPublicKeyInfo());
        byte[] signature = Es256.Sign(key, CoseSign1.SigStructure(Context, payload));
        byte[] envelope = CoseSign1.Encode(id, payload, signature);
        Assert.Equal(CoseSign1.EncodedLength(length), envelope.Length);
        Assert.InRange(envelope.Length - length, 0, CoseSign1.OverheadMax);

        var keyId = new byte[8];
        id.WriteTo(keyId);
        var oracle = new Oracle.CborWriter(Oracle.CborConformanceMode.Strict);
        oracle.WriteTag((Oracle.CborTag)18);
        oracle.WriteStartArray(4);
        oracle.WriteByteString(ProtectedHeader());
        oracle.WriteStartMap(1);
        oracle.WriteInt32(4);
        oracle.WriteByteString(keyId);
        oracle.WriteEndMap();
        oracle.WriteByteString(payload);
        oracle.WriteByteString(signature);
        oracle.WriteEndArray();
        Assert.Equal(oracle.Encode(), envelope);

        Assert.Equal(EnvelopeError.None, CoseSign1.ReadEnvelope(envelope, envelope.Length, out CoseEnvelope read));
        Assert.Equal(id, read.KeyId);
        Assert.True(read.Payload.Span.SequenceEqual(payload));
        Assert.True(Es256.Verify(key, CoseSign1.SigStructure(Context, read.Payload.Span), read.Signature.Span));
        Assert.Equal(EnvelopeError.TooLarge, CoseSign1.ReadEnvelope(envelope, envelope.Length - 1, out _));
    }

    [Fact]
    public void Envelope_OnAnotherTopic_DoesNotVerify()
    {
        byte[] signature = Es256.Sign(key, CoseSign1.SigStructure(Context, "model"u8));
        foreach (byte[] other in new[] { Topics.UpdateContext(Samples.Farm, Samples.Pi2), Topics.UpdateContext(FleetId.Parse("mill"), Samples.Pi1), [] })
            Assert.False(Es256.Verify(key, CoseSign1.SigStructure(other, "model"u8), signature));
    }

    [Fact]
    public void Envelope_Truncated_IsRefusedAtEveryLength()
    {
        byte[] envelope = Envelope(300);
        for (int length = 0; length < envelope.Length; length++)
        {
            Assert.Equal(EnvelopeError.Truncated, CoseSign1.ReadEnvelope(envelope.AsMemory(0, length), 1000, out CoseEnvelope read));
            Assert.True(read.Payload.IsEmpty && read.Signature.IsEmpty);
        }
        Assert.Equal(EnvelopeError.TrailingBytes, CoseSign1.ReadEnvelope((byte[])[.. envelope, 0], 1000, out _));
    }

    [Fact]
    public void Envelope_AnyByteChanged_IsRefusedOrDoesNotVerify()
    {
        byte[] envelope = Envelope(300);
        Assert.Equal(EnvelopeError.None, CoseSign1.ReadEnvelope(envelope, 1000, out CoseEnvelope original));
        for (int i = 0; i < envelope.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                envelope[i] ^= (byte)(1 << bit);
                EnvelopeError error = CoseSign1.ReadEnvelope(envelope, 1000, out CoseEnvelope read);
                bool isKeyId = i is >= 9 and < 17;
                if (error == EnvelopeError.None && isKeyId)
                    Assert.NotEqual(original.KeyId, read.KeyId);
                else if (error == EnvelopeError.None && bit == 0)
                    Assert.False(Es256.Verify(key, CoseSign1.SigStructure(Context, read.Payload.Span), read.Signature.Span), $"byte {i}");
                envelope[i] ^= (byte)(1 << bit);
            }
        }
    }

    [Fact]
    public void Envelope_Fuzzed_NeverThrowsNorAllocates()
    {
        const int seed = 9052;
        var random = new Random(seed);
        byte[] envelope = Envelope(300), mutant = new byte[envelope.Length];
        int accepted = 0;
        Assert.Equal(0, Allocation.Least(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                envelope.CopyTo(mutant, 0);
                for (int flips = random.Next(3); flips > 0; flips--)
                    mutant[random.Next(random.Next(2) == 0 ? 24 : mutant.Length)] = (byte)random.Next(256);
                int length = random.Next(3) == 0 ? random.Next(mutant.Length) : mutant.Length;
                if (CoseSign1.ReadEnvelope(mutant.AsMemory(0, length), 1000, out CoseEnvelope read) != EnvelopeError.None)
                    continue;
                accepted++;
                if (read.Signature.Length != 64 || read.Payload.Length > mutant.Length)
                    Assert.Fail($"seed {seed} mutant {Convert.ToHexString(mutant)} of {length} bytes");
            }
        }));
        Assert.InRange(accepted, 1000, 99_000);
    }

    [Fact]
    public void Encode_WithAShortSignature_IsAMistake() =>
        Assert.Throws<ArgumentException>(() => CoseSign1.Encode(new KeyId(1), [], new byte[63]));

    private static byte[] ProtectedHeader()
    {
        var oracle = new Oracle.CborWriter(Oracle.CborConformanceMode.Ctap2Canonical);
        oracle.WriteStartMap(1);
        oracle.WriteInt32(1);
        oracle.WriteInt32(-7);
        oracle.WriteEndMap();
        return oracle.Encode();
    }

    private byte[] Envelope(int length)
    {
        var payload = new byte[length];
        return CoseSign1.Encode(
            KeyId.Of(key.ExportSubjectPublicKeyInfo()), payload, Es256.Sign(key, CoseSign1.SigStructure(Context, payload)));
    }
}
