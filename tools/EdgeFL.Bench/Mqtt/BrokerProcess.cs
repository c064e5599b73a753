using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Bench.Mqtt;

/// <summary>A broker in a process of its own on a free loopback port: ours or mosquitto, both with the same number in flight.</summary>
internal sealed class BrokerProcess : IDisposable
{
    private const string Mosquitto = "/usr/sbin/mosquitto";
    private const int StartMs = 10_000;

    private readonly string? folder;

    private BrokerProcess(LoadProcess process, int port, string? folder)
    {
        Process = process;
        Port = port;
        this.folder = folder;
    }

    public LoadProcess Process { get; }

    public int Port { get; }

    /// <summary>Starts ours.</summary>
    /// <param name="program">edgefl-mqttload.</param>
    /// <param name="credentials">Folder of a node's credentials, for mutual TLS; null for plain TCP.</param>
    public static BrokerProcess Ours(string program, string? credentials = null)
    {
        string[] tls = credentials is null ? [] : ["--tls", credentials];
        LoadProcess process = LoadProcess.Start(program, ["broker", "--in-flight", Text(MqttBench.InFlight), .. tls]);
        return new BrokerProcess(process, (int)process.Number("port"), null);
    }

    /// <summary>Starts mosquitto.</summary>
    /// <param name="credentials">As for ours.</param>
    public static BrokerProcess Peer(string? credentials = null)
    {
        if (!File.Exists(Mosquitto))
            throw new BenchException($"{Mosquitto} is not there. Next: apt-get install mosquitto");
        string folder = Directory.CreateTempSubdirectory("edgefl-mosquitto-").FullName;
        for (int attempt = 0; ; attempt++)
        {
            int port = FreePort();
            string file = Path.Combine(folder, "mosquitto.conf");
            File.WriteAllText(file, Configuration(port, credentials));
            LoadProcess process = LoadProcess.Start(Mosquitto, "-c", file);
            long deadline = Environment.TickCount64 + StartMs;
            while (!process.HasExited && Environment.TickCount64 < deadline)
            {
                if (Answers(port))
                    return new BrokerProcess(process, port, folder);
                Thread.Sleep(10);
            }

            // Somebody else may have taken the port in between.
            process.Dispose();
            if (attempt == 5)
                throw new BenchException($"{Mosquitto} does not start");
        }
    }

    public void Dispose()
    {
        Process.Dispose();
        if (folder is not null)
            Directory.Delete(folder, true);
    }

    /// <summary>Nothing that costs it time but the messages, and no bound that would have it lose one.</summary>
    private static string Configuration(int port, string? credentials)
    {
        string tls = credentials is null
            ? ""
            : $"""
              cafile {credentials}/ca.pem
              certfile {credentials}/cert.pem
              keyfile {credentials}/key.pem
              require_certificate true
              tls_version tlsv1.3

              """;
        return $"""
            listener {Text(port)} 127.0.0.1
            {tls}allow_anonymous true
            user root
            persistence false
            log_type none
            set_tcp_nodelay true
            max_inflight_messages {Text(MqttBench.InFlight)}
            max_queued_messages 0
            max_queued_bytes 0

            """;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using Socket probe = new(SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static bool Answers(int port)
    {
        using Socket probe = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
