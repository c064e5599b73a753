using System.CommandLine;
using System.Net;
using System.Text.Json;
using EdgeFL.Cli.Checks;
using EdgeFL.Cli.Framework;
using EdgeFL.Platform.Sensors;
using Spectre.Console;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl check</c> and <c>check-list</c>: what is wrong with this machine, this folder and this network.</summary>
internal static class CheckCommand
{
    private const string SystemDataFolder = "/var/lib/edgefl";

    /// <summary>Builds <c>check</c>.</summary>
    public static CliCommand Build()
    {
        var dir = FleetOptions.Dir();
        var data = new Option<string>("--data-dir") { Description = $"Data folder of the agent (default: {SystemDataFolder} where it is, else the fleet's folder)", HelpName = "DIR" };
        var config = new Option<string>("--config") { Description = "agent.json to take port, peers and sensor from", HelpName = "FILE" };
        var port = new Option<int?>("--port") { Description = "Port of the agent (default 8883)", HelpName = "PORT" };
        var peers = new Option<string[]>("--peer") { Description = "Node that must answer; may be repeated", HelpName = "HOST:PORT" };
        var interfaces = DiscoverCommand.Interface();
        var strict = new Option<bool>("--warnings-as-errors") { Description = "Exit with 3 on warnings too" };
        var skip = new Option<string[]>("--dont-run") { Description = "Leave a check out; may be repeated (names: edgefl check-list)", HelpName = "ID" };
        skip.AcceptOnlyFromAmong(CheckList.All.Select(c => c.Id).ToArray());
        return new CliCommand("check", "Look for what keeps a node from working: clock, disk, certificates, port, network, sensor",
                new Example("edgefl check", "everything that can be checked without a configuration"),
                new Example("edgefl check --config agent.json --data-dir /var/lib/edgefl", "on a device"),
                new Example("edgefl check --dont-run mdns --warnings-as-errors", "in a script: exit 3 on anything but ok"))
            .With(dir, data, config, port, peers, interfaces, strict, skip, GlobalOptions.Timeout("3s"))
            .Runs(async (context, cancel) =>
            {
                var fleet = FleetOptions.Folder(context, dir);
                var scope = new CheckScope(fleet, DataFolder(context, data, fleet.Path), context.Now, context.Timeout) { Interfaces = context.Get(interfaces) ?? [] };
                if (context.Get(config) is { } file)
                    scope = WithConfig(scope, context.Console.Resolve(file));
                scope = scope with
                {
                    Port = context.Get(port) is { } given ? FleetOptions.CheckPort(given) : scope.Port,
                    Peers = [.. scope.Peers, .. (context.Get(peers) ?? []).Select(HostPort.Parse)],
                };
                return await RunAsync(context, scope, context.Get(skip) ?? [], context.Get(strict), cancel).ConfigureAwait(false);
            });
    }

    /// <summary>Builds <c>check-list</c>.</summary>
    public static CliCommand BuildList() => new CliCommand("check-list", "List the checks of 'edgefl check'",
            new Example("edgefl check-list", "names for --dont-run"))
        .Runs((context, _) =>
        {
            if (context.Json)
            {
                context.DataJson("edgefl.check-list/1", json => json.WriteObjects("checks", CheckList.All, (j, check) =>
                {
                    j.WriteString("id", check.Id);
                    j.WriteString("title", check.Title);
                }));
                return Task.FromResult(ExitCodes.Ok);
            }

            foreach (var check in CheckList.All)
                context.Data($"{check.Id,-12} {check.Title}");
            return Task.FromResult(ExitCodes.Ok);
        });

