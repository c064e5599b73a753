using System.Net;
using EdgeFL.Cli.Commands;
using EdgeFL.Cli.Fleet;

namespace EdgeFL.Cli.Checks;

/// <summary>How a check came out.</summary>
internal enum Verdict
{
    /// <summary>Good.</summary>
    Ok,

    /// <summary>Works, but somebody should look at it.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Error,

    /// <summary>Not run: there is nothing to check, or it was told not to.</summary>
    Skipped,
}

/// <summary>A check's outcome: what was seen, and for warnings and errors the next command.</summary>
internal sealed record Finding(Verdict Verdict, string Text, string Remedy = "")
{
    /// <summary>Good.</summary>
    public static Finding Ok(string text) => new(Verdict.Ok, text);

    /// <summary>Works, but.</summary>
    public static Finding Warn(string text, string remedy) => new(Verdict.Warning, text, remedy);

    /// <summary>Does not work.</summary>
    public static Finding Error(string text, string remedy) => new(Verdict.Error, text, remedy);

    /// <summary>Nothing to check.</summary>
    public static Finding Skip(string text) => new(Verdict.Skipped, text);
}

/// <summary>One check. <paramref name="Id"/> is what <c>--dont-run</c> takes and never changes.</summary>
internal sealed record Check(string Id, string Title, Func<CheckScope, CancellationToken, Task<Finding>> Run)
{
    /// <summary>A check that needs no waiting.</summary>
    public static Check Of(string id, string title, Func<CheckScope, Finding> run) => new(id, title, (scope, _) => Task.FromResult(run(scope)));
}

/// <summary>What the checks look at.</summary>
internal sealed record CheckScope(FleetFolder Fleet, string DataFolder, DateTimeOffset Now, TimeSpan Timeout)
{
    /// <summary>Where the node listens; null when it uses an outside broker.</summary>
    public IPEndPoint? Listen { get; init; } = new(IPAddress.Any, HostPort.DefaultPort);

    /// <summary>Interfaces to look on; empty for all but loopback.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Nodes that must answer.</summary>
    public IReadOnlyList<HostPort> Peers { get; init; } = [];

    /// <summary>The device whose configuration was named, or null.</summary>
    public DeviceScope? Device { get; init; }

    /// <summary>The machine's files; a test gives its own tree.</summary>
    public string Root { get; init; } = "/";
}
