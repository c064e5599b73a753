using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>A running agent.</summary>
internal sealed partial class Agent : IDisposable
{
    private readonly Child child;

    private Agent(string folder, Child child)
    {
        Folder = folder;
        this.child = child;
    }

    /// <summary>The node's folder.</summary>
    public string Folder { get; }

    public string Node => Path.GetFileName(Folder);

    /// <summary>All that it has logged.</summary>
    public string Log => child.Errors;

    public string Said => child.Said;

    public bool IsRunning => !child.HasExited;

    /// <summary>Where its broker listens; 0 before it says so.</summary>
    public int Port => Reachable().Match(Log) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;

    /// <param name="folder">The node's folder.</param>
    /// <param name="on">What runs a command where the agent is to run; nothing for this machine.</param>
    /// <param name="more">Further arguments of the agent.</param>
    public static Agent Start(string folder, IReadOnlyList<string>? on = null, params IReadOnlyList<string> more) =>
        new(folder, Child.Start([.. on ?? [], .. Built.AgentCommand, "--config", Path.Combine(folder, "agent.json"), .. more]));

    /// <summary>Waits until it listens.</summary>
    public async Task<int> ListensAsync()
    {
        await Wait.UntilAsync(() => Port > 0 || !IsRunning, $"{Node} listens", () => Said);
        Assert.True(IsRunning, Said);
        return Port;
    }

    /// <summary>Cuts its power.</summary>
    public void Kill() => child.Signal(Child.SigKill);

    /// <summary>Asks it to stop; its exit code.</summary>
    public Task<int> StopAsync(TimeSpan patience)
    {
        child.Signal(Child.SigTerm);
        return child.ExitAsync(patience);
    }

    public Task<int> ExitAsync(TimeSpan patience) => child.ExitAsync(patience);

    public void Dispose() => child.Dispose();

    [GeneratedRegex(@"reachable at mqtts://[\d.]+:(\d+)")]
    private static partial Regex Reachable();
}
