using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Bench.Mqtt;

/// <summary>A broker in a process of its own on a free loopback port: ours or mosquitto, both with the same number in flight.</summary>
internal sealed class BrokerProcess : IDisposable
{
    private const string Mosquitto = "/usr/sbin/mosquitto";
    private const int StartMs = 10_000;

    private readonly LoadProcess process;
    private readonly string? folder;

    private BrokerProcess(LoadProcess process, int port, string? folder)
    {
        this.process = process;
        this.folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The most memory it ever held, in 10^6 bytes.</summary>
    public double PeakMb => StatusKb("status", "VmHWM:") * 1024 / 1e6;

    /// <summary>Memory that it would give back if it ended, in bytes: its own pages, and its share of those it has together with others.</summary>
    public long ProportionalBytes => StatusKb("smaps_rollup", "Pss:") * 1024;

    public static BrokerProcess Ours(string program)
    {
        LoadProcess process = LoadProcess.Start(program, "broker", "--in-flight", MqttBench.InFlight.ToString(CultureInfo.InvariantCulture));
        return new BrokerProcess(process, (int)process.Number("port"), null);
    }

    public static BrokerProcess TheirPeer()
    {
        if (!File.Exists(Mosquitto))
            throw new BenchException($"{Mosquitto} is not there; build/bench peers installs it");
        string folder = Directory.CreateTempSubdirectory("edgefl-mosquitto-").FullName;
        for (int attempt = 0; ; attempt++)
        {
            int port = FreePort();
            string file = Path.Combine(folder, "mosquitto.conf");
            File.WriteAllText(file, Configuration(port));
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
        process.Dispose();
        if (folder is not null)
            Directory.Delete(folder, true);
    }

    /// <summary>Nothing that costs it time but the messages, and no bound that would have it lose one.</summary>
    private static string Configuration(int port) => string.Create(CultureInfo.InvariantCulture, $"""
        listener {port} 127.0.0.1
        user root
        allow_anonymous true
        persistence false
        log_type none
        set_tcp_nodelay true
        max_inflight_messages {MqttBench.InFlight}
        max_queued_messages 0
        max_queued_bytes 0

        """);

    private long StatusKb(string file, string field)
    {
        string line = File.ReadLines($"/proc/{process.Id}/{file}").First(text => text.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

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
