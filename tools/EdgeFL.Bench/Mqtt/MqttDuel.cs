namespace EdgeFL.Bench.Mqtt;

/// <summary>A load on our broker and on mosquitto in turns, each a fresh process, so that whatever else the machine does meets both alike.</summary>
/// <param name="Ours">Turn by turn.</param>
/// <param name="Peer">The same of mosquitto.</param>
/// <param name="OursPeakMb">The most memory that our broker held, in 10^6 bytes.</param>
/// <param name="PeerPeakMb">The same of mosquitto.</param>
internal sealed record MqttDuel(IReadOnlyList<MqttFigures> Ours, IReadOnlyList<MqttFigures> Peer, double OursPeakMb, double PeerPeakMb)
{
    /// <summary>Half of what the slower one bears, messages a second.</summary>
    public int HalfRate => (int)Math.Max(1, Math.Min(Median(Ours, f => f.Rate), Median(Peer, f => f.Rate)) / 2);

    public static MqttDuel Run(MqttPace pace, MqttLoad load)
    {
        using BrokerProcess ours = BrokerProcess.Ours(pace.Program);
        using BrokerProcess peer = BrokerProcess.Peer();
        List<MqttFigures> mine = [], theirs = [];
        for (int pair = 0; pair < pace.Pairs; pair++)
        {
            mine.Add(load.Run(pace, ours.Port));
            theirs.Add(load.Run(pace, peer.Port));
        }

        return new MqttDuel(mine, theirs, ours.Process.PeakMb, peer.Process.PeakMb);
    }

    /// <summary>Messages received a second; how many never came is said on stderr.</summary>
    public BenchRow Throughput(string name, double? goal) => Row(name, "messages/s", figures => figures.Rate, 1, "higher", goal);

    public BenchRow MedianLatency(string name) => Row(name, "ms", figures => figures.MedianUs, 1000, "lower", null);

    public BenchRow P99Latency(string name, double? goal) => Row(name, "ms", figures => figures.P99Us, 1000, "lower", goal);

    private BenchRow Row(string name, string unit, Func<MqttFigures, double> figure, double scale, string better, double? goal)
    {
        // Each turn against the one that came right after it: the machine was the same for both.
        double ratio = Duel.Median(Ours.Zip(Peer, (one, other) => figure(one) / figure(other)));
        int digits = scale > 1 ? 3 : 0;
        var row = new BenchRow(
            name, unit, Math.Round(Median(Ours, figure) / scale, digits), Math.Round(Median(Peer, figure) / scale, digits), Math.Round(ratio, 3), better, goal);
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{name}: {row.Ours} {unit}, mosquitto {row.Peer}, ratio {row.Value}; never came: {Ours.Sum(f => f.Missing)}, mosquitto {Peer.Sum(f => f.Missing)}"));
        return row;
    }

    private static double Median(IEnumerable<MqttFigures> turns, Func<MqttFigures, double> figure) => Duel.Median(turns.Select(figure));
}
