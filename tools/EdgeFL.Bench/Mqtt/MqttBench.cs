using System.Runtime.InteropServices;

namespace EdgeFL.Bench.Mqtt;

/// <summary>Our broker and mosquitto under the same load from the same client. Publisher, broker and subscriber are processes of their own.</summary>
internal static class MqttBench
{
    /// <summary>Unacknowledged QoS 1 messages that both brokers and our client allow.</summary>
    public const int InFlight = 64;

    private static readonly (string Name, int Bytes)[] Sizes = [("64B", 64), ("4KiB", 4096), ("64KiB", 65_536)];

    public static BenchRow[] Run(Arguments given)
    {
        given.End();
        string program = Path.Combine(
            Machine.Root(), "artifacts/tools", RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64", "edgefl-mqttload");
        if (!File.Exists(program))
            throw new BenchException($"{program} is not there; build/publish linux-x64 --mqttload makes it");
        var rows = new List<BenchRow>();
        foreach ((string size, int bytes) in Sizes)
        {
            for (int qos = 0; qos <= 1; qos++)
                rows.Add(Throughput(program, $"throughput/{size}/qos{qos}", new MqttLoad(bytes, qos), 5));
        }

        return [.. rows];
    }

    private static BenchRow Throughput(string program, string name, MqttLoad load, int pairs)
    {
        using BrokerProcess ours = BrokerProcess.Ours(program);
        using BrokerProcess peer = BrokerProcess.TheirPeer();
        List<MqttFigures> mine = [], theirs = [];
        for (int pair = 0; pair < pairs; pair++)
        {
            mine.Add(load.Run(program, ours, 200, 1000));
            theirs.Add(load.Run(program, peer, 200, 1000));
        }

        double ratio = Duel.Median(mine.Zip(theirs, (one, other) => one.Rate / other.Rate));
        double own = Duel.Median(mine.Select(figures => figures.Rate)), other = Duel.Median(theirs.Select(figures => figures.Rate));
        Console.Error.WriteLine(FormattableString.Invariant($"{name,-28} ours {own,9:0} mosquitto {other,9:0} messages/s, ratio {ratio:0.000}, dropped {mine.Sum(f => f.Missing)} and {theirs.Sum(f => f.Missing)}"));
        return new BenchRow(name, "messages/s", Math.Round(own), Math.Round(other), Math.Round(ratio, 3), "higher", load.Size > 64 ? 1 : null);
    }
}
