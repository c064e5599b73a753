using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Wire;

namespace EdgeFL.Node;

/// <summary>Why a file holds no quantized model that can be used.</summary>
public enum QuantizedModelError
{
    /// <summary>It does.</summary>
    None,

    /// <summary>No such file, or one that was cut short or changed where its frame stands.</summary>
    Malformed,

    /// <summary>Of a version that this program does not read.</summary>
    UnknownVersion,

    /// <summary>Its checksum does not fit its content.</summary>
    Damaged,

    /// <summary>Of another model.</summary>
    WrongModel,
}

/// <summary>
/// The file of a quantized model: deterministic CBOR (docs/models.md), so that the same model is the same bytes, with the hash of the model it belongs to
/// and a checksum.
/// </summary>
public static class QuantizedModelFile
{
    /// <summary>Version of the encoding.</summary>
    public const uint Version = 2;

    private const int HashBytes = 32;

    // A model's 4,000,000 parameters a byte each, and what goes with 64 layers.
    private const int BodyMax = 1 << 26;

    /// <summary>The file's bytes.</summary>
    /// <param name="model">The model.</param>
    public static byte[] Write(QuantizedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        byte[] body = Body(model);
        var writer = new CborWriter(body.Length + 128);
        writer.StartMap(4);
        writer.WriteUnsigned(1);
        writer.WriteUnsigned(Version);
        writer.WriteUnsigned(2);
        writer.WriteBytes(model.Spec.Hash.Span);
        writer.WriteUnsigned(3);
        writer.WriteBytes(body);
        writer.WriteUnsigned(4);
        Span<byte> sum = stackalloc byte[HashBytes];
        Checksum(model.Spec.Hash.Span, body, sum);
        writer.WriteBytes(sum);
        writer.End();
        return writer.ToArray();
    }

    /// <summary>Reads a file.</summary>
    /// <param name="source">Bytes from a disk: they may be anything.</param>
    /// <param name="spec">The model that is wanted; resolved.</param>
    /// <param name="model">The model, or null.</param>
    /// <exception cref="NotSupportedException">A layer of <paramref name="spec"/> does not run on integers; the message names it.</exception>
    /// <exception cref="ArgumentException"><paramref name="spec"/> is not resolved.</exception>
    public static QuantizedModelError Read(ReadOnlySpan<byte> source, ModelSpec spec, out QuantizedModel? model)
    {
        ArgumentNullException.ThrowIfNull(spec);
        model = null;
        var reader = new CborReader(source);
        if (!reader.TryStartMap(4, out int pairs) || pairs != 4 || !reader.TryKey(1) || !reader.TryReadUnsigned(out ulong version))
            return QuantizedModelError.Malformed;
        if (version != Version)
            return QuantizedModelError.UnknownVersion;
        if (!reader.TryKey(2) || !reader.TryReadFixedBytes(HashBytes, out ReadOnlySpan<byte> hash)
            || !reader.TryKey(3) || !reader.TryReadBytes(BodyMax, out ReadOnlySpan<byte> body)
            || !reader.TryKey(4) || !reader.TryReadFixedBytes(HashBytes, out ReadOnlySpan<byte> sum)
            || !reader.TryEnd() || !reader.TryFinish())
            return QuantizedModelError.Malformed;
        Span<byte> own = stackalloc byte[HashBytes];
        Checksum(hash, body, own);
        if (!own.SequenceEqual(sum))
            return QuantizedModelError.Damaged;
        if (!hash.SequenceEqual(spec.Hash.Span))
            return QuantizedModelError.WrongModel;
        return TryBody(body, spec, out model) ? QuantizedModelError.None : QuantizedModelError.Malformed;
    }

    private static byte[] Body(QuantizedModel model)
    {
        var writer = new CborWriter(2 * model.Spec.ParameterCount + 256);
        writer.StartArray(1 + model.Layers.Count);
        writer.StartArray(2);
        writer.WriteFloats(model.Input.Factor.Span);
        writer.WriteFloats(model.Input.Reach.Span);
        writer.End();
        foreach (QuantizedLayer layer in model.Layers)
            Layer(layer);
        writer.End();
        return writer.ToArray();

        void Layer(QuantizedLayer layer)
        {
            writer.StartArray(3);
            writer.WriteBytes(MemoryMarshal.AsBytes(layer.Weights.Span));
            writer.WriteFloats(layer.Factor.Span);
            writer.WriteFloats(layer.Offset.Span);
            writer.End();
        }
    }

    private static bool TryBody(ReadOnlySpan<byte> body, ModelSpec spec, out QuantizedModel? model)
    {
        model = null;
        var reader = new CborReader(body);
        if (!reader.TryStartArray(1 + spec.Layers.Count, out int count) || count == 0 || !reader.TryStartArray(2, out int parts) || parts != 2
            || !reader.TryReadFloats(BodyMax, out float[] units) || !reader.TryReadFloats(BodyMax, out float[] reach) || !reader.TryEnd())
            return false;
        var layers = new QuantizedLayer[count - 1];
        for (int i = 0; i < layers.Length; i++)
        {
            if (!reader.TryStartArray(3, out parts) || parts != 3 || !reader.TryReadBytes(BodyMax, out ReadOnlySpan<byte> weights)
                || !reader.TryReadFloats(BodyMax, out float[] factor) || !reader.TryReadFloats(BodyMax, out float[] offset) || !reader.TryEnd())
                return false;
            layers[i] = new QuantizedLayer(MemoryMarshal.Cast<byte, sbyte>(weights).ToArray(), factor, offset);
        }

        return reader.TryEnd() && reader.TryFinish() && QuantizedModel.TryCreate(spec, new QuantizedInput(units, reach), layers, out model);
    }

    /// <summary>SHA-256 of version, model hash and body.</summary>
    private static void Checksum(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> body, Span<byte> sum)
    {
        Span<byte> version = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(version, Version);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(version);
        sha.AppendData(hash);
        sha.AppendData(body);
        sha.GetHashAndReset(sum);
    }
}
