using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Tests;

/// <summary>One command line run inside the test's process, with strings for its streams and a folder of its own.</summary>
internal sealed record CliRun(int Exit, string Out, string Err)
{
    public static async Task<CliRun> Of(string folder, string[] args, string? input = null, CancellationToken cancel = default,
        TimeProvider? clock = null, Dictionary<string, string>? environment = null, int limitSeconds = 60)
    {
        var output = new StringWriter();
        var errorText = new StringWriter();
        var console = new CliConsole
        {
            Out = output,
            Err = TextWriter.Synchronized(errorText),
            In = new StringReader(input ?? ""),
            InIsTerminal = input is not null,
            WorkingFolder = folder,
            Clock = clock ?? TimeProvider.System,
            Environment = name => environment?.GetValueOrDefault(name),
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(limitSeconds));
        var exit = await CommandLine.RunAsync(args, console, limit.Token);
        return new CliRun(exit, output.ToString(), errorText.ToString());
    }

    public static Task<CliRun> Of(params string[] args) => Of(Path.GetTempPath(), args);
}

/// <summary>A folder that ends with its test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edgefl-cli-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
