using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl init</c>: from nothing to a fleet's folder with devices, in at most four questions, or none with flags.</summary>
internal static class InitCommand
{
    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var fleetName = new Option<string>("--fleet") { Description = "Name of the fleet", HelpName = "NAME" };
        var nodes = new Option<string[]>("--nodes")
        {
            Description = "Names of the devices, or how many", HelpName = "NAMES", AllowMultipleArgumentsPerToken = true,
        };
        var sensor = new Option<string>("--sensor") { Description = "Sensor of the devices: host, simulated or replay", HelpName = "KIND" };
        sensor.AcceptOnlyFromAmong(AgentConfigText.SensorKinds);
        var data = new Option<string>("--data") { Description = "Recording for --sensor replay", HelpName = "FILE" };
        var dir = FleetOptions.Dir();
        return new CliCommand("init", "Make a fleet's folder: authorities, operator and devices, asking what is not given",
                new Example("edgefl init", "asks at most four questions"),
                new Example("edgefl init --yes", "asks none: fleet 'home' with node-1 to node-3"),
                new Example("edgefl init --fleet lab --nodes kitchen cellar --sensor host", "asks none"))
            .With(fleetName, nodes, sensor, data, dir, GlobalOptions.Yes(), GlobalOptions.DryRun())
            .Runs((context, cancel) =>
            {
                var folder = FleetOptions.Folder(context, dir);
                var there = folder.HasAuthority;
                var fleet = FleetOptions.ParseFleet(context.Get(fleetName)
                    ?? (there ? folder.Fleet().Value : context.Ask("Name of the fleet", "home", "--fleet NAME")));
                var names = NodeNames(context.Get(nodes) is { Length: > 0 } given ? given
                    : there && folder.Nodes().Count > 0 ? folder.Nodes()
                    : context.Ask("Names of the devices, or how many", "3", "--nodes kitchen cellar").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries));
                var kind = context.Get(sensor) ?? (there ? "host" : context.Ask("Sensor (host, simulated, replay)", "host", "--sensor KIND"));
                if (!AgentConfigText.SensorKinds.Contains(kind))
                    throw new CliException("bad-sensor", $"'{kind}' is not a kind of sensor.", "--sensor host, simulated or replay", ExitCodes.Usage);
                var file = context.Get(data) ?? (kind == "replay" && !there ? context.Ask("Recording", null, "--data FILE.csv") : null);
                var ids = names.Select(FleetOptions.ParseNode).Distinct().ToList();
                if (context.DryRun)
                {
                    context.Progress($"would make fleet '{fleet}' in {folder.Path} with {string.Join(", ", ids)}");
                    return Task.FromResult(ExitCodes.Ok);
                }

                var authority = folder.EnsureAuthority(fleet, context.Now);
                folder.EnsureOperator("admin", context.Now);
                var config = new AgentConfigText(fleet, default) { Sensor = kind, SensorPath = file is null ? null : context.Console.Resolve(file) };
                var outcomes = NodeCommand.AddAll(context, folder, ids, config, Assets.Model(config.DefaultModel, context.Console), Identity.FleetAuthority.LeafValidity, renew: false, cancel);
                if (context.Json)
                {
                    context.DataJson("edgefl.init/1", json =>
                    {
                        json.WriteString("fleet", fleet.Value);
                        json.WriteString("dir", folder.Path);
                        json.WriteString("authority", authority.ToString().ToLowerInvariant());
                        json.WriteObjects("nodes", outcomes, (j, o) =>
                        {
                            j.WriteString("node", o.Node.Value);
                            j.WriteString("outcome", o.Outcome.ToString().ToLowerInvariant());
                        });
                    });
                    return Task.FromResult(ExitCodes.Ok);
                }

                context.Data(folder.Path);
                context.Progress($"Fleet '{fleet}' with {string.Join(", ", ids)}: {(authority == Outcome.Made ? "made" : "was there; nothing lost")}.");
                if (authority == Outcome.Made)
                    context.Progress($"Move {folder.RootFolder} to a stick and keep it offline.");
                context.Progress("next: edgefl node ls   then copy each folder under nodes/ to its device");
                return Task.FromResult(ExitCodes.Ok);
            });
    }

    private static IReadOnlyList<string> NodeNames(IReadOnlyList<string> given)
    {
        var words = given.SelectMany(g => g.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (words.Count != 1 || !int.TryParse(words[0], out var count))
            return words;
        if (count is < 1 or > 500)
            throw new CliException("bad-count", $"{count} devices: 1 to 500 can be made at once.", "--nodes 3", ExitCodes.Usage);
        return Enumerable.Range(1, count).Select(i => $"node-{i}").ToList();
    }
}
