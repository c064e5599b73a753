using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace EdgeFL.Platform.Tests.Mdns;

/// <summary>
/// A real avahi-daemon on loopback only, with a message bus of its own: nothing of the machine's own avahi or dbus is touched. Its
/// /run/avahi-daemon is private to a mount namespace, so several can run at once. Stops everything it started.
/// </summary>
public sealed class AvahiFixture : IDisposable
{
    private const string AvahiDaemon = "/usr/sbin/avahi-daemon";
    private const string Packages = "avahi-daemon avahi-utils dbus util-linux";
    private static readonly TimeSpan StartWait = TimeSpan.FromSeconds(20);

    private readonly string folder = Directory.CreateTempSubdirectory("edgefl-avahi-").FullName;
    private readonly List<Process> running = [];

    public AvahiFixture()
    {
        var missing = new[] { AvahiDaemon, "/usr/bin/avahi-browse", "/usr/bin/avahi-publish", "/usr/bin/dbus-daemon", "/usr/bin/unshare" }
            .Where(path => !File.Exists(path)).ToList();
        if (missing.Count > 0)
            throw new InvalidOperationException($"{string.Join(", ", missing)} missing. Install the peers with: sudo apt-get install -y {Packages}");
        try
        {
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Host name of the daemon without .local; unique, since other daemons may share the loopback interface.</summary>
    public string HostName { get; } = "avahi-" + Guid.NewGuid().ToString("N")[..8];

    private string BusAddress => "unix:path=" + Path.Combine(folder, "bus");

    /// <summary>Runs a client of this daemon (avahi-browse and so on) to its end.</summary>
    /// <returns>Exit code, standard output and standard error.</returns>
    public async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, TimeSpan wait, params string[] arguments)
    {
        using var process = Process.Start(Describe(program, arguments))!;
        try
        {
            using var limit = new CancellationTokenSource(wait);
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            Kill(process);
        }
    }

    /// <summary>Starts a client that keeps running, such as avahi-publish, until the returned one is disposed or the fixture is.</summary>
    public IDisposable Run(string program, params string[] arguments)
    {
        var process = Spawn(program, _ => { }, arguments);
        return new Ending(() =>
        {
            lock (running)
                running.Remove(process);
            Kill(process);
            process.Dispose();
        });
    }

    public void Dispose()
    {
        lock (running)
        {
            // The newest first: the daemon before its bus.
            for (var i = running.Count - 1; i >= 0; i--)
            {
                Kill(running[i]);
                running[i].Dispose();
            }
            running.Clear();
        }
        Directory.Delete(folder, recursive: true);
    }

    private void Start()
    {
        var busConfiguration = Path.Combine(folder, "bus.conf");
        File.WriteAllText(busConfiguration, $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>system</type>
              <listen>{BusAddress}</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow user="*"/>
                <allow own="*"/>
                <allow send_type="method_call"/>
                <allow send_type="signal"/>
                <allow send_requested_reply="true" send_type="method_return"/>
                <allow send_requested_reply="true" send_type="error"/>
                <allow receive_type="method_call"/>
                <allow receive_type="method_return"/>
                <allow receive_type="error"/>
                <allow receive_type="signal"/>
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
              </policy>
            </busconfig>
            """);
        Spawn("/usr/bin/dbus-daemon", _ => { }, "--nofork", "--nopidfile", "--nosyslog", "--config-file=" + busConfiguration);
        Wait(() => File.Exists(Path.Combine(folder, "bus")), "dbus-daemon did not open its socket", []);

        var configuration = Path.Combine(folder, "avahi.conf");
        File.WriteAllText(configuration, $"""
            [server]
            host-name={HostName}
            use-ipv4=yes
            use-ipv6=no
            allow-interfaces=lo
            disallow-other-stacks=no
            enable-dbus=yes
            [wide-area]
            enable-wide-area=no
            [publish]
            publish-hinfo=no
            publish-workstation=no
            [reflector]
            [rlimits]
            """);
        var log = new ConcurrentQueue<string>();
        var private_ = "mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && exec \"$@\"";
        var unshare = new List<string> { "--mount" };
        if (Environment.UserName != "root")
            unshare.Add("--map-root-user");
        Spawn(
            "/usr/bin/unshare",
            log.Enqueue,
            [.. unshare, "/bin/sh", "-c", private_, "sh", AvahiDaemon, "-f", configuration, "--no-drop-root", "--no-chroot", "--no-rlimits"]);
        Wait(() => log.Any(line => line.Contains("Server startup complete")), "avahi-daemon did not start", log);
    }

    private Process Spawn(string program, Action<string> line, params string[] arguments)
    {
        var process = new Process { StartInfo = Describe(program, arguments) };
        process.OutputDataReceived += (_, e) => line(e.Data ?? "");
        process.ErrorDataReceived += (_, e) => line(e.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        lock (running)
            running.Add(process);
        return process;
    }

    private ProcessStartInfo Describe(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["DBUS_SYSTEM_BUS_ADDRESS"] = BusAddress;
        info.Environment["LC_ALL"] = "C.UTF-8";
        return info;
    }

    private void Wait(Func<bool> condition, string otherwise, IEnumerable<string> log)
    {
        var until = Environment.TickCount64 + (long)StartWait.TotalMilliseconds;
        while (!condition())
        {
            bool ended;
            lock (running)
                ended = running.Any(process => process.HasExited);
            if (ended || Environment.TickCount64 > until)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture, $"{otherwise} within {StartWait.TotalSeconds} s: {string.Join(" | ", log)}"));
            }
            Thread.Sleep(20);
        }
    }

    private static void Kill(Process process)
    {
        if (process.HasExited)
            return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit(5000);
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
