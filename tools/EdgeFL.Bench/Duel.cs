using System.Diagnostics;

namespace EdgeFL.Bench;

/// <summary>Medians of two sides that take turns, so that whatever else the machine does meets both alike.</summary>
/// <param name="Ours">Nanoseconds.</param>
/// <param name="Peer">Nanoseconds; null without a peer.</param>
internal readonly record struct Duel(double Ours, double? Peer)
{
    /// <summary>Measures. Each turn begins with work that is not counted: the other side has just emptied the caches.</summary>
    /// <param name="ours">What is to be timed.</param>
    /// <param name="peer">Takes a count and gives that many readings in nanoseconds; null without a peer.</param>
    /// <param name="turns">Turns of each side, an odd number.</param>
    /// <param name="readings">Readings in a turn.</param>
    /// <param name="calls">Calls of <paramref name="ours"/> in a reading.</param>
    public static Duel Run(Action ours, Func<int, double[]>? peer, int turns, int readings, int calls = 1)
    {
        const int Unread = 8;
        List<double> mine = [], theirs = [];
        var warm = Stopwatch.StartNew();
        while (warm.ElapsedMilliseconds < 400)
            ours();
        peer?.Invoke(readings);
        for (int turn = 0; turn < turns; turn++)
        {
            if (peer is not null)
                theirs.AddRange(peer(readings + Unread).AsSpan(Unread));
            mine.AddRange(Readings(ours, readings + Unread, calls).AsSpan(Unread));
        }

        return new Duel(Median(mine), peer is null ? null : Median(theirs));
    }

    /// <summary>Nanoseconds a call, reading after reading.</summary>
    public static double[] Readings(Action work, int readings, int calls)
    {
        var took = new double[readings];
        for (int reading = 0; reading < readings; reading++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++)
                work();
            took[reading] = (Stopwatch.GetTimestamp() - start) * (1e9 / Stopwatch.Frequency) / calls;
        }

        return took;
    }

    public static double Median(IEnumerable<double> readings)
    {
        double[] sorted = [.. readings.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
