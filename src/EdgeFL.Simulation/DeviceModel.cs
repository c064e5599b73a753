namespace EdgeFL.Simulation;

/// <summary>A kind of device.</summary>
/// <param name="Name">As in a configuration.</param>
/// <param name="Speed">Training speed of one core; a Raspberry Pi 4 is 1.</param>
/// <param name="MemoryBytes">Memory that it has.</param>
/// <remarks>
/// Speeds are estimates from clock rate, vector units and multiply-adds a cycle (Pi Zero 2 W: Cortex-A53 at 1 GHz, one 64-bit FMA pipe; Pi 4: A72 at 1.8 GHz;
/// Pi 5: A76 at 2.4 GHz, two 128-bit pipes; Orin Nano: A78AE at 1.5 GHz, two 128-bit pipes), not measurements.
/// </remarks>
public sealed record DeviceModel(string Name, double Speed, long MemoryBytes)
{
    /// <summary>Those that are known.</summary>
    public static IReadOnlyList<DeviceModel> Known { get; } =
    [
        new("pi-zero-2w", 0.28, 512L << 20),
        new("pi-4", 1, 4L << 30),
        new("pi-5", 2.6, 8L << 30),
        new("orin-nano", 1.7, 8L << 30),
    ];

    /// <summary>Share of a device's memory that a node may take: the rest is the system's.</summary>
    public const double NodeShare = 0.5;

    /// <summary>Checks names and shares.</summary>
    /// <param name="shares">Share of each kind.</param>
    /// <exception cref="ArgumentException">An unknown name, or a share that is not above 0.</exception>
    internal static void Check(IReadOnlyDictionary<string, double> shares)
    {
        foreach ((string name, double share) in shares)
        {
            if (!Known.Any(device => device.Name == name))
                throw new ArgumentException($"\"devices\": there is no '{name}', only {string.Join(", ", Known.Select(device => device.Name))}.");
            SimulationOptions.In($"devices.{name}", share, 1e-6, 1e6);
        }
    }

    /// <summary>Deals devices out to nodes, in the order of <see cref="Known"/>, so that each kind has its share of any stretch of nodes.</summary>
    /// <param name="shares">Share of each kind; they need not sum to 1.</param>
    /// <param name="nodes">How many nodes.</param>
    /// <returns>The device of each node, or null for all where no share is given.</returns>
    public static IReadOnlyList<DeviceModel>? Deal(IReadOnlyDictionary<string, double> shares, int nodes)
    {
        if (shares.Count == 0)
            return null;
        DeviceModel[] kinds = [.. Known.Where(device => shares.ContainsKey(device.Name))];
        double total = kinds.Sum(kind => shares[kind.Name]);
        var dealt = new int[kinds.Length];
        var devices = new DeviceModel[nodes];
        for (int i = 0; i < nodes; i++)
        {
            int neediest = 0;
            for (int k = 1; k < kinds.Length; k++)
            {
                if (Need(k, i) > Need(neediest, i))
                    neediest = k;
            }

            dealt[neediest]++;
            devices[i] = kinds[neediest];
        }

        return devices;
        double Need(int kind, int node) => shares[kinds[kind].Name] / total * (node + 1) - dealt[kind];
    }
}
