using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeFL;

/// <summary>Other people's brokers.</summary>
public enum BrokerKind
{
    /// <summary>Eclipse mosquitto: MQTT 3.1.1 and 5.0.</summary>
    Mosquitto,

    /// <summary>nats-server with JetStream: MQTT 3.1.1.</summary>
    Nats,

    /// <summary>rabbitmq-server with its MQTT plug-in: MQTT 3.1.1.</summary>
    RabbitMq,
}

/// <summary>One of other people's brokers, run as a process on free ports of loopback with all that it keeps in a folder of its own.</summary>
internal sealed class OutsideBroker : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string folder = Directory.CreateTempSubdirectory("edgefl-broker-").FullName;
    private readonly StringBuilder said = new();
    private readonly List<Process> processes = [];
    private readonly BrokerKind kind;
    private readonly string settings;

    private OutsideBroker(BrokerKind kind, string settings)
    {
        this.kind = kind;
        this.settings = settings;
    }

    public int Port { get; private set; }

    public string Url => $"mqtt://127.0.0.1:{Port}";

    /// <summary>What it has logged.</summary>
    public string Said
    {
        get
        {
            lock (said)
                return said.ToString();
        }
    }

    /// <summary>Starts it; it listens when the task ends.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="settings">mosquitto: what its configuration says beyond the listener.</param>
    public static async Task<OutsideBroker> StartAsync(BrokerKind kind, string settings = "allow_anonymous true")
    {
        OutsideBroker broker = new(kind, settings);
        try
        {
            await broker.GoAsync();
            return broker;
        }
        catch
        {
            broker.Dispose();
            throw;
        }
    }

    /// <summary>Starts it again after <see cref="Kill"/>, on the same port where that is still free.</summary>
    public async Task GoAsync()
    {
        for (int attempt = 0; ; attempt++)
        {
            int[] free = FreePorts(4);
            if (Port == 0 || attempt > 0)
                Port = free[0];
            switch (kind)
            {
                case BrokerKind.Mosquitto:
                    Run("/usr/sbin/mosquitto", "mosquitto", [], "-c", Write("mosquitto.conf", $"listener {Port} 127.0.0.1\npersistence false\nuser root\n{settings}\n"));
                    break;
                case BrokerKind.Nats:
                    Run("/usr/sbin/nats-server", "nats-server", [], "-c", Write("nats.conf", $$"""
                        listen: "127.0.0.1:{{free[1]}}"
                        server_name: edgefl
                        jetstream { store_dir: "{{folder}}/jetstream" }
                        # What is not acknowledged comes again after this long, also to who has just come back.
                        mqtt { listen: "127.0.0.1:{{Port}}", ack_wait: "8s" }
                        """));
                    break;
                default:
                    RunRabbit(free[1], free[2]);
                    break;
            }
            long until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
            while (processes.TrueForAll(process => !process.HasExited) && !IsReady())
            {
                Assert.True(Environment.TickCount64 < until, $"{kind} does not listen: {Said}");
                await Task.Delay(25);
            }
            if (processes.TrueForAll(process => !process.HasExited))
                return;
            // Somebody else took a port in between.
            Assert.True(attempt < 5, $"{kind} does not start: {Said}");
            Kill();
        }
    }

    public void Kill()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        processes.Clear();
    }

    public void Dispose()
    {
        Kill();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Ports of this machine that nobody listens on.</summary>
    public static int[] FreePorts(int count)
    {
        // All are held until the last is drawn, so that they differ.
        Socket[] held = Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToArray();
        try
        {
            foreach (Socket socket in held)
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return held.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port).ToArray();
        }
        finally
        {
            foreach (Socket socket in held)
                socket.Dispose();
        }
    }

    /// <summary>Erlang's port mapper is run beside it: the one that RabbitMQ starts of itself would stay behind.</summary>
    private void RunRabbit(int mapperPort, int nodePort)
    {
        (string, string)[] mapper = [("ERL_EPMD_PORT", $"{mapperPort}"), ("ERL_EPMD_ADDRESS", "127.0.0.1"), ("HOME", folder)];
        Run("/usr/bin/epmd", "rabbitmq-server", mapper);
        // The package's own wrapper changes to a user of its own; this is what it calls.
        Run("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server",
        [
            .. mapper,
            ("RABBITMQ_NODENAME", $"edgefl{Environment.ProcessId}x{Port}@localhost"),
            ("RABBITMQ_DIST_PORT", $"{nodePort}"),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}"),
            ("RABBITMQ_MNESIA_BASE", Path.Combine(folder, "mnesia")),
            ("RABBITMQ_LOG_BASE", Path.Combine(folder, "log")),
            ("RABBITMQ_LOGS", "-"),
            ("RABBITMQ_CONF_ENV_FILE", Path.Combine(folder, "none")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", Write("plugins", "[rabbitmq_mqtt].")),
            ("RABBITMQ_CONFIG_FILE", Write("rabbitmq.conf", $"listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{Port}\nmqtt.allow_anonymous = true\n")),
        ]);
    }

    private void Run(string program, string package, (string Name, string Value)[] environment, params string[] arguments)
    {
        Assert.True(File.Exists(program), $"{program} is not installed: apt-get install {package}");
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private void Keep(string? line)
    {
        lock (said)
            said.AppendLine(line);
    }

    private bool IsReady()
    {
        // RabbitMQ listens before it lets anybody in.
        if (kind == BrokerKind.RabbitMq && !Said.Contains("Server startup complete", StringComparison.Ordinal))
            return false;
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
