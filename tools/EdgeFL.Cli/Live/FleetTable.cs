using System.Globalization;
using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Plots;
using EdgeFL.Cli.Report;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeFL.Cli.Live;

/// <summary>
/// The state of a fleet while it works: a table drawn over itself on stderr when that is a terminal, otherwise one plain line every few
/// seconds when something has changed. Nodes and progress may be set from any thread; only the loop of <see cref="RunAsync"/> draws.
/// </summary>
internal sealed class FleetTable(CliConsole console, string title, bool quiet = false)
{
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, FleetNodeState> _nodes = new(NaturalOrder.Instance);
    private FleetProgress _progress = new("");
    private readonly long _start = console.Clock.GetTimestamp();

    /// <summary>Time between two plain lines where stderr is not a terminal. Default five seconds.</summary>
    public TimeSpan PlainLineEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The measure's column title. Default <c>accuracy</c>.</summary>
    public string ScoreTitle { get; init; } = "accuracy";

    /// <summary>How a score is written. Default: a share as a percentage.</summary>
    public Func<double, string> ScoreText { get; init; } =
        score => double.IsFinite(score) ? (score * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %" : ReportNumbers.Missing;

    /// <summary>Sets what is known of a node; from any thread.</summary>
    public void Set(FleetNodeState node)
    {
        lock (_gate)
            _nodes[node.Id] = node;
    }

    /// <summary>Changes what is known of a node, which may not be known yet; from any thread.</summary>
    public void Change(string id, Func<FleetNodeState, FleetNodeState> change)
    {
        lock (_gate)
            _nodes[id] = change(_nodes.GetValueOrDefault(id) ?? new FleetNodeState(id));
    }

    /// <summary>Takes a node out; from any thread.</summary>
    public void Remove(string id)
    {
        lock (_gate)
            _nodes.Remove(id);
    }

    /// <summary>Sets the progress of the whole; from any thread.</summary>
    public void Progress(string text, double done = double.NaN)
    {
        lock (_gate)
            _progress = new FleetProgress(text, done);
    }

    /// <summary>The nodes known now, in natural order of their names.</summary>
    public IReadOnlyList<FleetNodeState> Nodes
    {
        get
        {
            lock (_gate)
                return [.. _nodes.Values];
        }
    }

    /// <summary>Draws until cancelled, then once more, and returns without an exception.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        if (quiet)
            await Wait(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(false);
        else if (console.ErrIsTerminal && console.ErrAnsi.Profile.Capabilities.Ansi)
            await DrawAsync(cancel).ConfigureAwait(false);
        else
            await PrintAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Runs the work with the table beside it: the table ends when the work does, however it ends.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        using var done = new CancellationTokenSource();
        var drawing = RunAsync(done.Token);
        try
        {
            return await work(cancel).ConfigureAwait(false);
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await drawing.ConfigureAwait(false);
        }
    }

    /// <summary>One line that says it all, for logs and pipes.</summary>
    public string PlainLine()
    {
        FleetProgress progress;
        List<FleetNodeState> nodes;
        lock (_gate)
            (progress, nodes) = (_progress, [.. _nodes.Values]);
        var parts = new List<string> { ReportNumbers.Seconds(Elapsed.TotalSeconds) };
        if (progress.Text.Length > 0)
            parts.Add(progress.Text);
        if (double.IsFinite(progress.Done))
            parts.Add(((int)(Math.Clamp(progress.Done, 0, 1) * 100)).ToString(CultureInfo.InvariantCulture) + " %");
        parts.Add($"{nodes.Count} node{(nodes.Count == 1 ? "" : "s")}");
        parts.AddRange(nodes.GroupBy(n => n.State).Where(g => g.Key.Length > 0).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(4).Select(g => $"{g.Count()} {g.Key}"));
        var (low, high) = (nodes.Where(n => n.Round >= 0).Select(n => n.Round).DefaultIfEmpty(-1).Min(),
            nodes.Select(n => n.Round).DefaultIfEmpty(-1).Max());
        if (high >= 0)
            parts.Add(low == high ? $"round {high}" : $"rounds {low} to {high}");
        var scores = nodes.Select(n => n.Accuracy).Where(double.IsFinite).ToList();
        if (scores.Count > 0)
            parts.Add($"{ScoreTitle} {ScoreText(scores.Average())}");
        var rejected = nodes.Sum(n => Math.Max(0, n.Rejected));
        if (rejected > 0)
            parts.Add($"{rejected} refused");
        return string.Join(", ", parts);
    }

    /// <summary>The table with its progress line.</summary>
    /// <param name="rowsMax">Rows to show at most; the rest is counted in the last one.</param>
    public IRenderable Render(int rowsMax = int.MaxValue)
    {
        FleetProgress progress;
        List<FleetNodeState> nodes;
        lock (_gate)
            (progress, nodes) = (_progress, [.. _nodes.Values]);
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape(title), new Style(decoration: Decoration.Bold)) };
        table.BorderColor(Color.Grey);
        foreach (var column in (string[])["node", "state", "round", "loss", ScoreTitle, "peers", "received", "sent", "refused"])
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).NoWrap());
        foreach (var column in table.Columns.Skip(2))
            column.RightAligned();
        var cut = nodes.Count > rowsMax ? Math.Max(1, rowsMax - 1) : nodes.Count;
        foreach (var node in nodes.Take(cut))
            table.AddRow(Row(node));
        if (cut < nodes.Count)
            table.AddRow(new Text($"… {nodes.Count - cut} more", new Style(Color.Grey)));
        if (nodes.Count == 0)
            table.AddRow(new Text("no node yet", new Style(Color.Grey)));
        return new Rows(table, ProgressLine(progress));
    }

    private TimeSpan Elapsed => console.Clock.GetElapsedTime(_start);

    private IRenderable[] Row(FleetNodeState node)
    {
        var round = node.Round < 0 ? ReportNumbers.Missing : node.Rounds > 0 ? $"{node.Round}/{node.Rounds}" : node.Round.ToString(CultureInfo.InvariantCulture);
        return
        [
            new Text(node.Id),
            new Text(node.State.Length == 0 ? ReportNumbers.Missing : node.State, StateStyle(node.State)),
            new Text(round),
            new Text(ReportNumbers.Figures(node.Loss)),
            new Text(ScoreText(node.Accuracy)),
            new Text(Count(node.Peers)),
            new Text(node.BytesIn < 0 ? ReportNumbers.Missing : PlotScale.Bytes(node.BytesIn)),
            new Text(node.BytesOut < 0 ? ReportNumbers.Missing : PlotScale.Bytes(node.BytesOut)),
            new Text(Count(node.Rejected), node.Rejected > 0 ? new Style(Color.Yellow) : Style.Plain),
        ];
    }

    private IRenderable ProgressLine(FleetProgress progress)
    {
        var time = ReportNumbers.Seconds(Elapsed.TotalSeconds);
        var bar = "";
        if (double.IsFinite(progress.Done))
        {
            const int wide = 24;
            var full = (int)Math.Round(Math.Clamp(progress.Done, 0, 1) * wide);
            bar = new string('━', full) + new string('─', wide - full) + $" {Math.Clamp(progress.Done, 0, 1) * 100:0} %  ";
        }

        return new Text($" {bar}{(progress.Text.Length > 0 ? progress.Text + "  " : "")}{time}");
    }

    private async Task DrawAsync(CancellationToken cancel)
    {
        await console.ErrAnsi.Live(Render(RowsMax())).AutoClear(false).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom)
            .StartAsync(async live =>
            {
                while (await Wait(FrameTime, cancel).ConfigureAwait(false))
                    live.UpdateTarget(Render(RowsMax()));
                live.UpdateTarget(Render(RowsMax()));
            }).ConfigureAwait(false);
    }

    private async Task PrintAsync(CancellationToken cancel)
    {
        while (await Wait(PlainLineEvery, cancel).ConfigureAwait(false))
            console.Err.WriteLine(PlainLine());
        console.Err.WriteLine(PlainLine());
    }

    /// <summary>Waits; false when cancelled.</summary>
    private async Task<bool> Wait(TimeSpan time, CancellationToken cancel)
    {
        await Task.Delay(time, console.Clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancel.IsCancellationRequested;
    }

    // Title, three lines of frame, the head, progress and a line to spare.
    private int RowsMax() => Math.Max(3, console.ErrAnsi.Profile.Height - 8);

    private static string Count(long value) => value < 0 ? ReportNumbers.Missing : value.ToString(CultureInfo.InvariantCulture);

    private static Style StateStyle(string state) => state switch
    {
        "online" or "training" or "done" or "learning" or "ready" => new Style(Color.Green),
        "offline" or "failed" or "stopped" or "lost" => new Style(Color.Red),
        "" => Style.Plain,
        _ => new Style(Color.Yellow),
    };
}

/// <summary>Names in the order people expect: <c>node-2</c> before <c>node-10</c>.</summary>
internal sealed class NaturalOrder : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static NaturalOrder Instance { get; } = new();

    /// <inheritdoc />
    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x, b = y;
        while (!a.IsEmpty && !b.IsEmpty)
        {
            if (char.IsAsciiDigit(a[0]) && char.IsAsciiDigit(b[0]))
            {
                var p = Digits(ref a);
                var q = Digits(ref b);
                var order = p.Length != q.Length ? p.Length.CompareTo(q.Length) : p.SequenceCompareTo(q);
                if (order != 0)
                    return order;
                continue;
            }

            if (a[0] != b[0])
                return a[0].CompareTo(b[0]);
            a = a[1..];
            b = b[1..];
        }

        var rest = a.Length.CompareTo(b.Length);
        return rest != 0 ? rest : string.CompareOrdinal(x, y);
    }

    private static ReadOnlySpan<char> Digits(ref ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        var digits = end < 0 ? text : text[..end];
        text = text[digits.Length..];
        return digits.TrimStart('0');
    }
}
