using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EdgeFL.Identity;
using EdgeFL.Learning;
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
    /// <exception cref="ArgumentException">A name means nothing.</exception>
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
            LearningRateFloor = training.LearningRateFloor ?? defaults.LearningRateFloor,
            MomentumRenewal = training.MomentumRenewal ?? defaults.MomentumRenewal,
            TailAverage = training.TailAverage ?? defaults.TailAverage,
            SettleRounds = training.SettleRounds ?? defaults.SettleRounds,
            ClassBalance = training.ClassBalance ?? defaults.ClassBalance,
            PersonalLayers = training.PersonalLayers ?? defaults.PersonalLayers,
            FanOut = training.FanOut ?? defaults.FanOut,
            Partners = Named(nameof(training.Partners), training.Partners, defaults.Partners),
            Codec = Named(nameof(training.Codec), training.Codec, defaults.Codec),
            ReuseRounds = training.ReuseRounds ?? defaults.ReuseRounds,
            PushThreshold = training.PushThreshold ?? defaults.PushThreshold,
            BytesPerHourMax = training.BytesPerHourMax ?? defaults.BytesPerHourMax,
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

    /// <summary>Which windows give way to new ones.</summary>
    /// <param name="training">What the configuration says.</param>
    /// <exception cref="ArgumentException">The name means nothing.</exception>
    public static ReplayPolicy ReplayOf(TrainingConfig training)
    {
        ArgumentNullException.ThrowIfNull(training);
        return Named(nameof(training.Replay), training.Replay, ReplayPolicy.Oldest);
    }

    private static readonly System.Buffers.SearchValues<char> NameLetters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>A value by its name in small letters, words joined by hyphens.</summary>
    private static T Named<T>(string member, string? name, T otherwise)
        where T : struct, Enum
    {
        if (name is null)
            return otherwise;
        // No value by its number, nor a list of names: these would be other names for it.
        if (name.Length > 0 && char.IsAsciiLetterLower(name[0]) && !name.AsSpan().ContainsAnyExcept(NameLetters) && Enum.TryParse(name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out T value))
            return value;
        throw new ArgumentException($"{member} is '{name}', but must be one of {string.Join(", ", Enum.GetNames<T>())} in small letters.", member);
    }
}
