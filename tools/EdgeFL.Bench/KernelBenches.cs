using System.Diagnostics;
using EdgeFL.Learning;
using EdgeFL.Numerics;

namespace EdgeFL.Bench;

/// <summary>Kernels and training steps against PyTorch, the scalar twin and the core's peak, on one core and in one run.</summary>
internal static class KernelBenches
{
    // Must be torch_peer.py's: calls to a reading of its gemm.
    private const int GemmCalls = 16;

    public static BenchRow[] Gemm(Arguments given) => Run(given, "gemm", rows =>
    {
        AddGemm(rows, 48, 64, 576, 1.2);
        AddGemm(rows, 48, 64, 64, 1.2);
        AddGemm(rows, 240, 256, 256, 1.0);
    });

    public static BenchRow[] Train(Arguments given) => Run(given, "train", rows =>
    {
        AddStep(rows, "mlp-561-64-6", Workload.Mlp, "mlp", [(1, 20), (16, 6), (32, 5)]);
        AddStep(rows, "cnn-har9", Workload.Cnn9, "cnn9", [(1, 12), (16, 5), (32, 4)]);
        AddStep(rows, "lenet", Workload.Lenet, "lenet", [(64, 2.5)]);
        var inference = new Workload(Workload.Cnn6, 1);
        rows.Time("infer/cnn-t2/b1", inference.Predict, inference.PredictMultiplyAdds, "infer cnn6 1", 60, 6);
        rows.Add(BenchRow.Lower("alloc/step", "bytes", new[] { Workload.Mlp, Workload.Cnn9, Workload.Lenet }.Max(spec => Allocated(new Workload(spec, 16).Step)), 0));
    });

    public static BenchRow[] Conv(Arguments given) => Run(given, "conv", rows =>
    {
        AddConv(rows, new Conv1dShape(9, 16, 5, 128), 16);
        AddConv(rows, new Conv1dShape(16, 32, 5, 62), 16);
        AddConv(rows, new Conv1dShape(64, 64, 5, 64), 16);
    });

    private static BenchRow[] Run(Arguments given, string bench, Action<SpeedRows> fill)
    {
        given.End();
        HoldToOneCore();
        CorePeak peak = CorePeak.Measure();
        using TorchPeer? torch = TorchPeer.Start();
        var rows = new SpeedRows(peak, torch);
        fill(rows);
        rows.Add(peak.Row(bench));
        return rows.Rows;
    }

    public static void HoldToOneCore()
    {
        // The last core: interrupts tend to the first. The peer inherits it.
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount is > 1 and < 64)
        {
            using Process self = Process.GetCurrentProcess();
            self.ProcessorAffinity = (nint)(1L << (Environment.ProcessorCount - 1));
        }
    }

    private static void AddStep(SpeedRows rows, string name, ModelSpec spec, string peer, (int Batch, double Goal)[] batches)
    {
        foreach ((int batch, double goal) in batches)
        {
            Console.Error.WriteLine($"step/{name}/b{batch}");
            var work = new Workload(spec, batch);
            rows.Time($"step/{name}/b{batch}", work.Step, work.StepMultiplyAdds, $"step {peer} {batch}", 40, goal);
        }
    }

    /// <summary>Bytes that 200 calls allocate, the least of several times: the runtime itself allocates when it replaces a method by a faster one.</summary>
    public static long Allocated(Action work)
    {
        const int Calls = 200;
        long least = long.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int call = 0; call < Calls; call++)
                work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void AddGemm(SpeedRows rows, int m, int n, int k, double goal)
    {
        Memory<float> a = Gaussian(m * k, 1), b = Gaussian(k * n, 2), c = AlignedFloats.Allocate(m * n);
        var product = new MatrixProduct { Rows = m, Columns = n, Depth = k, ARow = k, ADepth = 1, BDepth = n, CRow = n };
        rows.Throughput($"gemm/{m}x{n}x{k}", () => Matrix.Multiply(product, a.Span, b.Span, [], c.Span), (long)m * n * k, $"gemm {m} {n} {k}", GemmCalls, GemmCalls, goal);
    }

    private static void AddConv(SpeedRows rows, Conv1dShape shape, int batch)
    {
        int input = shape.Length * shape.Inputs, output = shape.OutputLength * shape.Outputs;
        Memory<float> x = Gaussian(batch * input, 1), w = Gaussian(shape.WeightCount, 2), bias = Gaussian(shape.Outputs, 3), dy = Gaussian(batch * output, 4);
        Memory<float> packed = AlignedFloats.Allocate(w.Length), dw = AlignedFloats.Allocate(w.Length), db = AlignedFloats.Allocate(shape.Outputs);
        Memory<float> padded = AlignedFloats.Allocate(shape.PaddedGradientCount);
        Memory<float> y = AlignedFloats.Allocate(batch * output), dx = AlignedFloats.Allocate(batch * input);
        long multiplyAdds = (long)batch * shape.OutputLength * shape.WeightCount;
        string sizes = $"{batch} {shape.Inputs} {shape.Outputs} {shape.Kernel} {shape.Length}";
        string name = $"{shape.Inputs}-{shape.Outputs}-k{shape.Kernel}-t{shape.Length}/b{batch}";
        rows.Throughput($"conv/forward/{name}", Forward, multiplyAdds, $"conv forward {sizes}", 1, 1, null);
        rows.Throughput($"conv/weight/{name}", Weight, multiplyAdds, $"conv weight {sizes}", 1, 1, null);
        rows.Throughput($"conv/input/{name}", Input, multiplyAdds, $"conv input {sizes}", 1, 1, null);

        // Packing is part of the work: PyTorch takes the same weights, and parameters change with each step.
        void Forward()
        {
            Conv1d.PackForward(shape, w.Span, packed.Span);
            for (int b = 0; b < batch; b++)
                Conv1d.Forward(shape, x.Span.Slice(b * input, input), packed.Span, bias.Span, y.Span.Slice(b * output, output));
        }

        void Weight()
        {
            Conv1d.WeightGradient(shape, x.Span, dy.Span, batch, packed.Span);
            Conv1d.Unpack(shape, packed.Span, dw.Span);
            Matrix.SumRows(dy.Span, batch * shape.OutputLength, shape.Outputs, db.Span);
        }

        void Input()
        {
            Conv1d.PackBackward(shape, w.Span, packed.Span);
            for (int b = 0; b < batch; b++)
                Conv1d.InputGradient(shape, dy.Span.Slice(b * output, output), packed.Span, padded.Span, dx.Span.Slice(b * input, input));
        }
    }

    private static Memory<float> Gaussian(int count, ulong seed)
    {
        var random = new Philox(seed, 0xBE7C);
        Memory<float> values = AlignedFloats.Allocate(count);
        foreach (ref float value in values.Span)
            value = random.NextGaussian();
        return values;
    }
}
