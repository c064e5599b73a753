using System.Diagnostics;

namespace EdgeFL.Cli.Tests;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("edgefl no", "node")]
    [InlineData("edgefl node ", "add ls")]
    [InlineData("edgefl node add x --sen", "--sensor")]
    [InlineData("edgefl node add --sensor ", "host replay simulated")]
    [InlineData("edgefl node add --sensor si", "simulated")]
    [InlineData("edgefl completion ", "bash fish zsh")]
    [InlineData("edgefl --json ca ", "init")]
    [InlineData("edgefl ca init --fleet node ", "")]
    public async Task Bash_CommandLine_CompletesToWords(string line, string expected)
    {
        using var folder = new TemporaryFolder();
        var script = await Script("bash", folder);
        // What readline does: words, the word under the cursor, then the function.
        var words = line.Split(' ');
        var quoted = string.Join(' ', words.Select(w => $"'{w}'"));
        var answer = await Shell("bash", "--norc", "-c",
            $"set -e; cd {folder.Path}/empty; source {script}; COMP_WORDS=({quoted}); COMP_CWORD={words.Length - 1}; COMP_LINE='{line}'; _edgefl || true; printf '%s\\n' \"${{COMPREPLY[@]}}\"");

        Assert.Equal(expected, string.Join(' ', answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Bash_Script_SourcesSilentlyUnderStrictSettings()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("registered\n", await Shell("bash", "--norc", "-c",
            $"set -eu; source {await Script("bash", folder)}; complete -p edgefl >/dev/null && echo registered"));
    }

    [Theory]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public async Task OtherShells_Script_HasNoSyntaxError(string shell, string check)
    {
        using var folder = new TemporaryFolder();
        var script = await Script(shell, folder);
        Assert.Contains("simulated", await File.ReadAllTextAsync(script), StringComparison.Ordinal);
        if (IsInstalled(shell))
            Assert.Empty(await Shell(shell, check, script));
        else
            Assert.Equal("bash", IsInstalled("bash") ? "bash" : "none"); // without the shell only the text can be looked at
    }

    [Fact]
    public async Task Fish_CommandLine_CompletesToWords()
    {
        using var folder = new TemporaryFolder();
        var script = await Script("fish", folder);
        if (!IsInstalled("fish"))
            return;
        var answer = await Shell("fish", "--no-config", "-c", $"source {script}; complete -C 'edgefl node '; complete -C 'edgefl node add --sensor '");
        Assert.Equal(["add", "host", "ls", "replay", "simulated"],
            answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0]).Order(StringComparer.Ordinal));
    }

    private static async Task<string> Script(string shell, TemporaryFolder folder)
    {
        var run = await CliRun.Of("completion", shell);
        Assert.Equal(0, run.Exit);
        Assert.Empty(run.Err);
        Directory.CreateDirectory(folder["empty"]);
        await File.WriteAllTextAsync(folder["script"], run.Out);
        return folder["script"];
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, program)));

    private static async Task<string> Shell(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["HOME"] = Path.GetTempPath();
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal("", await error);
        Assert.Equal(0, process.ExitCode);
        return await output;
    }
}
