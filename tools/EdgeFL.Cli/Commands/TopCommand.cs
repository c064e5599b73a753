using System.CommandLine;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Live;
using EdgeFL.Cli.Nodes;
using EdgeFL.Identity;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl top</c>: the fleet as it learns, until Ctrl-C.</summary>
internal static class TopCommand
{
    /// <summary>Links held at once; a fleet beyond this is better watched through a broker.</summary>
    private const int LinksMax = 256;

    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var targets = new NodeTargets();
        var time = GlobalOptions.Duration("--for", TimeSpan.FromDays(1), "Stop after this time (default: until Ctrl-C)");
        return new CliCommand("top", "Watch the fleet learn; Ctrl-C ends it",
                new Example("edgefl top", "every node on the network"),
                new Example("edgefl top --interface lo", "the demo's nodes"),
                new Example("edgefl top --for 30s --json", "watch for half a minute, then print what is known"))
            .With(targets.All).With(time, GlobalOptions.Timeout("5s"))
            .Runs((context, cancel) => RunAsync(context, targets, context.Get(time), context.Given(time), cancel));
    }

    private static async Task<int> RunAsync(CliContext context, NodeTargets targets, TimeSpan time, bool isLimited, CancellationToken cancel)
    {
        var folder = FleetOptions.Folder(context, targets.Dir);
        using var credentials = folder.LoadOperator();
        var fleet = credentials.Identity.Fleet.Value;
        var table = new FleetTable(context.Console, $"Fleet {fleet}", context.Quiet);
        var links = new Dictionary<string, NodeLink>();
        var gate = new Lock();
        var named = targets.Named(context);
        foreach (var target in named)
            Open(target);
        var interfaces = context.Get(targets.Interface) ?? [];
        await using var finder = named.Count > 0 ? null : await NodeFinder.StartAsync(interfaces, cancel,
            node =>
            {
                if (node.Fleet == fleet)
                    Open(new LinkTarget(node.Address));
            },
            id => table.Change(id, n => n with { State = "lost" })).ConfigureAwait(false);
        if (finder is not null)
            DiscoverCommand.CheckInterfaces(finder, interfaces);
        table.Progress(finder is null ? "" : $"looking on {string.Join(", ", finder.Interfaces)}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (isLimited)
            limit.CancelAfter(time);
        try
        {
            await table.RunAsync(limit.Token).ConfigureAwait(false);
        }
        finally
        {
            foreach (var link in Snapshot())
                await link.DisposeAsync().ConfigureAwait(false);
        }

        return Finish(context, fleet, Snapshot(), named.Count > 0);

        List<NodeLink> Snapshot()
        {
            lock (gate)
                return [.. links.Values];
        }

        void Open(LinkTarget target)
        {
            NodeLink link;
            lock (gate)
            {
                if (links.ContainsKey(target.Address.ToString()) || links.Count >= LinksMax)
                    return;
                link = links[target.Address.ToString()] =
                    new NodeLink(target, credentials, context.Console.Clock, report => table.Set(report.ToState()), context.Timeout);
            }

            _ = link.OpenAsync(context.Timeout, CancellationToken.None).ContinueWith(
                _ =>
                {
                    if (link.State == LinkState.Connected && link.Peer is { Role: CertificateRole.Device } peer)
                        table.Change(peer.Name, n => n.State.Length > 0 ? n : n with { State = "online" });
                    else if (link.State != LinkState.Connected)
                        table.Set(new FleetNodeState(target.Address.ToString()) { State = link.State.ToString().ToLowerInvariant() });
                },
                TaskScheduler.Default);
        }
    }

    private static int Finish(CliContext context, string fleet, List<NodeLink> links, bool named)
    {
        var reports = links.SelectMany(l => l.Reports.Select(r => (Address: l.Target.Address.ToString(), Report: r)))
            .OrderBy(r => r.Report.Node, NaturalOrder.Instance).ToList();
        if (context.Json)
        {
            context.DataJson("edgefl.top/1", json =>
            {
                json.WriteString("fleet", fleet);
                json.WriteObjects("nodes", reports, (j, r) => NodeJson.Write(j, r.Report, r.Address));
            });
        }

        // Named addresses that never answered are an error; an empty network while watching is not.
        if (named && reports.Count == 0 && links.Find(l => l.State is LinkState.Unreachable or LinkState.Untrusted or LinkState.Refused) is { } bad)
            throw bad.Explain("the node");
        return ExitCodes.Ok;
    }
}
