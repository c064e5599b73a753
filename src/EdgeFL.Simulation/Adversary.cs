using EdgeFL.Node;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Simulation;

/// <summary>What a node that is an enemy sends in the place of its updates. One instance a node; it draws from a stream of its own.</summary>
public abstract class Adversary
{
    /// <summary>What is changed in signatures; 0 (default) leaves them right: a member of the fleet signs what it likes.</summary>
    public virtual ulong SignatureFlaw => 0;

    /// <summary>What goes out instead.</summary>
    /// <param name="core">The node itself, which learns as an honest one.</param>
    /// <param name="send">What an honest node would send.</param>
    public abstract NodeEffect.SendUpdate Rewrite(NodeCore core, NodeEffect.SendUpdate send);

    /// <summary>A model in the frame of another: same sender, sequence and round, float32.</summary>
    /// <param name="send">Whose header, receivers and sequence it has.</param>
    /// <param name="model">Shape [P]; may hold any value.</param>
    protected static NodeEffect.SendUpdate Frame(NodeEffect.SendUpdate send, ReadOnlySpan<float> model)
    {
        ArgumentNullException.ThrowIfNull(send);
        if (UpdateFrame.Read(send.Payload, new UpdateLimits(), out UpdateFrame? frame) != FrameError.None)
            return send;
        byte[] data = System.Runtime.InteropServices.MemoryMarshal.AsBytes(model).ToArray();
        UpdateFrame forged = UpdateFrame.Create(frame!.Header with { Codec = UpdateCodec.Float32 }, data);
        var parts = new ReadOnlyMemory<byte>[forged.ChunkCount];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = Chunks.Of(data, i);
        return send with { Payload = forged.ToArray(), Chunks = parts };
    }
}

/// <summary>Sends its model times a factor: -1 for the sign flip.</summary>
/// <param name="factor">Any number; NaN makes frames of NaN.</param>
public sealed class ScalingAdversary(float factor) : Adversary
{
    /// <inheritdoc/>
    public override NodeEffect.SendUpdate Rewrite(NodeCore core, NodeEffect.SendUpdate send)
    {
        ArgumentNullException.ThrowIfNull(core);
        float[] model = core.Parameters.ToArray();
        foreach (ref float value in model.AsSpan())
            value *= factor;
        return Frame(send, model);
    }
}

/// <summary>Adds normal noise to its model.</summary>
/// <param name="deviation">Of the noise.</param>
/// <param name="seed">Of the noise.</param>
public sealed class NoiseAdversary(float deviation, ulong seed) : Adversary
{
    private Philox random = new(seed, 0x6e6f);

    /// <inheritdoc/>
    public override NodeEffect.SendUpdate Rewrite(NodeCore core, NodeEffect.SendUpdate send)
    {
        ArgumentNullException.ThrowIfNull(core);
        float[] model = core.Parameters.ToArray();
        foreach (ref float value in model.AsSpan())
            value += deviation * random.NextGaussian();
        return Frame(send, model);
    }
}

/// <summary>
/// A little is enough: its model is off by so many deviations of what its own model changes by from one update to the next, all in the direction that undoes them.
/// After Baruch, Baruch and Goldberg, NeurIPS 2019 (arXiv:1902.06156), who take the deviation over the honest nodes.
/// </summary>
/// <param name="deviations">z, usually 0.5 to 3.</param>
public sealed class LittleAdversary(float deviations) : Adversary
{
    private float[] last = [];
    private float[] square = [];

    /// <inheritdoc/>
    public override NodeEffect.SendUpdate Rewrite(NodeCore core, NodeEffect.SendUpdate send)
    {
        ArgumentNullException.ThrowIfNull(core);
        float[] model = core.Parameters.ToArray();
        if (last.Length == 0)
            (last, square) = ([.. model], new float[model.Length]);
        for (int i = 0; i < model.Length; i++)
        {
            float change = model[i] - last[i];
            square[i] += 0.1f * (change * change - square[i]);
            last[i] = model[i];
            model[i] -= MathF.CopySign(deviations * MathF.Sqrt(square[i]), change);
        }

        return Frame(send, model);
    }
}

/// <summary>Sends again and again what it sent first.</summary>
public sealed class ReplayAdversary : Adversary
{
    private NodeEffect.SendUpdate? first;

    /// <inheritdoc/>
    public override NodeEffect.SendUpdate Rewrite(NodeCore core, NodeEffect.SendUpdate send)
    {
        ArgumentNullException.ThrowIfNull(send);
        first ??= send;
        return first with { To = send.To };
    }
}

/// <summary>Sends random bytes, rightly signed or not.</summary>
/// <param name="signed">Whether the signature is right.</param>
/// <param name="seed">Of the bytes.</param>
public sealed class GarbageAdversary(bool signed, ulong seed) : Adversary
{
    private Philox random = new(seed, 0x6762);

    /// <inheritdoc/>
    public override ulong SignatureFlaw => signed ? 0UL : 1UL;

    /// <inheritdoc/>
    public override NodeEffect.SendUpdate Rewrite(NodeCore core, NodeEffect.SendUpdate send)
    {
        ArgumentNullException.ThrowIfNull(send);
        byte[] bytes = send.Payload.ToArray();
        // A part of the frame is kept, so that the garbage lies anywhere in it.
        for (int i = random.NextInt32(bytes.Length); i < bytes.Length; i++)
            bytes[i] = (byte)random.NextUInt32();
        return send with { Payload = bytes };
    }
}
