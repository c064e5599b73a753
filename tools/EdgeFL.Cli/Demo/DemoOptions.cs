namespace EdgeFL.Cli.Demo;

/// <summary>What a demonstration is asked to do.</summary>
internal sealed record DemoOptions
{
    /// <summary>Agents, 2 to 64.</summary>
    public int Nodes { get; init; } = 10;

    /// <summary><c>replay</c>, <c>host</c> or <c>simulated</c>.</summary>
    public string Sensor { get; init; } = "simulated";

    /// <summary>Folder of recordings, for <c>replay</c>.</summary>
    public string? Data { get; init; }

    /// <summary>Model name or file; null takes the sensor's own.</summary>
    public string? Model { get; init; }

    /// <summary>Rounds each agent makes.</summary>
    public int Rounds { get; init; }

    /// <summary>Minibatch steps in a round.</summary>
    public int StepsPerRound { get; init; }

    /// <summary><c>embedded</c>, or an outside broker's URL.</summary>
    public string Broker { get; init; } = "embedded";

    /// <summary>Seed of all that is drawn.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Folder that keeps the fleet and the report; null for one under the temporary folder.</summary>
    public string? Keep { get; init; }

    /// <summary>Milliseconds between two minibatch steps of an agent.</summary>
    public int TickMs { get; init; }

    /// <summary>Agents killed with -9 at half of the rounds and restarted five seconds later.</summary>
    public int Kill { get; init; }

    /// <summary>The agent's binary; null looks for it.</summary>
    public string? Agent { get; init; }

    /// <summary>Network interface that everything is bound to.</summary>
    public string Interface { get; init; } = "lo";
}
