using System.Globalization;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Live;
using EdgeFL.Cli.Nodes;
using EdgeFL.Identity;

namespace EdgeFL.Cli.Demo;

/// <summary>Watches a fleet as any operator would: finds the nodes by mDNS, connects with the operator's certificate and reads what they say.</summary>
internal sealed class DemoMonitor(DeviceCredentials credentials, FleetTable table, CliConsole console) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (HostPort Address, NodeLink Link)> links = [];
    private readonly Dictionary<string, NodeReport> reports = [];
    private readonly Dictionary<string, List<(int Round, double Bytes)>> bytes = [];
    private readonly List<Task> retiring = [];
    private NodeFinder? finder;
    private bool stopped;

    /// <summary>Starts to watch: nodes on an interface, or what one broker has of them.</summary>
    public async Task StartAsync(string interfaceName, string? broker, CancellationToken cancel)
    {
        if (broker is null)
        {
            finder = await NodeFinder.StartAsync([interfaceName], cancel, OnFound).ConfigureAwait(false);
            return;
        }

        LinkTarget target = NodeTargets.ParseBroker(broker, insecure: true);
        var link = new NodeLink(target, credentials, console.Clock, OnReport, TimeSpan.FromSeconds(5));
        links["broker"] = (target.Address, link);
        await link.OpenAsync(TimeSpan.FromSeconds(5), cancel).ConfigureAwait(false);
        if (link.State != LinkState.Connected)
            throw link.Explain("the broker");
    }

    /// <summary>What a node said last.</summary>
    public NodeReport? Of(NodeId node)
    {
        lock (gate)
            return reports.GetValueOrDefault(node.Value);
    }

    /// <summary>Bytes a node had sent when it ended a round, between the telemetry messages before and after it; NaN before the first.</summary>
    public double BytesAt(NodeId node, int round)
    {
        lock (gate)
        {
            if (!bytes.TryGetValue(node.Value, out var said) || said.Count == 0)
                return double.NaN;
            int after = said.FindIndex(s => s.Round >= round);
            if (after < 0)
                return said[^1].Bytes;
            (int round1, double bytes1) = said[after];
            (int round0, double bytes0) = after == 0 ? (0, 0.0) : said[after - 1];
            return round1 == round0 ? bytes1 : bytes0 + (bytes1 - bytes0) * (round - round0) / (round1 - round0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (gate)
        {
            stopped = true;
            ending = [.. retiring, .. links.Values.Select(l => l.Link.DisposeAsync().AsTask())];
        }

        if (finder is not null)
            await finder.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(ending).ConfigureAwait(false);
    }

    private void OnFound(FoundNode node)
    {
        if (node.Fleet != credentials.Identity.Fleet.Value)
            return;
        NodeLink link;
        lock (gate)
        {
            if (stopped || (links.TryGetValue(node.Id, out var known) && known.Address == node.Address))
                return;
            if (known.Link is not null)
                retiring.Add(known.Link.DisposeAsync().AsTask()); // It has come back at another port.
            link = new NodeLink(new LinkTarget(node.Address), credentials, console.Clock, OnReport, TimeSpan.FromSeconds(5));
            links[node.Id] = (node.Address, link);
        }

        _ = link.OpenAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
    }

    private void OnReport(NodeReport report)
    {
        lock (gate)
        {
            reports[report.Node] = report;
            double sent = report.TelemetryNumber("bytesOut");
            double round = report.TelemetryNumber("round");
            if (double.IsFinite(sent) && double.IsFinite(round))
            {
                if (!bytes.TryGetValue(report.Node, out var said))
                    bytes[report.Node] = said = [];
                if (said.Count == 0 || said[^1].Round != (int)round)
                    said.Add(((int)round, sent));
            }
        }

        table.Set(report.ToState());
    }
}
