using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>
/// Hosts on two switches with one cable between them, each a network namespace: the machine's own network is not touched. Every host's line is slow, and loses packets at
/// random. What an earlier run that was killed has left behind is removed.
/// </summary>
internal sealed partial class TestNetwork : IAsyncDisposable
{
    /// <summary>Share of the packets to a host that it never sees.</summary>
    private const string Loss = "0.08";

    private const string Switch = "switch", Cable = "cable", Namespaces = "/run/netns";
    private static readonly string[] Rate = ["root", "tbf", "rate", "2mbit", "burst", "16kb", "latency", "400ms"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SortedDictionary<string, (string Side, int Number)> hosts = [];

    private TestNetwork()
    {
    }

    /// <summary>Makes the switches and their cable.</summary>
    public static async Task<TestNetwork> CreateAsync(string left, string right)
    {
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("Network namespaces need root. Run these tests as root, e.g. in a container that may make them, or with: sudo -E build/test");
        await RemoveLeftoversAsync();
        var network = new TestNetwork();
        try
        {
            await RunAsync("ip", "netns", "add", Name(Switch));
            foreach (string side in (string[])[left, right])
            {
                await RunAsync("ip", "-n", Name(Switch), "link", "add", side, "type", "bridge");
                await RunAsync("ip", "-n", Name(Switch), "link", "set", side, "up");
            }

            await RunAsync("ip", "-n", Name(Switch), "link", "add", Cable, "type", "veth", "peer", "name", "socket");
            await RunAsync("ip", "-n", Name(Switch), "link", "set", Cable, "master", left, "up");
            await RunAsync("ip", "-n", Name(Switch), "link", "set", "socket", "master", right, "up");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>What runs a command on a host.</summary>
    public static IReadOnlyList<string> On(string host) => ["ip", "netns", "exec", Name(host)];

    /// <summary>Adds a host to a side, with an address of its own.</summary>
    public async Task AddAsync(string host, string side)
    {
        hosts[host] = (side, hosts.Count + 1);
        await PowerOnAsync(host);
    }

    /// <summary>The host is gone at once, with all that ran on it: nobody hears a good-bye, not even of its connections.</summary>
    public static async Task PowerOffAsync(string host)
    {
        await RunAsync("ip", "-n", Name(Switch), "link", "del", host);
        await RemoveAsync(Name(host));
    }

    /// <summary>The host is back, with its addresses and nothing else.</summary>
    public async Task PowerOnAsync(string host)
    {
        (string side, int number) = hosts[host];
        string name = Name(host);
        await RunAsync("ip", "netns", "add", name);
        await RunAsync("ip", "-n", Name(Switch), "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", name);
        await RunAsync("ip", "-n", name, "link", "set", "lo", "up");
        await RunAsync("ip", "-n", name, "link", "set", "eth0", "address", string.Create(CultureInfo.InvariantCulture, $"02:00:00:00:00:{number:x2}"));
        await RunAsync("ip", "-n", name, "address", "add", string.Create(CultureInfo.InvariantCulture, $"10.77.0.{number}/24"), "dev", "eth0");
        await RunAsync(["tc", "-n", name, "qdisc", "add", "dev", "eth0", .. Rate]);
        await RunAsync(["tc", "-n", Name(Switch), "qdisc", "add", "dev", host, .. Rate]);
        await RunAsync([.. On(host), "iptables", "-A", "INPUT", "-i", "eth0", "-m", "statistic", "--mode", "random", "--probability", Loss, "-j", "DROP"]);
        await RunAsync("ip", "-n", Name(Switch), "link", "set", host, "master", side, "up");
        await RunAsync("ip", "-n", name, "link", "set", "eth0", "up");
    }

    /// <summary>Packets to a host that were lost on purpose.</summary>
    public static async Task<long> LostAsync(string host)
    {
        string rules = await RunAsync([.. On(host), "iptables", "-L", "INPUT", "-n", "-v", "-x"]);
        return long.Parse(Dropped().Match(rules).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>Pulls the cable between the switches; hosts see nothing of it at their own ports.</summary>
    public static Task CutAsync() => RunAsync("ip", "-n", Name(Switch), "link", "set", Cable, "down");

    /// <summary>Puts the cable back.</summary>
    public static Task HealAsync() => RunAsync("ip", "-n", Name(Switch), "link", "set", Cable, "up");

    public async ValueTask DisposeAsync()
    {
        foreach (string name in All().Where(name => name.StartsWith(Name(""), StringComparison.Ordinal)))
            await RemoveAsync(name);
    }

    /// <summary>Names hold the process that made them, so that what is left of one that is no more can be told from what another uses.</summary>
    private static string Name(string host) => string.Create(CultureInfo.InvariantCulture, $"edgefl-e2e-{Environment.ProcessId}-{host}");

    private static string[] All() => Directory.Exists(Namespaces) ? Directory.GetFiles(Namespaces).Select(path => Path.GetFileName(path)).ToArray() : [];

    private static async Task RemoveLeftoversAsync()
    {
        foreach (string name in All())
        {
            if (Made().Match(name) is { Success: true } made && (made.Groups[1].Value == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) || !Directory.Exists($"/proc/{made.Groups[1].Value}")))
                await RemoveAsync(name);
        }
    }

    /// <summary>Ends all that runs in a namespace, and removes it.</summary>
    private static async Task RemoveAsync(string name)
    {
        string running = await RunAsync("ip", "netns", "pids", name);
        foreach (string process in running.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await Child.RunAsync(["kill", "-9", process], Patience); // It may have ended meanwhile.
        await RunAsync("ip", "netns", "del", name);
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        (int exit, string output, string errors) ran;
        try
        {
            ran = await Child.RunAsync(command, Patience);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException($"{command[0]} cannot be run: {missing.Message}. Next: sudo apt-get install -y iproute2 iptables", missing);
        }

        return ran.exit == 0 ? ran.output
            : throw new InvalidOperationException($"This machine does not make the network that the test needs: \"{string.Join(' ', command)}\" ended with {ran.exit}: {ran.errors}. Next: "
                + "run it as root on a kernel with network namespaces, veth, bridge, sch_tbf and xt_statistic; a container needs --cap-add SYS_ADMIN --cap-add NET_ADMIN");
    }

    [GeneratedRegex(@"^edgefl-e2e-(\d+)-")]
    private static partial Regex Made();

    [GeneratedRegex(@"^\s*(\d+)\s+\d+\s+DROP\s", RegexOptions.Multiline)]
    private static partial Regex Dropped();
}
