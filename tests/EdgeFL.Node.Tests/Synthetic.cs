using System.Text;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node.Tests;

/// <summary>A small model and made-up streams: three classes that differ in frequency.</summary>
internal static class Synthetic
{
    public const int Channels = 3;

    public static readonly FleetId Fleet = FleetId.Parse("test");

    public static readonly WindowOptions Windowing = new() { Length = 20, Step = 10 };

    public static readonly LocalDataOptions Kept = new() { TrainingWindows = 512, HeldOutWindows = 128 };

    public static ModelSpec Model { get; } = Parse(
        """{"type":"conv1d","filters":5,"kernel":5},{"type":"relu"},{"type":"globalaverage"},{"type":"dense","outputs":3}""");

    /// <summary>More than 60 KiB at one byte a parameter.</summary>
    public static ModelSpec LargeModel { get; } = Parse(
        """{"type":"flatten"},{"type":"dense","outputs":1000},{"type":"relu"},{"type":"dense","outputs":3}""");

    /// <summary>Says the row number of a window's last row, in hundreds.</summary>
    public static ModelSpec NumberModel { get; } = ModelSpec.Parse(Encoding.UTF8.GetBytes(
        """{"name":"number","task":"regress","channels":3,"length":20,"target":{"name":"rows so far","unit":"rows","scale":0.01},"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":1}]}"""));

    /// <summary>A linear model of features, in two blocks a window.</summary>
    public static ModelSpec FeatureModel { get; } = ModelSpec.Parse(Encoding.UTF8.GetBytes(
        """{"name":"features","task":"classify","channels":3,"length":20,"classes":["a","b","c"],"normalise":"running","layers":[{"type":"features","bands":3,"block":10},{"type":"dense","outputs":3}]}"""));

    /// <summary>Finds the three classes without being told; with three clusters two of them might well share one.</summary>
    public static ModelSpec ClusterModel { get; } = ModelSpec.Parse(Encoding.UTF8.GetBytes(
        """{"name":"groups","task":"cluster","channels":3,"length":20,"normalise":"running","layers":[{"type":"features","bands":3,"block":10},{"type":"kmeans","clusters":6}]}"""));

    public static NodeId Id(int i) => NodeId.Parse($"node-{i:00}");

    public static NodeOptions Options(int node = 0, uint bootEpoch = 1, ulong seed = 1) => new()
    {
        Fleet = Fleet,
        Node = Id(node),
        BootEpoch = bootEpoch,
        Seed = (seed * 100) + (ulong)node,
    };

    public static NodeCore Node(NodeOptions options, ModelSpec? model = null) => new(options, model ?? Model, Windowing, Kept);

    /// <summary>Batches of 200 rows, each of one class; every device sees its own mixture and phase. From a batch on each class looks as another did before.</summary>
    public static List<SampleBatch> Stream(int device, int batches = 12, int classes = 3, int changesAt = int.MaxValue)
    {
        var random = new Philox((ulong)device, 31);
        var result = new List<SampleBatch>();
        Span<float> row = stackalloc float[Channels];
        for (int b = 0; b < batches; b++)
        {
            int label = (b + device) % classes, look = b < changesAt ? label : (label + 1) % classes;
            double phase = random.NextDouble();
            var batch = new SampleBatch(Channels, 200);
            for (int r = 0; r < 200; r++)
            {
                for (int c = 0; c < Channels; c++)
                {
                    double turns = phase + (r * (0.05 + (0.11 * look))) + (0.2 * c);
                    row[c] = (float)((4 * Math.Abs(turns - Math.Floor(turns) - 0.5)) - 1) + (0.3f * random.NextGaussian());
                }
                Assert.True(batch.TryAdd(r * 20L, b, label, row));
            }
            result.Add(batch);
        }
        return result;
    }

    /// <summary>Share of windows of unseen devices that the parameters put into the right class.</summary>
    public static double Accuracy(ReadOnlySpan<float> parameters, int changesAt = int.MaxValue)
    {
        var network = new Network(Model, 1);
        var logits = new float[3];
        int right = 0, all = 0;
        foreach (SampleWindow window in Enumerable.Range(500, 4).SelectMany(d => Windows(Stream(d, changesAt: changesAt))))
        {
            network.Predict(parameters, window.Values, 1, logits);
            right += Network.LargestOf(logits) == window.Label ? 1 : 0;
            all++;
        }
        return (double)right / all;
    }

    /// <summary>Share of windows of unseen devices that lie in a cluster in which most are of their class, with <see cref="ClusterModel"/>.</summary>
    public static double Purity(ReadOnlySpan<float> parameters)
    {
        var network = new Network(ClusterModel, 1);
        var data = new LocalData(ClusterModel, Kept, 1);
        float[] input = new float[ClusterModel.InputCount], distances = new float[ClusterModel.OutputCount];
        var counts = new int[ClusterModel.OutputCount, 3];
        List<SampleWindow> windows = [.. Enumerable.Range(500, 4).SelectMany(d => Windows(Stream(d)))];
        foreach (SampleWindow window in windows)
            data.Add(window);
        foreach (SampleWindow window in windows)
        {
            data.Prepare(window, input, []);
            network.Predict(parameters, input, 1, distances);
            counts[Network.LeastOf(distances), window.Label]++;
        }

        return Enumerable.Range(0, ClusterModel.OutputCount).Sum(k => Enumerable.Range(0, 3).Max(c => counts[k, c])) / (double)counts.Cast<int>().Sum();
    }

    public static byte[] Frame(
        NodeId from, float[] parameters, int round = 1, ulong sequence = 1, uint bootEpoch = 1, UpdateCodec codec = UpdateCodec.Int8Block64, ModelSpec? model = null)
    {
        var data = new byte[SnapshotCodec.EncodedLength(codec, parameters.Length)];
        SnapshotCodec.Encode(codec, parameters, DitherSeed.Of(from, bootEpoch, sequence), data);
        return FrameOf(data, parameters.Length, round, sequence, bootEpoch, codec, model).ToArray();
    }

    public static UpdateFrame FrameOf(
        byte[] data, int parameters, int round = 1, ulong sequence = 1, uint bootEpoch = 1, UpdateCodec codec = UpdateCodec.Int8Block64, ModelSpec? model = null) =>
        UpdateFrame.Create(
            new UpdateHeader
            {
                ModelHash = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian((model ?? Model).Hash.Span),
                BootEpoch = bootEpoch,
                Sequence = sequence,
                Round = (uint)round,
                Steps = 5,
                Samples = 100,
                Codec = codec,
                ParameterCount = parameters,
            },
            data);

    private static List<SampleWindow> Windows(List<SampleBatch> stream)
    {
        var windows = new List<SampleWindow>();
        var builder = new WindowBuilder(Windowing, Channels);
        foreach (SampleBatch batch in stream)
            builder.Add(batch, windows);
        return windows;
    }

    private static ModelSpec Parse(string layers) => ModelSpec.Parse(Encoding.UTF8.GetBytes(
        $$"""{"name":"synthetic","task":"classify","channels":3,"length":20,"classes":["a","b","c"],"layers":[{{layers}}]}"""));
}
