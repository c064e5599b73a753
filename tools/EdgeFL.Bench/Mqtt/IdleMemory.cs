using System.Globalization;
using System.Security.Cryptography;
using EdgeFL.Identity;

namespace EdgeFL.Bench.Mqtt;

/// <summary>What a silent connection costs a broker: its memory before and after a thousand of them, each subscribed to a topic.</summary>
internal static class IdleMemory
{
    private const int First = 20, SettleMs = 10_000, LookMs = 250;
    private const long StillBytes = 64 * 1024;

    /// <summary>Rows of both kinds of connection.</summary>
    /// <param name="program">edgefl-mqttload.</param>
    /// <param name="connections">How many.</param>
    /// <param name="plainGoal">Bytes a plain one may cost.</param>
    /// <param name="tlsGoal">Bytes one with mutual TLS may cost.</param>
    public static IEnumerable<BenchRow> Rows(string program, int connections, double plainGoal, double tlsGoal)
    {
        string folder = Directory.CreateTempSubdirectory("edgefl-bench-").FullName;
        try
        {
            WriteCredentials(folder);
            return [.. Of(program, connections, "plain", null, plainGoal), .. Of(program, connections, "tls", folder, tlsGoal)];
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static BenchRow[] Of(string program, int connections, string kind, string? credentials, double goal)
    {
        string? broker = credentials is null ? null : Path.Combine(credentials, "broker"), client = credentials is null ? null : Path.Combine(credentials, "client");
        double ours, peer;
        using (BrokerProcess process = BrokerProcess.Ours(program, broker))
            ours = BytesEach(program, process, connections, client);
        using (BrokerProcess process = BrokerProcess.Peer(broker))
            peer = BytesEach(program, process, connections, client);
        string name = $"idle-bytes-per-connection/{kind}";
        Console.Error.WriteLine(FormattableString.Invariant($"{name}: {ours:0} bytes, mosquitto {peer:0}"));
        return
        [
            BenchRow.Lower(name, "bytes", Math.Round(ours), goal),
            new BenchRow($"{name}/of-mosquitto", "bytes", Math.Round(ours), Math.Round(peer), Math.Round(ours / Math.Max(1, peer), 3), "lower", null),
        ];
    }

    private static double BytesEach(string program, BrokerProcess broker, int connections, string? credentials)
    {
        string[] tls = credentials is null ? [] : ["--tls", credentials];
        using LoadProcess idle = LoadProcess.Start(program, ["idle", "--port", Text(broker.Port), "--first", Text(First), "--connections", Text(First + connections), .. tls]);
        // The first few have it load and make once what all need.
        idle.Text("first");
        long before = Settled(broker.Process);
        idle.GiveTheWord();
        int open = (int)idle.Number("connected");
        if (open != First + connections)
            throw new BenchException($"only {open} of {First + connections} idle connections were held");
        return (double)(Settled(broker.Process) - before) / connections;
    }

    /// <summary>Its memory once it does not change any more, or after ten seconds.</summary>
    private static long Settled(LoadProcess broker)
    {
        long last = broker.ProportionalBytes;
        for (int still = 0, waited = 0; still < 3 && waited < SettleMs; waited += LookMs)
        {
            Thread.Sleep(LookMs);
            long now = broker.ProportionalBytes;
            still = Math.Abs(now - last) <= StillBytes ? still + 1 : 0;
            last = now;
        }

        return last;
    }

    private static void WriteCredentials(string folder)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using FleetAuthority root = FleetAuthority.CreateRoot(FleetId.Parse("bench"), now);
        using FleetAuthority issuing = FleetAuthority.CreateIssuing(root, now);
        foreach (string node in new[] { "broker", "client" })
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var leaf = issuing.IssueDevice(NodeId.Parse(node), key, now, FleetAuthority.LeafValidity);
            DeviceCredentials.Save(Path.Combine(folder, node), key, leaf, issuing.Certificate, root.Certificate);
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
