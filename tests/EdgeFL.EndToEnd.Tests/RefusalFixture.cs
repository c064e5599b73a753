using System.Globalization;
using System.IO.Compression;
using System.Text;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>One node whose folder is copied for each case, so that each spoils its own.</summary>
public sealed class RefusalFixture : IAsyncLifetime
{
    private int cases;

    internal TestFleet Fleet { get; private set; } = null!;

    public async Task InitializeAsync() => Fleet = await TestFleet.CreateAsync("alpha");

    public Task DisposeAsync()
    {
        Fleet.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>A copy of the node's folder, keys with their modes, with a configuration of its own.</summary>
    internal string Copy(Func<AgentConfig, AgentConfig>? change = null)
    {
        string folder = Fleet.Node(string.Create(CultureInfo.InvariantCulture, $"case-{++cases}"));
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Fleet.Node("alpha")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        AgentConfig config = Fleet.Config("alpha", 0);
        AgentConfigFile.Write(Path.Combine(folder, "agent.json"), change is null ? config : change(config));
        return folder;
    }

    /// <summary>A recording of two activities at 50 rows a second; <paramref name="spoil"/> may change any line, the header is line 1.</summary>
    internal static string Recording(string folder, string name, int rows, Func<int, string, string>? spoil = null)
    {
        var text = new StringBuilder();
        for (int line = 1; line <= rows + 1; line++)
        {
            string plain = line == 1 ? "t_ms,ax,ay,az,gx,gy,gz,label" : Row(line - 2);
            text.Append(spoil?.Invoke(line, plain) ?? plain).Append('\n');
        }

        string file = Path.Combine(folder, name);
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (!name.EndsWith(".gz", StringComparison.Ordinal))
        {
            File.WriteAllBytes(file, bytes);
            return name;
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        File.WriteAllBytes(file, packed.ToArray());
        return name;
    }

    /// <summary>Plays a recording at ten times its pace, with the model's classes.</summary>
    internal static AgentConfig Replaying(AgentConfig config, string file) => config with
    {
        Sensor = new SensorOptions
        {
            Kind = "replay",
            Replay = new ReplayOptions
            {
                Path = [file],
                Columns = ((string[])["ax", "ay", "az", "gx", "gy", "gz"]).Select(channel => new ReplayColumn { Name = channel }).ToList(),
                Classes = ["walking", "walking-upstairs", "walking-downstairs", "sitting", "standing", "laying"],
                Labels = new Dictionary<string, string> { ["w"] = "walking", ["s"] = "sitting" },
                Speed = 10,
            },
        },
        Training = config.Training with { MinimumWindows = 4 },
    };

    private static string Row(int i)
    {
        bool walks = i / 400 % 2 == 0;
        double phase = i * 0.25;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{i * 20},{(walks ? Math.Sin(phase) : 0):0.0000},{(walks ? Math.Cos(phase) : 0.1):0.0000},1,{(walks ? Math.Sin(2 * phase) : 0):0.0000},0,0,{(walks ? "w" : "s")}");
    }
}
