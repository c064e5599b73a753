using EdgeFL.Cli.Report;

namespace EdgeFL.Cli.Tests;

/// <summary>Results as a run gives them, made from formulas: nothing measured.</summary>
internal static class SampleResults
{
    public static DemoResult Accuracy(int nodes = 10, int rounds = 30)
    {
        double Mean(int r) => 0.18 + (0.62 * (1 - Math.Exp(-r / 7.0))) + (0.01 * Math.Sin(r * 1.7));
        double Alone(int r) => 0.18 + (0.445 * (1 - Math.Exp(-r / 5.0)));
        double Pooled(int r) => 0.18 + (0.728 * (1 - Math.Exp(-r / 4.5)));
        return new DemoResult
        {
            Title = "Ten phones learn to tell walking from sitting",
            Command = "build/edgefl demo --task har --seed 1",
            FinishedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Setup = [new("data", "uci-hapt, one person a device"), new("model", "conv1d, 3,286 parameters")],
            Notes = ["Accuracy <on> people & places | nobody has seen."],
            Summary = new DemoSummary
            {
                Nodes = nodes, Rounds = rounds, Seconds = 74.3, Mean = Mean(rounds), Worst = Mean(rounds) - 0.05, AloneMean = Alone(rounds),
                Pooled = Pooled(rounds), OwnMean = 0.93, BytesSentPerNode = 30.0 * 13_990, Fp32BytesPerNode = 30.0 * 53_410, FramesRejected = 2,
                FramesLost = 1, AgentPssMbMax = 8.44, AgentKind = "aot", Seed = 1,
            },
            Nodes = Enumerable.Range(1, nodes).Select(i => new DemoNode($"phone-{i}")
            {
                Rounds = rounds, Loss = 0.21 + (0.01 * i), Own = 0.9 + (0.004 * i), Test = 0.75 + (0.006 * i), Alone = 0.5 + (0.02 * i), BytesIn = 401_000 + i,
                BytesOut = 419_700 + i, MessagesSent = 120 + i, FramesRejected = i % 3 == 0 ? 1 : 0, PssMb = 8 + (0.04 * i),
            }).ToList(),
            Together = Enumerable.Range(0, rounds + 1).Select(r => new CurvePoint(r, r * 13_990.0, Mean(r), Mean(r) - 0.08 + (0.001 * r), Mean(r) + 0.05)).ToList(),
            Alone = Enumerable.Range(0, rounds + 1).Select(r => new ComparisonPoint(r, Alone(r))).ToList(),
            Pooled = Enumerable.Range(0, rounds + 1).Select(r => new ComparisonPoint(r, Pooled(r))).ToList(),
        };
    }

    public static DemoResult Error()
    {
        var accuracy = Accuracy();
        double Flip(double value) => (1 - value) * 2.1;
        return accuracy with
        {
            Title = "Four greenhouses forecast tomorrow's temperature",
            Measure = Measure.Error, ErrorName = "mean absolute error", ErrorUnit = "°C",
            Summary = accuracy.Summary with
            {
                Mean = Flip(accuracy.Summary.Mean), Worst = Flip(accuracy.Summary.Worst), AloneMean = Flip(accuracy.Summary.AloneMean), Pooled = double.NaN,
                OwnMean = Flip(accuracy.Summary.OwnMean),
            },
            Nodes = accuracy.Nodes.Select(n => n with { Own = Flip(n.Own), Test = Flip(n.Test), Alone = Flip(n.Alone) }).ToList(),
            Together = accuracy.Together.Select(p => p with { Mean = Flip(p.Mean), Min = Flip(p.Max), Max = Flip(p.Min) }).ToList(),
            Alone = [], Pooled = [],
        };
    }
}
