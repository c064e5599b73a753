using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace EdgeFL.Bench;

/// <summary>Inference in 8-bit integers against our own in floats: how much faster, and what it costs in accuracy; and features made as rows arrive.</summary>
internal static class InferBench
{
    private const double SpeedGoal = 2, LossGoal = 0.5;
    private const int Turns = 15, Readings = 60, Calls = 16, Trainings = 3;

    public static BenchRow[] Run(Arguments given)
    {
        given.End();
        var rows = new List<BenchRow>();
        // The accuracy first: it is another process's, and may have all cores.
        if (Loss() is { } loss)
            rows.Add(BenchRow.Lower("int8-loss/cnn-t2", "points", loss, LossGoal));
        KernelBenches.HoldToOneCore();
        var work = new Workload(Workload.Cnn6, 1);
        Action integers = work.InIntegers();
        Duel duel = Duel.Run(integers, count => Duel.Readings(work.Predict, count, Calls), Turns, Readings, Calls);
        double ours = duel.Ours / 1000, floats = duel.Peer!.Value / 1000;
        rows.Insert(0, new("int8-speedup/cnn-t2", "µs", Math.Round(ours, 3), Math.Round(floats, 3), Math.Round(floats / ours, 3), "higher", SpeedGoal));
        double twin = SpeedRows.Scalar(integers, 1) / 1000;
        rows.Add(new("int8-speedup/cnn-t2/scalar", "µs", Math.Round(ours, 3), Math.Round(twin, 3), Math.Round(twin / ours, 2), "higher", null));
        rows.Add(BenchRow.Lower("int8-alloc/cnn-t2", "bytes", KernelBenches.Allocated(integers), 0));
        return [.. rows, .. FeatureRows.Run()];
    }

    /// <summary>
    /// Points of accuracy on the test people of UCI HAPT that the activity CNN loses, by the command that users have: the most of as many trainings as there
    /// are seeds, for one that loses nothing may be luck. Null without the recordings.
    /// </summary>
    private static double? Loss()
    {
        string root = Machine.Root();
        if (Recordings(root) is not { } data)
        {
            Console.Error.WriteLine("the recordings of uci-hapt were not found: no accuracy. Next: set EDGEFL_DATA to the folder that holds uci-hapt/");
            return null;
        }

        Console.Error.WriteLine($"training the activity CNN {Trainings} times on {data}");
        return Enumerable.Range(1, Trainings).Max(seed => Loss(root, data, seed));
    }

    private static double Loss(string root, string data, int seed)
    {
        var start = new ProcessStartInfo(
            Path.Combine(root, "build/edgefl"), ["model", "quantize", "--recipe", "activity", "--data", data, "--seed", seed.ToString(CultureInfo.InvariantCulture), "--json", "--quiet"])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start) ?? throw new BenchException("build/edgefl cannot be started");
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new BenchException($"build/edgefl model quantize ended with {process.ExitCode}");
        using JsonDocument json = JsonDocument.Parse(answer);
        double before = json.RootElement.GetProperty("accuracy").GetDouble(), after = json.RootElement.GetProperty("int8_accuracy").GetDouble();
        Console.Error.WriteLine(FormattableString.Invariant($"seed {seed}: accuracy {100 * before:0.00} % in floats, {100 * after:0.00} % in integers"));
        return json.RootElement.GetProperty("loss_points").GetDouble();
    }

    private static string? Recordings(string root)
    {
        if (Environment.GetEnvironmentVariable("EDGEFL_DATA") is { Length: > 0 } named)
            root = named;
        for (string? folder = root; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (string data in (string[])[Path.Combine(folder, "uci-hapt"), Path.Combine(folder, "shared/data/uci-hapt")])
            {
                if (Directory.Exists(data))
                    return data;
            }
        }

        return null;
    }
}
