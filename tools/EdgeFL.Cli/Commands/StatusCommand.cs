using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Nodes;
using EdgeFL.Cli.Plots;
using EdgeFL.Cli.Report;
using EdgeFL.Identity;
using Spectre.Console;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl status NODE|all</c>: what nodes say of themselves now, read over mutual TLS.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(400);

    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var which = new Argument<string>("node") { Description = "Name of a node, or all", DefaultValueFactory = _ => "all" };
        var targets = new NodeTargets();
        return new CliCommand("status", "Show what a node, or every node, says of itself",
                new Example("edgefl status all", "every node on the network"),
                new Example("edgefl status kitchen --json", "one node, for programs"),
                new Example("edgefl status kitchen --peer 192.168.1.20:8883", "a node that does not advertise itself"),
                new Example("edgefl status all --broker mqtts://broker.lan", "through a broker"))
            .Takes(which).With(targets.All).With(GlobalOptions.Timeout("5s"))
            .Runs((context, cancel) => RunAsync(context, context.Get(which)!, targets, cancel));
    }

    private static async Task<int> RunAsync(CliContext context, string which, NodeTargets targets, CancellationToken cancel)
    {
        var all = which == "all";
        if (!all)
            FleetOptions.ParseNode(which);
        var folder = FleetOptions.Folder(context, targets.Dir);
        using var credentials = folder.LoadOperator();
        var named = targets.Named(context);
        var found = named.Count > 0 ? named : await FindAsync(context, which, targets, credentials, cancel).ConfigureAwait(false);
        var links = found.Select(t => new NodeLink(t, credentials, context.Console.Clock, _ => { }, context.Timeout)).ToList();
        try
        {
            await Task.WhenAll(links.Select(async link =>
            {
                await link.OpenAsync(context.Timeout, cancel).ConfigureAwait(false);
                await link.SettleAsync(Quiet, context.Timeout, cancel).ConfigureAwait(false);
            })).ConfigureAwait(false);
            var failed = links.Where(l => l.State != LinkState.Connected).ToList();
            var rows = links.Where(l => l.State == LinkState.Connected)
                .SelectMany(l => Reports(l).Select(r => (Link: l, Report: r)))
                .Where(r => all || r.Report.Node == which).OrderBy(r => r.Report.Node, Live.NaturalOrder.Instance).ToList();
            if (rows.Count == 0)
            {
                throw failed.FirstOrDefault()?.Explain(all ? "the node" : which)
                    ?? new CliException("node-missing", $"Nothing is known of '{which}' there.", "edgefl status all   (which nodes are there?)", ExitCodes.Unreachable);
            }

            Print(context, folder, credentials, rows);
            foreach (var link in failed)
                context.Warn(link.Explain("a node").Message);
            return failed.Count > 0 ? failed.Max(l => l.Explain("").Exit) : ExitCodes.Ok;
        }
        finally
        {
            foreach (var link in links)
                await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A node that is up and has said nothing yet is still a row.</summary>
    private static IEnumerable<NodeReport> Reports(NodeLink link) =>
        link.Reports is { Count: 0 } && link.Peer is { Role: CertificateRole.Device } peer ? [new NodeReport(peer.Name)] : link.Reports;

    private static async Task<IReadOnlyList<LinkTarget>> FindAsync(CliContext context, string which, NodeTargets targets, DeviceCredentials credentials,
        CancellationToken cancel)
    {
        var fleet = credentials.Identity.Fleet.Value;
        var hit = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var interfaces = context.Get(targets.Interface) ?? [];
        await using var finder = await NodeFinder.StartAsync(interfaces, cancel, node =>
        {
            if (node.Fleet == fleet && node.Id == which)
                hit.TrySetResult();
        }).ConfigureAwait(false);
        DiscoverCommand.CheckInterfaces(finder, interfaces);
        // Everybody on the link answers within a second and a half; one that is named ends the wait.
        var patience = which == "all" ? TimeSpan.FromTicks(Math.Min(context.Timeout.Ticks, TimeSpan.FromSeconds(2).Ticks)) : context.Timeout;
        await Task.WhenAny(hit.Task, Task.Delay(patience, context.Console.Clock, cancel)).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        var nodes = finder.Nodes.Where(n => n.Fleet == fleet && (which == "all" || n.Id == which)).ToList();
        if (nodes.Count == 0)
        {
            throw new CliException("node-not-found", $"No node {(which == "all" ? "" : $"'{which}' ")}of fleet '{fleet}' on {string.Join(", ", finder.Interfaces)}.",
                "edgefl discover   (or name its address: --peer HOST:PORT; for nodes on this machine: --interface lo)", ExitCodes.Unreachable);
        }

        return nodes.Select(n => new LinkTarget(n.Address)).ToList();
    }

    private static void Print(CliContext context, FleetFolder folder, DeviceCredentials credentials, List<(NodeLink Link, NodeReport Report)> rows)
    {
        if (context.Json)
        {
            context.DataJson("edgefl.status/1", json =>
            {
                json.WriteString("fleet", credentials.Identity.Fleet.Value);
                json.WriteObjects("nodes", rows, (j, row) => NodeJson.Write(j, row.Report, row.Link.Target.Address.ToString()));
            });
            return;
        }

        var table = context.NewTable("node", "status", "state", "round", "loss", "accuracy", "peers", "received", "sent", "refused", "version", "address");
        foreach (var (link, report) in rows)
        {
            var state = report.ToState();
            table.AddRow(new[]
            {
                report.Node, Dash(report.Status), Dash(report.State),
                state.Round < 0 ? "–" : state.Rounds > 0 ? $"{state.Round}/{state.Rounds}" : $"{state.Round}",
                ReportNumbers.Figures(state.Loss), double.IsFinite(state.Accuracy) ? $"{state.Accuracy * 100:0.0} %" : "–",
                state.Peers < 0 ? "–" : $"{state.Peers}", state.BytesIn < 0 ? "–" : PlotScale.Bytes(state.BytesIn),
                state.BytesOut < 0 ? "–" : PlotScale.Bytes(state.BytesOut), state.Rejected < 0 ? "–" : $"{state.Rejected}",
                Dash(report.InfoText("version")), link.Target.Address.ToString(),
            }.Select(t => new Text(t)));
        }

        context.Data(table);
        if (rows.Count == 1)
        {
            foreach (var (name, value) in rows[0].Report.Info.Concat(rows[0].Report.Telemetry))
                context.Data($"{name,-20} {value}");
        }

        context.Progress("the same by hand: " + MosquittoLine(rows[0].Link.Target, folder, credentials.Identity.Fleet.Value, rows.Count == 1 ? rows[0].Report.Node : "+"));
    }

    /// <summary>A mosquitto_sub line that reads the same topics with the same certificate.</summary>
    internal static string MosquittoLine(LinkTarget target, FleetFolder folder, string fleet, string node)
    {
        var words = new List<string> { "mosquitto_sub", "-h", target.Address.Host, "-p", $"{target.Address.Port}" };
        if (target.Secure)
        {
            foreach (var (option, file) in ((string, string)[])[("--cafile", "ca.pem"), ("--cert", "cert.pem"), ("--key", "key.pem")])
                words.AddRange([option, Quote(Path.Combine(folder.OperatorFolder, file))]);
            // Device certificates name the device, not a host: the chain is still checked.
            if (!target.IsBroker)
                words.Add("--insecure");
        }

        words.AddRange(["-v", "-t", $"'edgefl/v1/{fleet}/{node}/#'"]);
        return string.Join(' ', words);
    }

    private static string Quote(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+".Contains(c)) ? path : "'" + path.Replace("'", "'\\''") + "'";

    private static string Dash(string text) => text.Length == 0 ? ReportNumbers.Missing : text;
}
