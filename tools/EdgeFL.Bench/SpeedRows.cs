using EdgeFL.Numerics;

namespace EdgeFL.Bench;

/// <summary>The three figures of one piece of work: against the peer, against the scalar twin, and as a share of what the core can do.</summary>
internal sealed class SpeedRows(CorePeak peak, TorchPeer? torch)
{
    private const int Turns = 15;

    private readonly List<BenchRow> rows = [];

    public BenchRow[] Rows => [.. rows];

    public void Add(BenchRow row) => rows.Add(row);

    /// <summary>Time of a piece of work; the peer's ratio says how many times faster ours is.</summary>
    public void Time(string name, Action work, long multiplyAdds, string request, int readings, double goal)
    {
        Duel duel = Against(work, request, readings, 1, 1);
        double ours = duel.Ours / 1000;
        rows.Add(duel.Peer is { } peer
            ? new(name, "µs", Math.Round(ours, 2), Math.Round(peer / 1000, 2), Math.Round(peer / 1000 / ours, 2), "higher", goal)
            : new(name, "µs", Math.Round(ours, 2), null, Math.Round(ours, 2), "lower", null));
        double twin = Scalar(work, 1) / 1000;
        rows.Add(new($"{name}/scalar", "µs", Math.Round(ours, 2), Math.Round(twin, 2), Math.Round(twin / ours, 2), "higher", null));
        Share(name, 2 * multiplyAdds / duel.Ours);
    }

    /// <summary>Operations a second of a piece of work.</summary>
    public void Throughput(string name, Action work, long multiplyAdds, string request, int calls, int peerCalls, double? goal)
    {
        Duel duel = Against(work, request, 20, calls, peerCalls);
        double ours = 2 * multiplyAdds / duel.Ours;
        rows.Add(duel.Peer is { } peer
            ? new(name, "GFLOP/s", Math.Round(ours, 1), Math.Round(2 * multiplyAdds / peer, 1), Math.Round(peer / duel.Ours, 3), "higher", goal)
            : new(name, "GFLOP/s", Math.Round(ours, 1), null, Math.Round(ours, 1), "higher", null));
        double twin = Scalar(work, calls);
        rows.Add(new($"{name}/scalar", "GFLOP/s", Math.Round(ours, 1), Math.Round(2 * multiplyAdds / twin, 1), Math.Round(twin / duel.Ours, 2), "higher", null));
        Share(name, ours);
    }

    private Duel Against(Action work, string request, int readings, int calls, int peerCalls) =>
        Duel.Run(work, torch is null ? null : count => [.. torch.Run(request, count).Select(reading => reading / peerCalls)], Turns, readings, calls);

    private void Share(string name, double gigaFlops) =>
        rows.Add(new($"{name}/of-peak", "share", Math.Round(gigaFlops / peak.GigaFlops, 3), null, Math.Round(gigaFlops / peak.GigaFlops, 3), "higher", null));

    public static double Scalar(Action work, int calls)
    {
        int before = Lanes.WidestBits;
        Lanes.WidestBits = 32;
        try
        {
            return Duel.Run(work, null, 1, 21, calls).Ours;
        }
        finally
        {
            Lanes.WidestBits = before;
        }
    }
}
