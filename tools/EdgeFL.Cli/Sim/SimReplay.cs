using System.Security.Cryptography;
using EdgeFL.Cli.Framework;
using EdgeFL.Node.Recording;
using EdgeFL.Simulation.Replay;
using Spectre.Console;

namespace EdgeFL.Cli.Sim;

/// <summary>Gives simulated nodes what agents recorded (<c>edgefl-agent --record</c>), and holds what both came to against each other.</summary>
internal static class SimReplay
{
    /// <summary>Ending of the files that are taken from a folder.</summary>
    public const string Ending = ".record";

    private sealed record Outcome(string File, ReplayResult Result)
    {
        public string Name => Result.Node?.Options.Node.Value ?? Path.GetFileName(File);
    }

    /// <summary>Replays recordings.</summary>
    /// <param name="paths">Files, and folders of them.</param>
    /// <param name="threads">Recordings at a time.</param>
    /// <returns>Exit code.</returns>
    /// <exception cref="CliException">There is no recording.</exception>
    public static async Task<int> RunAsync(IReadOnlyList<string> paths, int threads, CliContext context, CancellationToken cancel)
    {
        string[] files = [.. paths.SelectMany(path => FilesOf(context.Console.Resolve(path))).Distinct(StringComparer.Ordinal)];
        var outcomes = new Outcome[files.Length];
        await Parallel.ForAsync(0, files.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel }, (i, stop) =>
        {
            using FileStream file = File.OpenRead(files[i]);
            outcomes[i] = new Outcome(files[i], NodeReplay.Run(file, stop));
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        outcomes = [.. outcomes.OrderBy(outcome => outcome.Name, StringComparer.Ordinal).ThenBy(outcome => outcome.Result.Node?.Options.BootEpoch)];
        bool identical = outcomes.All(outcome => outcome.Result.IsIdentical);
        string hash = HashOf(outcomes);
        foreach (Outcome outcome in outcomes.Where(outcome => !outcome.Result.IsIdentical))
            context.Warn($"{outcome.File}: {Why(outcome.Result)}");
        if (context.Json)
            context.Data(Json(outcomes, identical, hash));
        else
            Print(outcomes, identical, hash, context);
        return identical ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private static string[] FilesOf(string path)
    {
        if (File.Exists(path))
            return [path];
        string[] found = Directory.Exists(path) ? Directory.GetFiles(path, "*" + Ending, SearchOption.AllDirectories) : [];
        return found.Length > 0 ? found
            : throw new CliException("recording-missing", $"{path} is no recording, and no folder of files that end with {Ending}.", $"edgefl-agent --config agent.json --record node{Ending}", ExitCodes.Usage);
    }

    /// <summary>As simulated fleets are hashed: SHA-256 over the parameters of all nodes, in the order of their ids.</summary>
    private static string HashOf(IEnumerable<Outcome> outcomes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Outcome outcome in outcomes)
            hash.AppendData(outcome.Result.Parameters.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Why(ReplayResult result)
    {
        string at = FormattableString.Invariant($"at byte {result.Offset}{(result.Why.Length > 0 ? ": " : "")}{result.Why}");
        string inputs = FormattableString.Invariant($"after {result.Inputs} inputs");
        return result.Error switch
        {
            RecordingError.NotARecording => "this is no recording of a node's inputs.",
            RecordingError.UnknownVersion => $"this recording is of another version; this program reads {RecordingFormat.Version}.",
            RecordingError.Truncated => $"the recording was cut {inputs}, {at}; what it came to is not in it.",
            RecordingError.Damaged => $"the recording is damaged {inputs}: a checksum does not fit its record, {at}.",
            RecordingError.Malformed => $"the recording is damaged {inputs}: no recorder writes what stands {at}.",
            _ => "the replayed node came to another model, round or phase than the recorded one.",
        };
    }

    private static string Json(IReadOnlyList<Outcome> outcomes, bool identical, string hash) => JsonText.Line(json =>
    {
        json.WriteString("schema", "edgefl.sim-replay/1");
        json.WriteNumber("nodes", outcomes.Count);
        json.WriteBoolean("identical", identical);
        json.WriteString("hash", hash);
        json.WriteObjects("each", outcomes, (one, outcome) =>
        {
            ReplayResult result = outcome.Result;
            one.WriteString("node", outcome.Name);
            one.WriteString("file", outcome.File);
            one.WriteBoolean("identical", result.IsIdentical);
            if (result.Error != RecordingError.None)
            {
                one.WriteString("error", Why(result));
                one.WriteNumber("offset", result.Offset);
            }

            one.WriteNumber("inputs", result.Inputs);
            one.WriteFinite("seconds", result.DurationMs / 1000.0, 3);
            if (result.Replayed is { } replayed)
            {
                one.WriteNumber("round", replayed.Round);
                one.WriteString("phase", PhaseOf(replayed));
                one.WriteString("hash", Convert.ToHexStringLower(replayed.Hash.Span));
            }

            if (result.Recorded is { } recorded)
            {
                one.WriteNumber("recorded_round", recorded.Round);
                one.WriteString("recorded_phase", PhaseOf(recorded));
                one.WriteString("recorded_hash", Convert.ToHexStringLower(recorded.Hash.Span));
            }
        });
    });

    private static void Print(IReadOnlyList<Outcome> outcomes, bool identical, string hash, CliContext context)
    {
        Table table = context.NewTable("node", "inputs", "seconds", "round", "phase", "model (SHA-256)", "identical");
        foreach (Outcome outcome in outcomes)
        {
            ReplayResult result = outcome.Result;
            table.AddRow(
                Cell($"{outcome.Name}"), Cell($"{result.Inputs}"), Cell($"{result.DurationMs / 1000.0:0.0}"), Cell($"{result.Replayed?.Round}"),
                Cell($"{(result.Replayed is { } replayed ? PhaseOf(replayed) : "")}"),
                Cell($"{(result.Replayed is { } end ? Convert.ToHexStringLower(end.Hash.Span[..8]) : "")}"), Cell($"{(result.IsIdentical ? "yes" : "NO")}"));
        }

        context.Data(table);
        context.Data(identical
            ? $"All {outcomes.Count} came to the same bits again; the fleet's hash is {hash}."
            : $"{outcomes.Count(outcome => !outcome.Result.IsIdentical)} of {outcomes.Count} did not come to the same bits again.");

        static Text Cell(FormattableString text) => new(FormattableString.Invariant(text));
    }

    private static string PhaseOf(RecordingEnd end) => end.Phase.ToString().ToLowerInvariant();
}
