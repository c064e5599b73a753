using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Wire;

namespace EdgeFL.Node.Recording;

/// <summary>The options that a node was made with, member by member. Whoever adds one to them adds it here, at both ends, and raises <see cref="RecordingFormat.Version"/>.</summary>
internal static class RecordedOptions
{
    private const int Members = 42;

    public static void Write(CborWriter writer, NodeOptions options)
    {
        writer.StartArray(Members);
        writer.WriteText(options.Fleet.Value);
        writer.WriteText(options.Node.Value);
        writer.WriteUnsigned(options.BootEpoch);
        writer.WriteUnsigned(options.Seed);
        writer.WriteFloats(options.InitialParameters.Span);
        Int(options.Rounds);
        Int(options.StepsPerRound);
        Int(options.Batch);
        writer.WriteSingle(options.LearningRate);
        writer.WriteSingle(options.LearningRateFloor);
        writer.WriteSingle(options.TailAverage);
        Int(options.SettleRounds);
        writer.WriteSingle(options.Momentum);
        writer.WriteSingle(options.MomentumRenewal);
        writer.WriteSingle(options.ClassBalance);
        Int(options.MinimumWindows);
        Int(options.StartDelayMs);
        Int(options.FanOut);
        Int((int)options.Partners);
        Int((int)options.Codec);
        writer.WriteSingle(options.PushThreshold);
        Int(options.QuietRoundsMax);
        writer.WriteUnsigned((ulong)options.BytesPerHourMax);
        Int(options.ActiveViewSize);
        Int(options.KnownPeersMax);
        Int(options.ViewShuffleRounds);
        Int(options.ReplicasMax);
        Int(options.MaxAgeRounds);
        Int(options.LeadRounds);
        Int(options.ReuseRounds);
        Int((int)options.Rule);
        Int(options.Byzantine);
        Int(options.FramesPerSecondMax);
        Int(options.CheckpointIntervalMs);
        Int(options.CheckpointRounds);
        Int(options.InferenceIntervalMs);
        Int(options.ReportIntervalMs);
        Int(options.IdlePushMs);
        Int(options.ChunkTimeoutMs);
        Int(options.PersonalLayers);
        writer.WriteBoolean(options.Int8Inference);
        writer.WriteBoolean(options.WatchDrift);
        writer.End();

        void Int(int value) => writer.WriteUnsigned((ulong)value);
    }

    // Members are read in the order of the initialiser, which is that of Write.
    public static NodeOptions Read(ref RecordReader fields)
    {
        fields.Start(Members);
        var options = new NodeOptions
        {
            Fleet = fields.Fleet(),
            Node = fields.Node(),
            BootEpoch = (uint)fields.Unsigned(uint.MaxValue),
            Seed = fields.Unsigned(),
            InitialParameters = fields.Floats(),
            Rounds = fields.Int(),
            StepsPerRound = fields.Int(),
            Batch = fields.Int(),
            LearningRate = fields.Single(),
            LearningRateFloor = fields.Single(),
            TailAverage = fields.Single(),
            SettleRounds = fields.Int(),
            Momentum = fields.Single(),
            MomentumRenewal = fields.Single(),
            ClassBalance = fields.Single(),
            MinimumWindows = fields.Int(),
            StartDelayMs = fields.Int(),
            FanOut = fields.Int(),
            Partners = (PartnerChoice)fields.Int(),
            Codec = (UpdateCodec)fields.Int(byte.MaxValue),
            PushThreshold = fields.Single(),
            QuietRoundsMax = fields.Int(),
            BytesPerHourMax = (long)fields.Unsigned(long.MaxValue),
            ActiveViewSize = fields.Int(),
            KnownPeersMax = fields.Int(),
            ViewShuffleRounds = fields.Int(),
            ReplicasMax = fields.Int(),
            MaxAgeRounds = fields.Int(),
            LeadRounds = fields.Int(),
            ReuseRounds = fields.Int(),
            Rule = (AggregationRule)fields.Int(),
            Byzantine = fields.Int(),
            FramesPerSecondMax = fields.Int(),
            CheckpointIntervalMs = fields.Int(),
            CheckpointRounds = fields.Int(),
            InferenceIntervalMs = fields.Int(),
            ReportIntervalMs = fields.Int(),
            IdlePushMs = fields.Int(),
            ChunkTimeoutMs = fields.Int(),
            PersonalLayers = fields.Int(),
            Int8Inference = fields.Boolean(),
            WatchDrift = fields.Boolean(),
        };
        fields.End();
        return options;
    }

    public static void Write(CborWriter writer, WindowOptions options)
    {
        writer.StartArray(4);
        writer.WriteUnsigned((ulong)options.Length);
        writer.WriteUnsigned((ulong)options.Step);
        writer.WriteUnsigned(BitConverter.DoubleToUInt64Bits(options.PeriodMs));
        writer.WriteUnsigned((ulong)options.Label);
        writer.End();
    }

    public static WindowOptions ReadWindows(ref RecordReader fields)
    {
        fields.Start(4);
        var options = new WindowOptions { Length = fields.Int(), Step = fields.Int(), PeriodMs = fields.Double(), Label = (WindowLabel)fields.Int((int)WindowLabel.LastRow) };
        fields.End();
        return options;
    }

    public static void Write(CborWriter writer, LocalDataOptions options)
    {
        writer.StartArray(6);
        writer.WriteUnsigned((ulong)options.TrainingWindows);
        writer.WriteUnsigned((ulong)options.HeldOutWindows);
        writer.WriteUnsigned((ulong)options.BlockWindows);
        writer.WriteUnsigned((ulong)options.HeldOutPerBlock);
        writer.WriteSingle(options.Rotation);
        writer.WriteUnsigned((ulong)options.Replay);
        writer.End();
    }

    public static LocalDataOptions ReadData(ref RecordReader fields)
    {
        fields.Start(6);
        var options = new LocalDataOptions
        {
            TrainingWindows = fields.Int(),
            HeldOutWindows = fields.Int(),
            BlockWindows = fields.Int(),
            HeldOutPerBlock = fields.Int(),
            Rotation = fields.Single(),
            Replay = (ReplayPolicy)fields.Int(),
        };
        fields.End();
        return options;
    }
}
