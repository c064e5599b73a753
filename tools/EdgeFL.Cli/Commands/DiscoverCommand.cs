using System.CommandLine;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Nodes;
using Spectre.Console;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl discover</c>: which nodes advertise themselves on the local link.</summary>
internal static class DiscoverCommand
{
    /// <summary>The option that names interfaces.</summary>
    public static Option<string[]> Interface() => new("--interface", "-i")
    {
        Description = "Network interface to look on; may be repeated (default: all but lo)", HelpName = "NAME",
    };

    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var interfaces = Interface();
        var fleet = new Option<string>("--fleet") { Description = "Only nodes of this fleet", HelpName = "NAME" };
        var expect = new Option<int>("--expect")
        {
            Description = "Stop as soon as this many nodes are found; fewer in time is exit code 4", HelpName = "N",
        };
        return new CliCommand("discover", "List the nodes that advertise themselves on the local network",
                new Example("edgefl discover", "look for three seconds on every interface but lo"),
                new Example("edgefl discover --interface lo --json", "the demo's nodes, for programs"),
                new Example("edgefl discover --expect 10 --timeout 30s", "wait for ten nodes, fail after half a minute"))
            .With(interfaces, fleet, expect, GlobalOptions.Timeout("3s"))
            .Runs((context, cancel) => RunAsync(context, context.Get(interfaces) ?? [], context.Get(fleet), context.Get(expect), cancel));
    }

    private static async Task<int> RunAsync(CliContext context, IReadOnlyList<string> interfaces, string? fleet, int expect, CancellationToken cancel)
    {
        bool Wanted(FoundNode node) => fleet is null || node.Fleet == fleet;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new HashSet<string>();
        await using var finder = await NodeFinder.StartAsync(interfaces, cancel, node =>
        {
            if (Wanted(node) && seen.Add(node.Id) && expect > 0 && seen.Count >= expect)
                enough.TrySetResult();
        }).ConfigureAwait(false);
        CheckInterfaces(finder, interfaces);
        await Task.WhenAny(enough.Task, Task.Delay(context.Timeout, context.Console.Clock, cancel)).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        var nodes = finder.Nodes.Where(Wanted).ToList();
        Print(context, finder, nodes);
        if (nodes.Count < expect)
        {
            throw new CliException("nodes-missing", $"{nodes.Count} of {expect} nodes answered on {string.Join(", ", finder.Interfaces)}.",
                "edgefl check   (or a longer --timeout)", ExitCodes.Unreachable);
        }

        return ExitCodes.Ok;
    }

    /// <summary>Complains about interfaces that were named and are not in use.</summary>
    public static void CheckInterfaces(NodeFinder finder, IReadOnlyList<string> interfaces)
    {
        var missing = interfaces.Except(finder.Interfaces).ToList();
        if (missing.Count > 0)
        {
            throw new CliException("interface-missing", $"{string.Join(", ", missing)}: no such interface, or it is down or has no IPv4 address.",
                "ip -brief address", ExitCodes.Usage);
        }

        if (finder.Interfaces.Count == 0)
        {
            throw new CliException("no-interface", "No network interface is up, can do multicast and has an IPv4 address.",
                "ip -brief address   (for nodes on this machine: --interface lo)");
        }
    }

    private static void Print(CliContext context, NodeFinder finder, List<FoundNode> nodes)
    {
        if (context.Json)
        {
            context.DataJson("edgefl.discover/1", json =>
            {
                json.WriteStartArray("interfaces");
                foreach (var name in finder.Interfaces)
                    json.WriteStringValue(name);
                json.WriteEndArray();
                json.WriteObjects("nodes", nodes, (j, node) =>
                {
                    j.WriteString("node", node.Id);
                    j.WriteString("fleet", node.Fleet);
                    j.WriteString("host", node.Host);
                    j.WriteNumber("port", node.Port);
                    j.WriteStartArray("addresses");
                    foreach (var address in node.Addresses)
                        j.WriteStringValue(address.ToString());
                    j.WriteEndArray();
                    j.WriteString("model", node.Model);
                    j.WriteString("fingerprint", node.Fingerprint);
                    j.WriteString("transport", node.Transport);
                });
            });
            return;
        }

        if (nodes.Count == 0)
        {
            context.Progress($"No node on {string.Join(", ", finder.Interfaces)}. next: edgefl check   (for nodes on this machine: edgefl discover --interface lo)");
            return;
        }

        var table = context.NewTable("node", "fleet", "address", "host", "model", "key");
        foreach (var node in nodes)
            table.AddRow(new Text(node.Id), new Text(node.Fleet), new Text(node.Address.ToString()), new Text(node.Host), new Text(node.Model), new Text(node.Fingerprint));
        context.Data(table);
    }
}
