using System.Globalization;

namespace EdgeFL.Simulation;

/// <summary>A time in which groups of nodes cannot reach each other.</summary>
public sealed record NetworkCut
{
    /// <summary>Virtual time it begins, milliseconds.</summary>
    public required long FromMs { get; init; }

    /// <summary>Virtual time it ends, milliseconds.</summary>
    public required long ToMs { get; init; }

    /// <summary>Groups of node numbers from 0, each like <c>0-31</c> or <c>0,2,5-9</c>; who is in none is in a group with the others that are in none.</summary>
    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>Checks times and groups.</summary>
    /// <param name="nodes">Nodes of the fleet.</param>
    /// <exception cref="ArgumentException">Says what is wrong.</exception>
    public void Validate(int nodes)
    {
        SimulationOptions.In("partitions.fromMs", FromMs, 0, 1e12);
        SimulationOptions.In("partitions.toMs", ToMs, FromMs, 1e12);
        SidesOf(nodes);
    }

    /// <summary>The number of each node's group.</summary>
    /// <param name="nodes">Nodes of the fleet.</param>
    /// <exception cref="ArgumentException">A group is no list of node numbers, or two have the same node.</exception>
    internal int[] SidesOf(int nodes)
    {
        var side = new int[nodes];
        for (int group = 0; group < Groups.Count; group++)
        {
            foreach (int i in NodeList.Parse(Groups[group], nodes))
                side[i] = side[i] == 0 ? group + 1 : throw new ArgumentException($"\"partitions.groups\": node {i} is in two groups.");
        }

        return side;
    }
}

/// <summary>Node numbers as they stand in a configuration: <c>0-31</c> or <c>0,2,5-9</c>.</summary>
public static class NodeList
{
    /// <summary>Reads a list.</summary>
    /// <param name="text">The list.</param>
    /// <param name="nodes">Nodes of the fleet.</param>
    /// <exception cref="ArgumentException">It is no such list, or a number is not below <paramref name="nodes"/>.</exception>
    public static IReadOnlyList<int> Parse(string text, int nodes)
    {
        ArgumentNullException.ThrowIfNull(text);
        var list = new List<int>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out int first) || !TryNumber(ends[^1], out int last) || last < first || last >= nodes)
                throw new ArgumentException($"'{text}' is no list of nodes 0 to {nodes - 1} like 0,2,5-9.");
            list.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return list;
        static bool TryNumber(string number, out int value) => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}

/// <summary>Power failures: what a node has not stored is then lost; it starts again from its checkpoint.</summary>
public sealed record ChurnOptions
{
    /// <summary>Mean milliseconds that a node is up, at least 1; exponentially distributed. Default 60,000.</summary>
    public double MeanUpMs { get; init; } = 60_000;

    /// <summary>Mean milliseconds that it is then down, at least 1; exponentially distributed. Default 5,000.</summary>
    public double MeanDownMs { get; init; } = 5_000;

    /// <summary>Share of the nodes that this happens to, 0 to 1. Default 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Virtual time before which nothing fails. Default 0.</summary>
    public long FromMs { get; init; }

    /// <summary>Virtual time after which nothing fails any more. Default: none.</summary>
    public long ToMs { get; init; } = long.MaxValue;

    internal void Validate()
    {
        SimulationOptions.In("churn.meanUpMs", MeanUpMs, 1, 1e9);
        SimulationOptions.In("churn.meanDownMs", MeanDownMs, 1, 1e9);
        SimulationOptions.In("churn.share", Share, 0, 1);
        SimulationOptions.In("churn.fromMs", FromMs, 0, 1e12);
        SimulationOptions.In("churn.toMs", ToMs, FromMs, double.MaxValue);
    }
}

/// <summary>Availability by the hour: each node is on for a part of its day, stops in an orderly way, and goes on from its checkpoint the next day.</summary>
public sealed record DiurnalOptions
{
    /// <summary>Milliseconds of a day, 100 to 1e9. Default 86,400,000.</summary>
    public long PeriodMs { get; init; } = 86_400_000;

    /// <summary>Share of the day that a node is on, 0.01 to 1. Default 0.5.</summary>
    public double OnShare { get; init; } = 0.5;

    /// <summary>Share of the day over which nodes' mornings are spread, 0 to 1. Default 1: at any time as many are on.</summary>
    public double Spread { get; init; } = 1;

    internal void Validate()
    {
        SimulationOptions.In("diurnal.periodMs", PeriodMs, 100, 1e9);
        SimulationOptions.In("diurnal.onShare", OnShare, 0.01, 1);
        SimulationOptions.In("diurnal.spread", Spread, 0, 1);
    }
}

/// <summary>A node's clock leaps forward, as after a suspend.</summary>
public sealed record ClockJump
{
    /// <summary>Number of the node, from 0.</summary>
    public required int Node { get; init; }

    /// <summary>Virtual time of the jump, milliseconds.</summary>
    public required long AtMs { get; init; }

    /// <summary>Milliseconds that the clock leaps by, 1 to 1e9.</summary>
    public required long ByMs { get; init; }

    internal void Validate(int nodes)
    {
        SimulationOptions.In("clockJumps.node", Node, 0, nodes - 1);
        SimulationOptions.In("clockJumps.atMs", AtMs, 0, 1e12);
        SimulationOptions.In("clockJumps.byMs", ByMs, 1, 1e9);
    }
}
