using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Identity;

namespace EdgeFL.Cli.Commands;

/// <summary>Options that the commands around a fleet's folder share.</summary>
internal static class FleetOptions
{
    /// <summary>The folder: <c>--dir</c>, else <c>EDGEFL_FLEET</c>, else <c>./edgefl-fleet</c>.</summary>
    public static Option<string> Dir() => new("--dir")
    {
        Description = $"The fleet's folder (default: $EDGEFL_FLEET, else ./{FleetFolder.DefaultName})",
        HelpName = "DIR",
    };

    /// <summary>The sensor of new devices.</summary>
    public static Option<string> Sensor()
    {
        var option = new Option<string>("--sensor")
        {
            Description = "Sensor of the device: host (its own load and temperatures), simulated, or replay (a recording)",
            HelpName = "KIND",
            DefaultValueFactory = _ => "host",
        };
        option.AcceptOnlyFromAmong(NodePlan.SensorKinds);
        return option;
    }

    /// <summary>The preset of a recording.</summary>
    public static Option<string> Preset() => new("--preset")
    {
        Description = $"What the recording's columns and labels mean: {string.Join(", ", Assets.Names("sensors"))} (default: its header's names)", HelpName = "NAME",
    };

    /// <summary>Interfaces that new devices look for each other on.</summary>
    public static Option<string[]> Interfaces() => new("--interface", "-i")
    {
        Description = "Network interface to find other devices on; may be repeated (default: all but lo; lo alone keeps a device to this machine)", HelpName = "NAME",
    };

    /// <summary>The folder that a command is about.</summary>
    public static FleetFolder Folder(CliContext context, Option<string> dir)
    {
        var named = context.Get(dir) ?? context.Console.Environment("EDGEFL_FLEET");
        return new FleetFolder(context.Console.Resolve(string.IsNullOrEmpty(named) ? FleetFolder.DefaultName : named));
    }

    /// <summary>A fleet's name, or an error that says the rule.</summary>
    public static FleetId ParseFleet(string text) => FleetId.TryParse(text, out var fleet)
        ? fleet
        : throw new CliException("bad-name", $"'{text}' is not a name of a fleet: 1 to 32 of a-z, 0-9 and -.", $"--fleet {Suggest(text)}", ExitCodes.Usage);

    /// <summary>A device's name, or an error that says the rule.</summary>
    public static NodeId ParseNode(string text) => NodeId.TryParse(text, out var node)
        ? node
        : throw new CliException("bad-name", $"'{text}' is not a name of a device: 1 to 32 of a-z, 0-9 and -.", $"edgefl node add {Suggest(text)}", ExitCodes.Usage);

    /// <summary>A port, or an error.</summary>
    public static int CheckPort(int port) => port is >= 0 and <= 65535
        ? port
        : throw new CliException("bad-port", $"{port} is not a port: 0 to 65535.", "--port 8883", ExitCodes.Usage);

    private static string Suggest(string text)
    {
        var name = new string(text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-').ToArray()).Trim('-');
        return name.Length == 0 ? "my-name" : name[..Math.Min(32, name.Length)];
    }
}
