using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Training;
using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Demo;

/// <summary>Where the agents' samples come from, and the common test set, which the harness alone holds.</summary>
internal sealed class DemoSource
{
    /// <summary>
    /// Times as fast as recorded: all of a recording is there within a few seconds. Replayed slowly, a run spends its first rounds on the one activity that all
    /// recordings begin with, and what that costs is never made up for; the lines it is compared with have all windows from the start.
    /// </summary>
    private const double Speed = 500;

    /// <summary>What it is, for the report.</summary>
    public required string Title { get; init; }

    /// <summary>The model's name when none is asked for.</summary>
    public required string DefaultModel { get; init; }

    /// <summary>Sensor options for each agent.</summary>
    public required IReadOnlyList<SensorOptions> Agents { get; init; }

    /// <summary>Sensors whose windows make the test set: people or devices that no agent has.</summary>
    public required IReadOnlyList<SensorOptions> Test { get; init; }

    /// <summary>Says what the test set is.</summary>
    public required string TestTitle { get; init; }

    /// <summary>True when samples carry labels and the whole recording can be read at once, so that alone and pooled can be computed beside.</summary>
    public bool IsRecording { get; init; }

    /// <summary>Chooses the source.</summary>
    /// <exception cref="CliException">There is no data, or too little of it.</exception>
    public static DemoSource Choose(DemoOptions options, CliConsole console) => options.Sensor switch
    {
        "replay" => Replay(options, console),
        "host" => Host(options),
        _ => Simulated(options),
    };

    private static DemoSource Replay(DemoOptions options, CliConsole console)
    {
        if (options.Data is null)
            throw new CliException("data-missing", "--sensor replay needs a folder of recordings.", "--data FOLDER   (or leave --sensor out for simulated sensors)", ExitCodes.Usage);
        string folder = console.Resolve(options.Data);
        string split = Path.Combine(folder, "split.json");
        if (!File.Exists(split))
        {
            throw new CliException("data-missing", $"{folder} has no split.json: it is no folder of HAPT recordings.",
                "edgefl data import DOWNLOAD FOLDER   (converts the public download)", ExitCodes.Usage);
        }

        (IReadOnlyList<int> train, IReadOnlyList<int> test) = SubjectSplit.Read(split);
        if (train.Count < options.Nodes)
        {
            throw new CliException("too-many-nodes", $"{folder} has {train.Count} people to train on: not enough for {options.Nodes} agents.",
                $"--nodes {train.Count}", ExitCodes.Usage);
        }

        return new DemoSource
        {
            Title = $"recordings of {options.Nodes} people (UCI HAPT, phone at the waist, 50 Hz)",
            TestTitle = $"{test.Count} people that no agent has seen (the official test subjects)",
            DefaultModel = "activity-cnn",
            IsRecording = true,
            Agents = train.Take(options.Nodes).Select(subject => Of(folder, subject, Speed)).ToList(),
            Test = test.Select(subject => Of(folder, subject, speed: 0)).ToList(),
        };
    }

    private static SensorOptions Of(string folder, int subject, double speed)
    {
        ReplayOptions preset = SensorOptions.Parse(Assets.Preset("uci-hapt"), "uci-hapt").Replay!;
        string file = Path.Combine(folder, $"subject-{subject:00}.csv.gz");
        return new SensorOptions { Kind = "replay", Name = $"subject-{subject:00}", Replay = preset with { Path = [file], Speed = speed, BatchRows = 256 } };
    }

    private static DemoSource Simulated(DemoOptions options)
    {
        const int TestDevices = 9, FirstTestDevice = 1000;
        SensorOptions Device(int device, double speed) => new()
        {
            Kind = "simulated",
            Name = $"person-{device}",
            Simulated = new SimulatedOptions { Seed = options.Seed, Device = device, Speed = speed, Loop = false, BatchRows = 256 },
        };
        return new DemoSource
        {
            Title = $"simulated motion sensors of {options.Nodes} people (50 Hz, seed {options.Seed})",
            TestTitle = $"{TestDevices} other simulated people",
            DefaultModel = "activity-cnn",
            IsRecording = true,
            Agents = Enumerable.Range(0, options.Nodes).Select(i => Device(i, Speed)).ToList(),
            Test = Enumerable.Range(FirstTestDevice, TestDevices).Select(i => Device(i, 0)).ToList(),
        };
    }

    private static DemoSource Host(DemoOptions options)
    {
        var sensor = new SensorOptions { Kind = "host", Name = "host", Host = new HostOptions { IntervalMs = 50 } };
        return new DemoSource
        {
            Title = "this machine's own load, memory, network, disk and pressure counters, 20 a second",
            TestTitle = "what the machine did meanwhile, watched by the harness with a sensor of its own",
            DefaultModel = "host-autoencoder",
            Agents = Enumerable.Repeat(sensor, options.Nodes).ToList(),
            Test = [sensor],
        };
    }
}
