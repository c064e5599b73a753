using System.CommandLine;
using System.Text.Json;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Tests;

public sealed class CommandLineTests
{
    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    [Fact]
    public async Task Version_Asked_IsTheOnlyOutput()
    {
        var run = await CliRun.Of("--version");

        Assert.Equal(0, run.Exit);
        Assert.Matches(@"^edgefl \d+\.\d+\.\d+\S*\n$", run.Out);
        Assert.Empty(run.Err);
        Assert.Equal("""{"version":""", (await CliRun.Of("--version", "--json")).Out[..11]);
    }

    [Fact]
    public async Task Help_OfEveryCommand_TeachesWithExamplesThatParse()
    {
        var root = CommandTree.Build();
        foreach (var command in All(root).Where(c => c is CliCommand { Body: not null }))
        {
            var path = CommandLine.PathOf(command).Split(' ').Skip(1).ToArray();
            var run = await CliRun.Of([.. path, "--help"]);

            Assert.Equal(0, run.Exit);
            Assert.Empty(run.Err);
            Assert.Contains("Examples:", run.Out, StringComparison.Ordinal);
            foreach (var example in ((CliCommand)command).Examples)
            {
                var words = example.Line.Split(["source <(", ")", " > ", " | "], StringSplitOptions.RemoveEmptyEntries)[0].Split(' ');
                Assert.Equal("edgefl", words[0]);
                var parse = root.Parse(words[1..]);
                Assert.True(parse.Errors.Count == 0, $"{example.Line}: {string.Join(" ", parse.Errors)}");
                Assert.Same(command.Name, parse.CommandResult.Command.Name);
            }
        }
    }

