using EdgeFL.Cli.Framework;
using EdgeFL.Cli.Live;
using Spectre.Console;

namespace EdgeFL.Cli.Tests;

public sealed class FleetTableTests
{
    private static (CliConsole Console, StringWriter Err) Terminal(bool isTerminal)
    {
        var error = new StringWriter();
        return (new CliConsole
        {
            Out = new StringWriter(), Err = error, ErrIsTerminal = isTerminal,
            Environment = name => name switch { "TERM" => "xterm-256color", "COLUMNS" => "120", "LINES" => "30", _ => null },
        }, error);
    }

    private static string Text(FleetTable table, int rows = int.MaxValue)
    {
        var writer = new StringWriter();
        var console = new CliConsole { Out = writer, Err = TextWriter.Null };
        console.OutAnsi.Write(table.Render(rows));
        return writer.ToString();
    }

    [Fact]
    public void Render_OfNodes_ShowsEachInNaturalOrderWithDashesForTheUnknown()
    {
        var table = new FleetTable(Terminal(false).Console, "Fleet [home]");
        table.Set(new FleetNodeState("n-10") { State = "training", Round = 3, Rounds = 30, Loss = 0.4567, Accuracy = 0.812, Peers = 4, BytesIn = 13_965, BytesOut = 5_400_000, Rejected = 2 });
        table.Set(new FleetNodeState("n-9"));
        table.Progress("round 3 of 30", 0.1);

        var text = Text(table);

        Assert.Contains("Fleet [home]", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("n-9", StringComparison.Ordinal) < text.IndexOf("n-10", StringComparison.Ordinal));
        foreach (var part in (string[])["training", "3/30", "0.457", "81.2 %", "14 kB", "5.4 MB", "round 3 of 30", "10 %", "–"])
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_OfMoreNodesThanRows_CountsTheRest()
    {
        var table = new FleetTable(Terminal(false).Console, "t");
        for (var i = 0; i < 50; i++)
            table.Set(new FleetNodeState($"n-{i}"));

        var text = Text(table, rows: 10);

        Assert.Contains("n-8", text, StringComparison.Ordinal);
        Assert.DoesNotContain("n-9 ", text, StringComparison.Ordinal);
        Assert.Contains("… 41 more", text, StringComparison.Ordinal);
    }

    [Fact]
    public void PlainLine_OfAFleet_SaysItAllInOne()
    {
        var table = new FleetTable(Terminal(false).Console, "t");
        Assert.Contains("0 nodes", table.PlainLine(), StringComparison.Ordinal);
        table.Progress("learning", 0.5);
        table.Set(new FleetNodeState("a") { State = "training", Round = 3, Accuracy = 0.6 });
        table.Set(new FleetNodeState("b") { State = "training", Round = 5, Accuracy = 0.8, Rejected = 3 });
        table.Set(new FleetNodeState("c") { State = "offline" });
        table.Change("c", n => n with { Peers = 1 });

        var line = table.PlainLine();

        Assert.DoesNotContain('\n', line);
        Assert.EndsWith("learning, 50 %, 3 nodes, 2 training, 1 offline, rounds 3 to 5, accuracy 70.0 %, 3 refused", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutATerminal_WritesPlainLinesAndEndsWithTheWork()
    {
        var (console, error) = Terminal(isTerminal: false);
        var table = new FleetTable(console, "t") { PlainLineEvery = TimeSpan.FromMilliseconds(20) };

        var result = await table.RunAsync(async _ =>
        {
            for (var i = 0; i < 500 && error.ToString().Split('\n').Length < 3; i++)
                await Task.Delay(10);
            table.Progress("finished");
            return 7;
        }, CancellationToken.None);

        Assert.Equal(7, result);
        var lines = error.ToString().TrimEnd('\n').Split('\n');
        Assert.True(lines.Length >= 3);
        Assert.Contains("finished", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.ToString());
    }

    [Fact]
    public async Task Run_OnATerminal_DrawsOverItselfAndLeavesTheLastState()
    {
        var (console, error) = Terminal(isTerminal: true);
        var table = new FleetTable(console, "t");
        table.Set(new FleetNodeState("first") { State = "training" });

        await Assert.ThrowsAsync<InvalidOperationException>(() => table.RunAsync<int>(_ =>
        {
            table.Set(new FleetNodeState("last") { State = "done" });
            throw new InvalidOperationException("the work failed");
        }, CancellationToken.None));

        Assert.Contains("\u001b[", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("last", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("\u001b[?25h", error.ToString(), StringComparison.Ordinal); // the cursor is back
    }

    [Fact]
    public async Task Run_Quiet_WritesNothing()
    {
        var (console, error) = Terminal(isTerminal: false);
        await new FleetTable(console, "t", quiet: true).RunAsync(_ => Task.FromResult(0), CancellationToken.None);
        Assert.Empty(error.ToString());
    }

    [Theory]
    [InlineData("a", "b", -1)]
    [InlineData("n2", "n10", -1)]
    [InlineData("n10", "n10", 0)]
    [InlineData("n1a", "n1b", -1)]
    [InlineData("n1", "n1a", -1)]
    [InlineData("2", "10", -1)]
    [InlineData("n-9-1", "n-10-0", -1)]
    public void NaturalOrder_ComparesNumbersByValue(string a, string b, int sign)
    {
        Assert.Equal(sign, Math.Sign(NaturalOrder.Instance.Compare(a, b)));
        Assert.Equal(-sign, Math.Sign(NaturalOrder.Instance.Compare(b, a)));
        Assert.NotEqual(0, NaturalOrder.Instance.Compare("n01", "n1")); // different names are never the same key
    }
}
