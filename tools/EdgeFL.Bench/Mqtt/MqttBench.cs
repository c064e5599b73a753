using System.Runtime.InteropServices;

namespace EdgeFL.Bench.Mqtt;

/// <summary>Our broker and mosquitto under the same load from the same client. Publisher, broker and subscriber are processes of their own.</summary>
internal static class MqttBench
{
    /// <summary>Unacknowledged QoS 1 messages that both brokers and our client allow.</summary>
    public const int InFlight = 64;

    private const double ThroughputGoal = 1, P99Goal = 2, PlainBytesGoal = 8 * 1024, TlsBytesGoal = 48 * 1024;

    /// <summary>Another client and broker of .NET in one process: 21,000 messages/s, of which ours should be three times as many, in 40 MB, of which ours should need half.</summary>
    private const double TogetherRateGoal = 3 * 21_000, PeakMbGoal = 20;

    private static readonly (string Name, int Bytes)[] Sizes = [("64B", 64), ("4KiB", 4096), ("64KiB", 65_536)];

    public static BenchRow[] Run(Arguments given)
    {
        bool isShort = given.Flag("--short"), isLong = given.Flag("--long");
        int seed = given.Number("--seed", Random.Shared.Next(1_000_000), 0, 1_000_000);
        string program = given.Text("--load") ?? Path.Combine(
            Machine.Root(), "artifacts/tools", RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64", "edgefl-mqttload");
        given.End();
        if (!File.Exists(program))
            throw new BenchException($"{program} is not there. Next: build/publish linux-x64 --mqttload");
        MqttPace pace = isShort ? new(program, Pairs: 1, WarmMs: 20, MeasureMs: 50) : new(program, Pairs: 7, WarmMs: 150, MeasureMs: 500);
        return
        [
            .. Traffic(pace),
            MqttDuel.Run(pace, new MqttLoad(4096, 0, Receivers: 8)).Throughput("fanout/4KiB/1to8", null),
            .. Together(pace),
            .. IdleMemory.Rows(program, isShort ? 50 : 1000, PlainBytesGoal, TlsBytesGoal),
            .. Losses(program, isShort ? 2_000 : isLong ? 1_000_000 : 100_000, seed),
        ];
    }

    private static List<BenchRow> Traffic(MqttPace pace)
    {
        List<BenchRow> rows = [], latencies = [];
        double peakMb = 0, peerPeakMb = 0;
        foreach ((string size, int bytes) in Sizes)
        {
            for (int qos = 0; qos <= 1; qos++)
            {
                string name = $"{size}/qos{qos}";
                MqttLoad flood = new(bytes, qos);
                MqttDuel throughput = MqttDuel.Run(pace, flood);
                rows.Add(throughput.Throughput($"throughput/{name}", bytes >= 4096 ? ThroughputGoal : null));
                if (bytes == 4096)
                    (peakMb, peerPeakMb) = (Math.Max(peakMb, throughput.OursPeakMb), Math.Max(peerPeakMb, throughput.PeerPeakMb));
                MqttDuel half = MqttDuel.Run(pace, flood with { Rate = throughput.HalfRate });
                latencies.Add(half.MedianLatency($"latency-median/{name}"));
                latencies.Add(half.P99Latency($"latency-p99/{name}", P99Goal));
            }
        }

        rows.AddRange(latencies);
        rows.Add(BenchRow.Lower("peak-rss-mb/4KiB", "MB", Math.Round(peakMb, 2), PeakMbGoal));
        rows.Add(new BenchRow("peak-rss-mb/4KiB/of-mosquitto", "MB", Math.Round(peakMb, 2), Math.Round(peerPeakMb, 2), Math.Round(peakMb / peerPeakMb, 3), "lower", null));
        return rows;
    }

    private static BenchRow[] Together(MqttPace pace)
    {
        var turns = Enumerable.Range(0, pace.Pairs).Select(_ => new MqttLoad(4096, 0).RunTogether(pace)).ToArray();
        double rate = Math.Round(Duel.Median(turns.Select(turn => turn.Figures.Rate)));
        return
        [
            new BenchRow("one-process/throughput/4KiB/qos0", "messages/s", rate, null, rate, "higher", TogetherRateGoal),
            BenchRow.Lower("one-process/peak-rss-mb/4KiB", "MB", Math.Round(turns.Max(turn => turn.PeakMb), 2), PeakMbGoal),
        ];
    }

    private static BenchRow[] Losses(string program, int count, int seed)
    {
        Console.Error.WriteLine($"cutting both clients off while {count} messages go at QoS 1, seed {seed}");
        MqttLoad load = new(64, 1);
        MqttLosses ours, peer;
        using (BrokerProcess broker = BrokerProcess.Ours(program))
            ours = load.RunWithCuts(program, broker.Port, count, seed);
        using (BrokerProcess broker = BrokerProcess.Peer())
            peer = load.RunWithCuts(program, broker.Port, count, seed);
        Console.Error.WriteLine($"ours {ours}; mosquitto {peer}");
        return
        [
            BenchRow.Lower("lost/qos1", "messages", ours.Missing, 0),
            new BenchRow("lost/qos1/cuts", "cuts", ours.PublisherCuts + ours.SubscriberCuts, null, ours.PublisherCuts + ours.SubscriberCuts, "higher", null),
            new BenchRow("lost/qos1/duplicates", "messages", ours.Duplicates, peer.Duplicates, Math.Round(ours.Duplicates / Math.Max(1.0, peer.Duplicates), 3), "lower", null),
        ];
    }
}
