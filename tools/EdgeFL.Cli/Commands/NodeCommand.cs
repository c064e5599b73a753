using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Identity;
using Spectre.Console;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl node add</c> and <c>node ls</c>: the devices of a fleet's folder.</summary>
internal static class NodeCommand
{
    /// <summary>Builds the group.</summary>
    public static Command Build()
    {
        var group = new CliCommand("node", "Devices of the fleet's folder");
        group.Add(Add());
        group.Add(List());
        return group;
    }

    private static CliCommand Add()
    {
        var names = new Argument<string[]>("name") { Description = "Names of the devices: a-z, 0-9 and -, at most 32", Arity = ArgumentArity.OneOrMore };
        var dir = FleetOptions.Dir();
        var sensor = FleetOptions.Sensor();
        var data = new Option<string>("--data") { Description = "Recording for --sensor replay", HelpName = "FILE" };
        var preset = FleetOptions.Preset();
        var model = new Option<string>("--model") { Description = $"Model: {string.Join(", ", Assets.Names("models"))}, or a file (default: what fits the sensor)", HelpName = "MODEL" };
        var port = new Option<int?>("--port") { Description = "Port to listen on, 0 for any (default 8883; any with --interface lo)", HelpName = "PORT" };
        var interfaces = FleetOptions.Interfaces();
        var peers = new Option<string[]>("--peer") { Description = "Neighbour that is always tried, also without discovery; may be repeated", HelpName = "NODE=HOST:PORT" };
        var bridge = new Option<string>("--bridge") { Description = "Outside broker that shows what the device says and brings it commands", HelpName = "URL" };
        var bridgeCa = new Option<string>("--bridge-ca") { Description = "CA of that broker's certificate (default: the fleet's own)", HelpName = "FILE" };
        var insecure = new Option<bool>("--insecure") { Description = "Allow a bridge without TLS beyond this machine" };
        var days = new Option<int>("--days") { Description = "Days that the certificate lasts, 1 to 397 (default 30)", HelpName = "N", DefaultValueFactory = _ => 30 };
        var renew = new Option<bool>("--renew") { Description = "Renew the certificate also when it is still good; the key stays" };
        return new CliCommand("add", "Make a device's folder: key, certificates, model and agent.json",
                new Example("edgefl node add kitchen cellar", "two devices"),
                new Example("edgefl node add bench-1 bench-2 --sensor simulated --interface lo", "two devices with made-up sensors on this machine"),
                new Example("edgefl node add phone --sensor replay --data walk.csv.gz --preset uci-hapt", "a device that plays a recording"),
                new Example("edgefl node add pump-01 --peer pump-02=192.168.1.12:8883", "a neighbour that discovery cannot see"),
                new Example("edgefl node add kitchen --bridge mqtts://monitor.lan --bridge-ca monitor-ca.pem", "also seen at a broker of yours"),
                new Example("edgefl node add kitchen --renew", "a new certificate for the same key"))
            .Takes(names).With(dir, sensor, data, preset, model, port, interfaces, peers, bridge, bridgeCa, insecure, days, renew, GlobalOptions.DryRun())
            .Runs((context, cancel) =>
            {
                var folder = FleetOptions.Folder(context, dir);
                var nodes = context.Get(names)!.Select(FleetOptions.ParseNode).Distinct().ToList();
                if (context.Get(days) is < 1 or > 397)
                    throw new CliException("bad-days", $"{context.Get(days)} days: a certificate lasts 1 to 397.", "--days 30", ExitCodes.Usage);
                var plan = NodePlan.Make(context.Console, context.Get(sensor)!, context.Get(data), context.Get(preset), context.Get(model), context.Get(peers) ?? []) with
                {
                    Port = context.Get(port) is { } given ? FleetOptions.CheckPort(given) : null,
                    Interfaces = context.Get(interfaces) ?? [],
                };
                if (context.Get(bridge) is { } outside)
                    plan = plan.WithBridge(context.Console, outside, context.Get(bridgeCa), context.Get(insecure));
                else if (context.Get(bridgeCa) is not null || context.Get(insecure))
                    throw new CliException("bad-usage", "--bridge-ca and --insecure say how to reach a bridge's broker.", "add --bridge mqtts://HOST", ExitCodes.Usage);
                var outcomes = context.DryRun
                    ? nodes.Select(n => (Node: n, Outcome: Directory.Exists(folder.NodeFolder(n)) ? Outcome.Kept : Outcome.Made)).ToList()
                    : AddAll(context, folder, nodes, plan, TimeSpan.FromDays(context.Get(days)), context.Get(renew), cancel);
                Say(context, folder, outcomes);
                return Task.FromResult(ExitCodes.Ok);
            });
    }

