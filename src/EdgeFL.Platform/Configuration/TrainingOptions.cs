using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EdgeFL.Identity;
using EdgeFL.Node;

namespace EdgeFL.Platform.Configuration;

/// <summary>What a configuration says of training, as a node takes it: the agent and the rules read it the same way.</summary>
public static class TrainingOptions
{
    /// <summary>Fills what is left out with the node's defaults. Ranges are not checked.</summary>
    /// <param name="training">What the configuration says.</param>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node; the seed comes from it when none is given.</param>
    /// <param name="boot">Number of this start.</param>
    public static NodeOptions Of(TrainingConfig training, FleetId fleet, NodeId node, uint boot)
    {
        ArgumentNullException.ThrowIfNull(training);
        var defaults = new NodeOptions { Fleet = fleet, Node = node, BootEpoch = boot };
        return defaults with
        {
            Seed = training.Seed ?? BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(node.Value))),
            Rounds = training.Rounds,
            StepsPerRound = training.StepsPerRound ?? defaults.StepsPerRound,
            Batch = training.Batch ?? defaults.Batch,
            LearningRate = training.LearningRate ?? defaults.LearningRate,
            Momentum = training.Momentum ?? defaults.Momentum,
            FanOut = training.FanOut ?? defaults.FanOut,
            ActiveViewSize = training.ActiveViewSize ?? defaults.ActiveViewSize,
            MinimumWindows = training.MinimumWindows ?? Math.Min(defaults.MinimumWindows, training.WindowsMax), // more than are kept never come together
            StartDelayMs = training.StartDelayMs ?? defaults.StartDelayMs,
            CheckpointIntervalMs = training.CheckpointIntervalMs ?? defaults.CheckpointIntervalMs,
            CheckpointRounds = training.CheckpointRounds,
            InferenceIntervalMs = training.InferenceIntervalMs ?? defaults.InferenceIntervalMs,
            Int8Inference = training.Int8Inference,
            ReportIntervalMs = training.ReportIntervalMs ?? defaults.ReportIntervalMs,
            IdlePushMs = training.IdlePushMs ?? defaults.IdlePushMs,
        };
    }
}
