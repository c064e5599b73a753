using System.Reflection;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Node.Recording;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node.Tests;

public sealed class RecordingTests
{
    private static readonly RecordedNode Sample = new()
    {
        Options = Synthetic.Options() with { InitialParameters = new float[] { 1, -0f, 3.5f } },
        Model = new byte[] { 1, 2, 3 },
        Channels = 3,
        Windows = new WindowOptions { Length = 21, Step = 7, PeriodMs = 12.3, Label = WindowLabel.LastRow },
        Data = new LocalDataOptions { TrainingWindows = 11, HeldOutWindows = 12, BlockWindows = 13, HeldOutPerBlock = 5, Rotation = 0.25f, Replay = ReplayPolicy.Balanced },
        Checkpoint = new byte[] { 4, 5 },
        Quantized = new byte[] { 6 },
    };

    public static TheoryData<string> Kinds => [.. Inputs().Select((input, i) => $"{i} {input.GetType().Name}")];

    [Fact]
    public void Node_RoundTrip_GivesTheSame()
    {
        Assert.Equal(RecordingError.None, RecordedNode.Read(Sample.ToArray(), out RecordedNode? read));
        Assert.Equal(Sample.ToArray(), read!.ToArray());
        Assert.Equal(Sample.Options with { InitialParameters = default }, read.Options with { InitialParameters = default });
        Assert.Equal(Sample.Options.InitialParameters.ToArray(), read.Options.InitialParameters.ToArray());
        Assert.Equal((Sample.Windows, Sample.Data, Sample.Channels), (read.Windows, read.Data, read.Channels));
        Assert.Equal(Sample.Model.ToArray(), read.Model.ToArray());
        Assert.Equal(Sample.Checkpoint.ToArray(), read.Checkpoint.ToArray());
        Assert.Equal(Sample.Quantized.ToArray(), read.Quantized.ToArray());
    }

    [Theory]
    [MemberData(nameof(OptionNames))]
    public void Node_EachOption_IsRecorded(string name)
    {
        PropertyInfo member = typeof(NodeOptions).GetProperty(name)!;
        NodeOptions changed = Sample.Options with { };
        member.SetValue(changed, Other(member.GetValue(changed)!));
        Assert.Equal(RecordingError.None, RecordedNode.Read((Sample with { Options = changed }).ToArray(), out RecordedNode? read));
        if (name == nameof(NodeOptions.InitialParameters))
            Assert.Equal(changed.InitialParameters.ToArray(), read!.Options.InitialParameters.ToArray());
        else
            Assert.Equal(member.GetValue(changed), member.GetValue(read!.Options));
        Assert.NotEqual(Sample.ToArray(), read.ToArray());
    }

    public static TheoryData<string> OptionNames => [.. typeof(NodeOptions).GetProperties().Where(p => p.CanWrite).Select(p => p.Name)];

    [Fact]
    public void Node_OfAnotherVersion_IsRefusedWhateverFollows()
    {
        byte[] bytes = Sample.ToArray();
        bytes[1] = 2;
        Assert.Equal(RecordingError.UnknownVersion, RecordedNode.Read(bytes, out RecordedNode? read));
        Assert.Null(read);
        Assert.Equal(RecordingError.UnknownVersion, RecordedNode.Read([0x82, 0x05, 0xF6], out _));
    }