    /// <summary>Makes the devices' keys and files; an agent.json that is there is never touched, people edit it.</summary>
    internal static List<(NodeId Node, Outcome Outcome)> AddAll(CliContext context, FleetFolder folder, IReadOnlyList<NodeId> nodes, NodePlan plan,
        TimeSpan validity, bool renew, CancellationToken cancel)
    {
        var outcomes = new List<(NodeId, Outcome)>();
        var fleet = folder.Fleet();
        var number = folder.Nodes().Count;
        foreach (var node in nodes)
        {
            cancel.ThrowIfCancellationRequested();
            var outcome = folder.EnsureNode(node, context.Now, validity, renew);
            plan.Write(folder.NodeFolder(node), fleet, node, number);
            if (outcome == Outcome.Made)
                number++;
            outcomes.Add((node, outcome));
        }

        return outcomes;
    }

    private static void Say(CliContext context, FleetFolder folder, List<(NodeId Node, Outcome Outcome)> outcomes)
    {
        if (context.Json)
        {
            context.DataJson("edgefl.node-add/1", json => json.WriteObjects("nodes", outcomes, (j, o) =>
            {
                j.WriteString("node", o.Node.Value);
                j.WriteString("outcome", context.DryRun ? "dry-run" : o.Outcome.ToString().ToLowerInvariant());
                j.WriteString("dir", folder.NodeFolder(o.Node));
            }));
            return;
        }

        foreach (var (node, outcome) in outcomes)
        {
            context.Data(folder.NodeFolder(node));
            context.Progress($"{node}: {(context.DryRun ? "would be " : "")}{outcome.ToString().ToLowerInvariant()}");
        }

        if (!context.DryRun)
            context.Progress("next: copy a device's folder to it (scp -r FOLDER pi@NAME:), then there: edgefl-agent --config agent.json");
    }

    private static CliCommand List()
    {
        var dir = FleetOptions.Dir();
        return new CliCommand("ls", "List the devices of the fleet's folder and how long their certificates last",
                new Example("edgefl node ls", "a table"),
                new Example("edgefl node ls --json", "for programs"))
            .With(dir).Runs((context, _) =>
            {
                var folder = FleetOptions.Folder(context, dir);
                var fleet = folder.Fleet();
                var rows = folder.Nodes().Select(name => Row(context, folder, name)).ToList();
                if (context.Json)
                {
                    context.DataJson("edgefl.node-ls/1", json =>
                    {
                        json.WriteString("fleet", fleet.Value);
                        json.WriteObjects("nodes", rows, (j, row) =>
                        {
                            j.WriteString("node", row.Name);
                            j.WriteString("certificate", row.State);
                            if (row.Until is { } until)
                                j.WriteString("not_after", until.ToString("yyyy-MM-ddTHH:mm:ssZ"));
                            else
                                j.WriteNull("not_after");
                            j.WriteString("dir", folder.NodeFolder(NodeId.Parse(row.Name)));
                        });
                    });
                    return Task.FromResult(ExitCodes.Ok);
                }

                var table = context.NewTable("node", "certificate", "until (UTC)", "folder");
                foreach (var row in rows)
                {
                    table.AddRow(new Text(row.Name), new Text(row.State),
                        new Text(row.Until?.ToString("yyyy-MM-dd HH:mm") ?? "–"),
                        new Text(Path.GetRelativePath(context.Console.WorkingFolder, folder.NodeFolder(NodeId.Parse(row.Name)))));
                }

                context.Data(table);
                if (rows.Count == 0)
                    context.Progress($"No device yet in fleet '{fleet}'. next: edgefl node add NAME");
                return Task.FromResult(ExitCodes.Ok);
            });
    }

    private static (string Name, string State, DateTimeOffset? Until) Row(CliContext context, FleetFolder folder, string name)
    {
        try
        {
            using var credentials = DeviceCredentials.Load(folder.NodeFolder(NodeId.Parse(name)));
            var state = context.Now >= credentials.NotAfter ? "ended" : context.Now < credentials.NotBefore ? "not begun"
                : context.Now >= credentials.RenewAfter ? "renew soon" : "good";
            return (name, state, credentials.NotAfter);
        }
        catch (IdentityException refused)
        {
            return (name, refused.Code, null);
        }
    }
}