    private static async Task<int> RunAsync(CliContext context, CheckScope scope, IReadOnlyList<string> skip, bool strict, CancellationToken cancel)
    {
        var results = new List<(Check Check, Finding Finding)>();
        foreach (var check in CheckList.All)
        {
            cancel.ThrowIfCancellationRequested();
            var finding = skip.Contains(check.Id) ? Finding.Skip("left out by --dont-run") : await RunOneAsync(check, scope, cancel).ConfigureAwait(false);
            results.Add((check, finding));
            if (!context.Json)
                Print(context, check, finding);
        }

        int Count(Verdict verdict) => results.Count(r => r.Finding.Verdict == verdict);
        if (context.Json)
        {
            context.DataJson("edgefl.check/1", json =>
            {
                json.WriteNumber("ok", Count(Verdict.Ok));
                json.WriteNumber("warnings", Count(Verdict.Warning));
                json.WriteNumber("errors", Count(Verdict.Error));
                json.WriteNumber("skipped", Count(Verdict.Skipped));
                json.WriteObjects("checks", results, (j, r) =>
                {
                    j.WriteString("id", r.Check.Id);
                    j.WriteString("result", r.Finding.Verdict.ToString().ToLowerInvariant());
                    j.WriteString("text", r.Finding.Text);
                    if (r.Finding.Remedy.Length > 0)
                        j.WriteString("next", r.Finding.Remedy);
                    else
                        j.WriteNull("next");
                });
            });
        }
        else
        {
            context.Progress($"{Count(Verdict.Ok)} ok, {Count(Verdict.Warning)} warnings, {Count(Verdict.Error)} errors, {Count(Verdict.Skipped)} skipped");
        }

        return Count(Verdict.Error) > 0 || (strict && Count(Verdict.Warning) > 0) ? ExitCodes.CheckErrors : ExitCodes.Ok;
    }

    /// <summary>A check that itself fails is an error of that check, not of the program.</summary>
    private static async Task<Finding> RunOneAsync(Check check, CheckScope scope, CancellationToken cancel)
    {
        try
        {
            return await check.Run(scope, cancel).ConfigureAwait(false);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return Finding.Error($"could not be checked: {failed.Message}", $"edgefl check --dont-run {check.Id}");
        }
    }

    private static void Print(CliContext context, Check check, Finding finding)
    {
        var (word, colour) = finding.Verdict switch
        {
            Verdict.Ok => ("ok     ", Color.Green),
            Verdict.Warning => ("warning", Color.Yellow),
            Verdict.Error => ("error  ", Color.Red),
            _ => ("skipped", Color.Grey),
        };
        context.Console.OutAnsi.Write(new Text(word, new Style(colour)));
        context.Data($"  {check.Id,-12} {finding.Text}");
        if (finding.Remedy.Length > 0)
            context.Data($"         {"",-12} next: {finding.Remedy}");
    }

    private static string DataFolder(CliContext context, Option<string> option, string fleet) =>
        context.Get(option) is { } named ? context.Console.Resolve(named) : Directory.Exists(SystemDataFolder) ? SystemDataFolder : fleet;

    private static CheckScope WithConfig(CheckScope scope, string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            var root = json.RootElement;
            root.TryGetProperty("network", out var network);
            return scope with
            {
                Port = Text(network, "listen") is { } listen && IPEndPoint.TryParse(listen, out var endpoint) ? endpoint.Port : scope.Port,
                Peers = network.ValueKind == JsonValueKind.Object && network.TryGetProperty("peers", out var peers) && peers.ValueKind == JsonValueKind.Array
                    ? peers.EnumerateArray().Select(p => HostPort.Parse(p.GetString()!.Split('=')[^1])).ToList() : [],
                Sensor = root.TryGetProperty("sensor", out var sensor)
                    ? SensorOptions.Parse(System.Text.Encoding.UTF8.GetBytes(sensor.GetRawText()), file) : null,
                SensorFolder = Path.GetDirectoryName(file)!,
            };
        }
        catch (Exception wrong) when (wrong is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException("config-missing", $"{file} does not exist.", "edgefl node add NAME   (makes one)", ExitCodes.Usage);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or SensorException)
        {
            throw new CliException("config-wrong", $"{file}: {wrong.Message}", $"edit {file}", ExitCodes.Usage, wrong);
        }
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
