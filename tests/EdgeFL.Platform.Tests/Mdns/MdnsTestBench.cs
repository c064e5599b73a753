using System.Collections.Concurrent;
using System.Net;
using EdgeFL.Platform.Mdns;

namespace EdgeFL.Platform.Tests.Mdns;

/// <summary>Services on loopback with names that no other run on this machine uses.</summary>
internal static class MdnsTestBench
{
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    public static readonly MdnsOptions Loopback = new() { Interfaces = ["lo"] };

    /// <summary>A service type of its own, so that tests that run at the same time do not hear each other.</summary>
    public static string UniqueType() => "_t" + Guid.NewGuid().ToString("N")[..10] + "._tcp";

    public static string UniqueName(string start) => start + "-x" + Guid.NewGuid().ToString("N")[..8];

    public static ServiceInstance Service(string type, string name, int port = 8883, string? host = null, params string[] subtypes) =>
        new(name, type, host ?? name, port, [], new Dictionary<string, string> { ["txtvers"] = "1", ["id"] = name }, subtypes);

    public static async Task<MdnsService> StartAsync(MdnsOptions? options = null)
    {
        var service = new MdnsService(options ?? Loopback);
        await service.StartAsync();
        return service;
    }

    public static IPAddress[] LoopbackAddress { get; } = [IPAddress.Loopback];
}

/// <summary>What a browse reported, in order; waits for what is to come.</summary>
internal sealed class Sightings
{
    private readonly ConcurrentQueue<(string Kind, string Name, ServiceInstance? Service)> events = new();

    public Sightings(MdnsService service, string type) => Ending = service.Browse(type, OnFound, OnLost);

    public IDisposable Ending { get; }

    public IReadOnlyList<(string Kind, string Name, ServiceInstance? Service)> Events => [.. events];

    public async Task<ServiceInstance> FoundAsync(Func<ServiceInstance, bool> match)
    {
        var seen = await UntilAsync(e => e.Service is not null && match(e.Service));
        return seen.Service!;
    }

    public Task<ServiceInstance> FoundAsync(string name) => FoundAsync(service => service.InstanceName == name);

    public Task LostAsync(string name) => UntilAsync(e => e.Kind == "lost" && e.Name == name);

    private async Task<(string Kind, string Name, ServiceInstance? Service)> UntilAsync(
        Func<(string Kind, string Name, ServiceInstance? Service), bool> match)
    {
        var until = Environment.TickCount64 + (long)MdnsTestBench.Wait.TotalMilliseconds;
        while (Environment.TickCount64 < until)
        {
            foreach (var seen in events)
            {
                if (match(seen))
                    return seen;
            }
            await Task.Delay(20);
        }
        throw new TimeoutException("Not seen in time. Seen: " + string.Join(", ", events.Select(e => $"{e.Kind} {e.Name}")));
    }

    private void OnFound(ServiceInstance service) => events.Enqueue(("found", service.InstanceName, service));

    private void OnLost(string name) => events.Enqueue(("lost", name, null));
}