    [Fact]
    public void Node_EveryTruncationAndAnExtraByte_IsMalformed()
    {
        byte[] bytes = Sample.ToArray();
        for (int length = 0; length < bytes.Length; length++)
            Assert.Equal(RecordingError.Malformed, RecordedNode.Read(bytes.AsSpan(0, length), out _));
        Assert.Equal(RecordingError.Malformed, RecordedNode.Read([.. bytes, 0], out _));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Input_RoundTrip_GivesTheSame(string kind)
    {
        NodeInput input = Inputs()[int.Parse(kind.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)];
        byte[] record = Record(input, 1000, 1234);
        long nowMs = 1000;
        Assert.Equal(RecordingError.None, RecordedInput.Read(record, 3, ref nowMs, out NodeInput? read, out RecordingEnd? end));
        Assert.Null(end);
        Assert.Equal(1234, nowMs);
        Assert.IsType(input.GetType(), read);
        Assert.Equal(record, Record(read, 1000, 1234));
        switch (read)
        {
            case NodeInput.SamplesRead samples:
                Same(((NodeInput.SamplesRead)input).Batch, samples.Batch);
                break;
            case NodeInput.UpdateArrived update:
                Assert.Equal(((NodeInput.UpdateArrived)input).From, update.From);
                Assert.Equal(((NodeInput.UpdateArrived)input).Payload.ToArray(), update.Payload.ToArray());
                break;
            case NodeInput.ChunkArrived chunk:
                Assert.Equal(((NodeInput.ChunkArrived)input) with { Data = default }, chunk with { Data = default });
                Assert.Equal(((NodeInput.ChunkArrived)input).Data.ToArray(), chunk.Data.ToArray());
                break;
            default:
                Assert.Equal(input, read);
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Input_EveryTruncationAndAnExtraByte_IsMalformedAndMovesNoClock(string kind)
    {
        byte[] record = Record(Inputs()[int.Parse(kind.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)], 0, 7);
        long nowMs = 5;
        for (int length = 0; length < record.Length; length++)
        {
            Assert.Equal(RecordingError.Malformed, RecordedInput.Read(record.AsSpan(0, length), 3, ref nowMs, out NodeInput? read, out _));
            Assert.Null(read);
        }

        Assert.Equal(RecordingError.Malformed, RecordedInput.Read([.. record, 0], 3, ref nowMs, out _, out _));
        Assert.Equal(5, nowMs);
    }

    [Fact]
    public void Input_OfOtherChannelsOrBeyondTime_IsMalformed()
    {
        long nowMs = 0;
        byte[] rows = Record(new NodeInput.SamplesRead(Rows(4, withTargets: true)), 0, 1);
        Assert.Equal(RecordingError.Malformed, RecordedInput.Read(rows, 4, ref nowMs, out _, out _));
        nowMs = 1L << 53;
        Assert.Equal(RecordingError.Malformed, RecordedInput.Read(rows, 3, ref nowMs, out _, out _));
    }

    [Fact]
    public void End_IsThatOfTheNode()
    {
        NodeCore node = Synthetic.Node(Synthetic.Options());
        var recorder = new InputRecorder(1000);
        byte[] record = recorder.End(node)[RecordingFormat.PrefixBytes..].ToArray();
        Assert.InRange(recorder.Length, 1, RecordingEnd.BytesMax);
        long nowMs = 0;
        Assert.Equal(RecordingError.None, RecordedInput.Read(record, 3, ref nowMs, out NodeInput? input, out RecordingEnd? end));
        Assert.Null(input);
        Assert.Equal(RecordingEnd.Of(node), end);
        Assert.NotEqual(end, RecordingEnd.Of(Synthetic.Node(Synthetic.Options() with { InitialParameters = new float[Synthetic.Model.ParameterCount] })));
        for (int length = 0; length < record.Length; length++)
            Assert.Equal(RecordingError.Malformed, RecordedInput.Read(record.AsSpan(0, length), 3, ref nowMs, out _, out _));
    }

    [Fact]
    public void Recorder_WithoutRoom_SaysSo_AndHasRoomForTheEnd()
    {
        const int bytesMax = 2000;
        var recorder = new InputRecorder(bytesMax);
        recorder.Begin(Sample);
        int taken = 0;
        while (recorder.TryTake(new NodeInput.Tick(), taken, out ReadOnlySpan<byte> bytes))
        {
            Assert.InRange(bytes.Length, RecordingFormat.PrefixBytes + 3, 20);
            taken++;
        }

        Assert.InRange(taken, 50, 300);
        recorder.End(Synthetic.Node(Synthetic.Options()));
        Assert.InRange(recorder.Length, bytesMax - RecordingEnd.BytesMax - 20, bytesMax);
        Assert.Throws<ArgumentException>(() => new InputRecorder(100).Begin(Sample));
        Assert.Throws<ArgumentOutOfRangeException>(() => recorder.TryTake(new NodeInput.Tick(), 1, out _));
    }

    [Fact]
    public void Read_AnyBytes_NeverThrows()
    {
        var random = new Philox(20_260, 7);
        byte[][] whole = [Sample.ToArray(), .. Inputs().Select(input => Record(input, 0, 3))];
        for (int seed = 0; seed < 20_000; seed++)
        {
            byte[] bytes = [.. whole[random.NextInt32(whole.Length)]];
            for (int flips = 1 + random.NextInt32(4); flips > 0; flips--)
                bytes[random.NextInt32(bytes.Length)] = (byte)random.NextInt32(256);
            long nowMs = 0;
            Exception? thrown = Xunit.Record.Exception(() =>
            {
                RecordedInput.Read(bytes, 3, ref nowMs, out _, out _);
                RecordedNode.Read(bytes, out _);
            });
            Assert.True(thrown is null, $"Case {seed}: {thrown} for {Convert.ToHexString(bytes)}");
        }
    }

    [Fact]
    public void Checksum_IsTheStandardOne() => Assert.Equal(0xE3069283u, RecordingFormat.Checksum("123456789"u8));

    private static byte[] Record(NodeInput input, long beforeMs, long nowMs)
    {
        var recorder = new InputRecorder(1 << 20);
        recorder.TryTake(new NodeInput.Tick(), beforeMs, out _);
        Assert.True(recorder.TryTake(input, nowMs, out ReadOnlySpan<byte> bytes));
        return bytes[RecordingFormat.PrefixBytes..].ToArray();
    }

    private static List<NodeInput> Inputs() =>
    [
        new NodeInput.Tick(),
        new NodeInput.SamplesRead(Rows(5, withTargets: true)),
        new NodeInput.SamplesRead(Rows(5, withTargets: false)),
        new NodeInput.SamplesRead(new SampleBatch(3, 4)),
        new NodeInput.SensorEnded(),
        new NodeInput.UpdateArrived(Synthetic.Id(1), new byte[] { 1, 2, 3 }),
        new NodeInput.UpdateArrived(Synthetic.Id(1), default),
        new NodeInput.ChunkArrived(Synthetic.Id(2), ulong.MaxValue, 17, new byte[] { 9, 8 }),
        new NodeInput.FrameRefused(Synthetic.Id(3), RejectionReason.BadSignature),
        new NodeInput.FrameRefused(null, RejectionReason.BadEnvelope),
        new NodeInput.PeerSeen(Synthetic.Id(4)),
        new NodeInput.PeerGone(Synthetic.Id(5)),
        new NodeInput.LinkUp(Synthetic.Id(6)),
        new NodeInput.LinkDown(Synthetic.Id(7)),
        new NodeInput.Shutdown(),
    ];

    /// <summary>Rows with all that is odd: no label, no target, no number, a clock that leaps.</summary>
    private static SampleBatch Rows(int count, bool withTargets)
    {
        var batch = new SampleBatch(3, count);
        for (int row = 0; row < count; row++)
        {
            long time = row switch { 0 => long.MaxValue, 1 => long.MinValue, _ => 20L * row };
            Assert.True(batch.TryAdd(
                time, row - 1, row % 2 == 0 ? SampleBatch.NoLabel : row, [row == 2 ? float.NaN : row, -0f, row == 3 ? float.NegativeInfinity : 1e-40f],
                withTargets && row != 1 ? row / 3f : SampleBatch.NoTarget));
        }

        return batch;
    }

    private static void Same(SampleBatch expected, SampleBatch actual)
    {
        Assert.Equal((expected.Channels, expected.Count), (actual.Channels, actual.Count));
        for (int row = 0; row < expected.Count; row++)
        {
            Assert.Equal((expected.TimeMs(row), expected.Segment(row), expected.Label(row)), (actual.TimeMs(row), actual.Segment(row), actual.Label(row)));
            Assert.Equal(Bits([.. expected.Values(row), expected.Target(row)]), Bits([.. actual.Values(row), actual.Target(row)]));
        }
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    /// <summary>Another value than this one, which a node would take.</summary>
    private static object Other(object value) => value switch
    {
        FleetId => FleetId.Parse("another"),
        NodeId => NodeId.Parse("another"),
        int number => number + 3,
        uint number => number + 3,
        long number => number + 30_000,
        ulong number => ulong.MaxValue - number,
        float number => (number + 1) / 4,
        bool flag => !flag,
        ReadOnlyMemory<float> => new ReadOnlyMemory<float>([0.5f]),
        PartnerChoice => PartnerChoice.Circle,
        UpdateCodec => UpdateCodec.Eden1,
        AggregationRule => AggregationRule.Mean,
        _ => throw new ArgumentException($"What else could a {value.GetType().Name} be?", nameof(value)),
    };
}
