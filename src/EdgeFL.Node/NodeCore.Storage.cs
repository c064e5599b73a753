using EdgeFL.Identity;
using EdgeFL.Node.Peers;

namespace EdgeFL.Node;

// What survives a power cut.
public sealed partial class NodeCore
{
    /// <summary>Goes on from a checkpoint. Call before the first input.</summary>
    /// <param name="state">What <see cref="NodeEffect.Persist"/> gave.</param>
    /// <returns>Why not; the node is then as new.</returns>
    public CheckpointError Restore(ReadOnlySpan<byte> state)
    {
        CheckpointError error = Checkpoint.Read(state, out Checkpoint? checkpoint);
        if (error != CheckpointError.None)
            return error;
        if (checkpoint!.ModelHash != modelHash || checkpoint.Parameters.Length != parameters.Length)
            return CheckpointError.WrongModel;
        if (data.Normaliser is { } normaliser && !normaliser.TryImportState(checkpoint.Normaliser))
            return CheckpointError.Malformed;
        checkpoint.Parameters.CopyTo(parameters.Span);
        checkpoint.Momentum.CopyTo(optimiser.Momentum);
        checkpoint.Previous.CopyTo(optimiser.Previous);
        average.Restore(checkpoint.Average, checkpoint.AverageCount);
        round = checkpoint.Round;
        lastPersistRound = round;
        steps = checkpoint.Steps;
        loss = checkpoint.Loss;
        foreach ((NodeId from, HighWater mark) in checkpoint.Marks)
            replays.Set(from, mark);
        rejoins = !plan.IsOver(round);
        if (!rejoins)
            phase = NodePhase.Done;
        return CheckpointError.None;
    }

    private void Persist(long nowMs, Outbox outbox)
    {
        lastPersistMs = nowMs;
        lastPersistRound = round;
        float[] normaliser = [];
        if (data.Normaliser is { } running)
        {
            normaliser = new float[running.StateLength];
            running.ExportState(normaliser);
        }

        var checkpoint = new Checkpoint
        {
            ModelHash = modelHash,
            Round = round,
            Steps = steps,
            Loss = loss,
            Parameters = parameters.ToArray(),
            Momentum = optimiser.Momentum.ToArray(),
            Previous = optimiser.Previous.ToArray(),
            Normaliser = normaliser,
            AverageCount = average.Count,
            Average = average.Count > 0 ? average.Mean.ToArray() : [],
            Marks = replays.Marks.ToArray(),
        };
        outbox.Add(new NodeEffect.Persist(checkpoint.ToArray(), Quantize()));
    }
}
