using System.Text.Json;
using EdgeFL.Bench;
using EdgeFL.Bench.Mqtt;

// One benchmark: build/bench NAME [--json] [options]. Data to stdout, progress to stderr.

const int ExitOk = 0, ExitFailure = 1, ExitUsage = 2;

var benches = new SortedDictionary<string, (string Tells, Func<Arguments, BenchRow[]> Run)>(StringComparer.Ordinal)
{
    ["agent"] = ("the agent's size on disk, and its memory while it trains [--seconds N] [--warmup N]", AgentBench.Run),
    ["codec"] = ("what codecs lose and how many bytes they take, against what theory says; the lattice's speed", CodecBench.Run),
    ["conv"] = ("convolution over time, forward and both gradients, against PyTorch, the scalar twin and the core's peak", KernelBenches.Conv),
    ["gemm"] = ("matrix products, against the same", KernelBenches.Gemm),
    ["infer"] = ("the activity CNN in 8-bit integers against our own floats: speed, and accuracy lost on uci-hapt; features made as rows arrive against anew", InferBench.Run),
    ["mqtt"] = ("our MQTT broker against mosquitto, under the same load from the same client [--long | --short] [--seed N] [--load FILE]", MqttBench.Run),
    ["train"] = ("training steps and inference, against the same, and what a step allocates", KernelBenches.Train),
};

if (args.Length == 0 || args[0] is "--help" or "-h")
{
    Console.WriteLine("build/bench NAME [--json]");
    foreach ((string known, (string tells, _)) in benches)
        Console.WriteLine($"  {known,-12} {tells}");
    return ExitOk;
}

string name = args[0];
if (!benches.TryGetValue(name, out var bench))
{
    Console.Error.WriteLine($"error: there is no benchmark '{name}'; known: {string.Join(", ", benches.Keys)}");
    return ExitUsage;
}

try
{
    var given = new Arguments(args[1..]);
    bool json = given.Flag("--json");
    BenchRow[] rows = bench.Run(given);
    if (json)
        Console.WriteLine(JsonSerializer.Serialize(new BenchReport(name, Machine.Describe(), rows), BenchJson.Options));
    else
        BenchTable.Write(Console.Out, rows);
    return ExitOk;
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"error: {wrong.Message}");
    return ExitUsage;
}
catch (BenchException failed)
{
    Console.Error.WriteLine($"error: {failed.Message}");
    return ExitFailure;
}
