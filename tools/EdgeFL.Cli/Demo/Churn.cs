using System.Diagnostics;
using EdgeFL.Cli.Nodes;
using EdgeFL.Identity;

namespace EdgeFL.Cli.Demo;

/// <summary>Cuts the power of some agents at half of the rounds and gives it back five seconds later.</summary>
internal sealed class Churn(int count, DemoPlan plan, DemoFleet fleet, DemoMonitor monitor, Stopwatch clock)
{
    private const double DownSeconds = 5;

    private enum Stage
    {
        Before,
        Down,
        Returning,
        Over,
    }

    private Stage stage = count > 0 ? Stage.Before : Stage.Over;
    private double since;
    private readonly Dictionary<int, string?> boots = [];

    /// <summary>Whether it has something left to do.</summary>
    public bool IsUnderWay => stage != Stage.Over;

    /// <summary>Seconds from the restart until the last of them learned, or was done, within eight rounds of the others; NaN when none was killed.</summary>
    public double RejoinSeconds { get; private set; } = double.NaN;

    /// <summary>Whether an agent is down on purpose.</summary>
    public bool IsDown(int agent) => stage == Stage.Down && IsVictim(agent);

    /// <summary>Does what is due.</summary>
    /// <param name="meanRound">Where the fleet stands.</param>
    public void Step(double meanRound)
    {
        double now = clock.Elapsed.TotalSeconds;
        switch (stage)
        {
            case Stage.Before when meanRound >= plan.Rounds / 2.0:
                foreach (int victim in Victims())
                    boots[victim] = monitor.Of(fleet.Nodes[victim])?.InfoText("boot");
                ForEach(agent => agent.Kill());
                (stage, since) = (Stage.Down, now);
                break;
            case Stage.Down when now - since >= DownSeconds:
                ForEach(agent => agent.Start());
                (stage, since) = (Stage.Returning, now);
                break;
            case Stage.Returning when Victims().All(HasCaughtUp):
                RejoinSeconds = now - since;
                stage = Stage.Over;
                break;
        }
    }

    private bool HasCaughtUp(int agent)
    {
        NodeReport? report = monitor.Of(fleet.Nodes[agent]);
        // What it said before it was killed does not count: the boot number tells.
        if (report is null || report.InfoText("boot") is not { Length: > 0 } boot || boot == boots[agent] || report.State is not ("training" or "done"))
            return false;
        double others = fleet.Nodes.Where((_, i) => !IsVictim(i)).Select(node => monitor.Of(node)?.TrainNumber("round") ?? 0).DefaultIfEmpty(0).Average();
        return report.TrainNumber("peers") >= 1 && others - report.TrainNumber("round") <= 8;
    }

    private IEnumerable<int> Victims() => Enumerable.Range(0, fleet.Nodes.Count).Where(IsVictim);

    // Those in the middle: neither the first nor the last to be found.
    private bool IsVictim(int agent) => agent >= fleet.Nodes.Count / 2 && agent < fleet.Nodes.Count / 2 + count;

    private void ForEach(Action<AgentProcess> action)
    {
        foreach (int victim in Victims())
            action(fleet.Agents[victim]);
    }
}