    [Fact]
    public async Task Help_OfTheProgram_ListsEveryCommandOnStdout()
    {
        foreach (string[] args in (string[][])[[], ["--help"], ["-h"]])
        {
            var run = await CliRun.Of(args);
            Assert.Equal(0, run.Exit);
            foreach (var command in CommandTree.Build().Subcommands)
                Assert.Contains($"\n  {command.Name} ", run.Out, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("unknown-command", "edgefl init", "inti")]
    [InlineData("unknown-command", "edgefl --help", "zzzzzzzz")]
    [InlineData("unknown-option", "edgefl node add --days", "node", "add", "a", "--dais", "3")]
    [InlineData("unknown-option", "edgefl node add --dry-run", "node", "add", "a", "--dry-rum")]
    [InlineData("command-missing", "edgefl ca --help", "ca")]
    [InlineData("bad-usage", "edgefl completion --help", "completion", "tcsh")]
    [InlineData("bad-usage", "edgefl node add --help", "node", "add")]
    [InlineData("bad-usage", "edgefl discover --help", "discover", "--timeout", "soon")]
    [InlineData("bad-name", "edgefl node add kuche", "node", "add", "Kuche")]
    public async Task Usage_Wrong_EndsWithTwoAndTheNextCommand(string code, string next, params string[] args)
    {
        using var folder = new TemporaryFolder();

        var run = await CliRun.Of(folder.Path, args);
        var json = await CliRun.Of(folder.Path, [.. args, "--json"]);

        Assert.Equal(2, run.Exit);
        Assert.Empty(run.Out);
        Assert.StartsWith($"error [{code}]: ", run.Err, StringComparison.Ordinal);
        Assert.Contains($"\n next: {next}", run.Err, StringComparison.Ordinal);
        Assert.Equal(2, json.Exit);
        Assert.Empty(json.Out);
        using var error = JsonDocument.Parse(json.Err);
        var fields = error.RootElement.GetProperty("error");
        Assert.Equal(["code", "cause", "remedy", "exit"], fields.EnumerateObject().Select(p => p.Name));
        Assert.Equal(code, fields.GetProperty("code").GetString());
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Action_ThatFails_MapsToItsExitCodeWithoutAStackTrace()
    {
        (Exception Thrown, int Exit, string Code)[] cases =
        [
            (new CliException("gone", "It is gone.", "look again", ExitCodes.Unreachable), 4, "gone"),
            (new UnauthorizedAccessException("Access to /x is denied."), 5, "permission-denied"),
            (new IOException("disk full"), 1, "input-output"),
            (new Identity.IdentityException("identity-key-mode", "too open", "chmod 600 key"), 5, "identity-key-mode"),
            (new InvalidOperationException("surprise"), 1, "internal"),
        ];
        foreach (var (thrown, exit, code) in cases)
        {
            var run = await RunBody((_, _) => throw thrown);
            Assert.Equal(exit, run.Exit);
            Assert.Contains($"[{code}]", run.Err, StringComparison.Ordinal);
            Assert.Contains(" next: ", run.Err, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", run.Err, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Action_Cancelled_StopsCleanly()
    {
        using var ctrlC = new CancellationTokenSource();
        var run = await RunBody(async (_, cancel) =>
        {
            await ctrlC.CancelAsync();
            await Task.Delay(TimeSpan.FromSeconds(30), cancel);
            return 0;
        }, ctrlC.Token);

        Assert.Equal(130, run.Exit);
        Assert.Equal("Stopped.\n", run.Err);
    }

    [Fact]
    public async Task Ask_WithoutATerminal_NeverWaits()
    {
        var defaulted = await RunBody((context, _) => Task.FromResult(context.Ask("Which", "this", "--which X") == "this" ? 0 : 1));
        var refused = await RunBody((context, _) => Task.FromResult(context.Ask("Which", null, "--which X").Length));

        Assert.Equal(0, defaulted.Exit);
        Assert.Empty(defaulted.Err);
        Assert.Equal(2, refused.Exit);
        Assert.Contains("--which X", refused.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("5s", 5000)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1.5", 1500)]
    [InlineData("0", -1)]
    [InlineData("-3s", -1)]
    [InlineData("s", -1)]
    [InlineData("", -1)]
    [InlineData("25h", -1)]
    [InlineData("1e3s", -1)]
    public void Duration_Text_IsReadOrRefused(string text, double ms) =>
        Assert.Equal(ms, GlobalOptions.TryParseDuration(text, out var value) ? value.TotalMilliseconds : -1);

    [Theory]
    [InlineData("host", "host:8883")]
    [InlineData("10.0.0.1:1883", "10.0.0.1:1883")]
    [InlineData("[fe80::1%eth0]:9", "[fe80::1%eth0]:9")]
    [InlineData("[::1]", "[::1]:8883")]
    [InlineData("fe80::1", null)]
    [InlineData("a:b", null)]
    [InlineData(":1", null)]
    [InlineData("a:", null)]
    [InlineData("a:0", null)]
    [InlineData("a:65536", null)]
    [InlineData("[::1", null)]
    [InlineData("a b:1", null)]
    public void Address_Text_IsReadOrRefused(string text, string? expected)
    {
        if (expected is null)
            Assert.Equal("bad-address", Assert.Throws<CliException>(() => HostPort.Parse(text)).Code);
        else
            Assert.Equal(expected, HostPort.Parse(text).ToString());
    }

    [Theory]
    [InlineData("NO_COLOR", "1", false)]
    [InlineData("NO_COLOR", "", true)]
    [InlineData("TERM", "dumb", false)]
    [InlineData("TERM", "xterm-256color", true)]
    public void Colour_FollowsTheEnvironment(string variable, string value, bool expected)
    {
        var error = new StringWriter();
        var console = new CliConsole
        {
            Out = new StringWriter(), Err = error, ErrIsTerminal = true,
            Environment = name => name == variable ? value : name == "TERM" ? "xterm-256color" : null,
        };
        CommandLine.Report(new CliException("x", "cause", "remedy"), console, json: false);

        Assert.Equal(expected, console.Color);
        Assert.Equal(expected, error.ToString().Contains("\u001b[1;", StringComparison.Ordinal) || error.ToString().Contains("38;5", StringComparison.Ordinal));
        if (!expected)
            Assert.DoesNotMatch("\u001b\\[[0-9;]*3[0-9]", error.ToString());
    }

    private static async Task<CliRun> RunBody(Func<CliContext, CancellationToken, Task<int>> body, CancellationToken cancel = default)
    {
        var root = new RootCommand { GlobalOptions.Json(), GlobalOptions.Quiet() };
        root.Add(new CliCommand("do", "Does").Runs(body));
        var (output, error) = (new StringWriter(), new StringWriter());
        var exit = await CommandLine.RunAsync(root, ["do"], new CliConsole { Out = output, Err = error }, cancel);
        return new CliRun(exit, output.ToString(), error.ToString());
    }
}
