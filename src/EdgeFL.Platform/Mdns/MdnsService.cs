using System.Threading.Channels;

namespace EdgeFL.Platform.Mdns;

/// <summary>
/// Multicast DNS and DNS service discovery on the local link (RFC 6762, RFC 6763): advertises services and browses for them, over IPv4,
/// next to avahi or other such programs on the same machine. Nothing that is found this way is authenticated: it is a hint whom to ask.
/// A browse finds the services of its own process too.
/// </summary>
public sealed partial class MdnsService : IAsyncDisposable
{
    private readonly MdnsOptions options;
    private readonly Outbox outbox = new();
    private readonly Responder responder;
    private readonly Browser browser;
    private readonly Channel<object> inputs;
    private readonly CancellationTokenSource stopping = new();
    private int browseCount;
    private int advertisementCount;
    private int started;
    private Task loop = Task.CompletedTask;

    /// <summary>Makes a service that is not started.</summary>
    /// <param name="options">Interfaces, life times and bounds.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public MdnsService(MdnsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.options = options;
        responder = new Responder(options, Counters, outbox, Random.Shared);
        browser = new Browser(options, Counters, outbox, Random.Shared);
        inputs = Channel.CreateBounded<object>(new BoundedChannelOptions(options.PacketQueueMax + CommandsMax) { SingleReader = true });
    }

    /// <summary>What was done and dropped so far.</summary>
    public MdnsCounters Counters { get; } = new();

    /// <summary>Names of the interfaces in use now. Those that were asked for and are missing are down, without address, or do not exist.</summary>
    public IReadOnlyList<string> Interfaces { get; private set; } = [];

    /// <summary>Joins the interfaces and starts. Interfaces that are not there yet are joined when they appear.</summary>
    /// <param name="ct">Not needed: starting does not wait. Accepted for symmetry.</param>
    /// <returns>A task that completes when the interfaces that are there are joined.</returns>
    /// <exception cref="MdnsException">Code <c>mdns-socket</c>: an interface cannot be joined, e.g. because a program holds port 5353 for itself.</exception>
    /// <exception cref="InvalidOperationException">Started before.</exception>
    public Task StartAsync(CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref started, 1) != 0)
            throw new InvalidOperationException("The discovery service was started before.");
        Relink(mayThrow: true);
        loop = Task.Run(() => RunAsync(stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Probes for the names and announces the service. Takes about a second; longer when names are taken.</summary>
    /// <param name="service">What to advertise.</param>
    /// <param name="ct">Gives up: the service is withdrawn.</param>
    /// <returns>The advertisement, announced. Dispose it to withdraw the service.</returns>
    /// <exception cref="MdnsException">Code <c>mdns-name-conflict</c> under <see cref="MdnsConflictPolicy.Report"/>; <c>mdns-limit</c> when
    /// <see cref="MdnsOptions.AdvertisementsMax"/> are advertised; <c>mdns-withdrawn</c> when the service stopped meanwhile.</exception>
    /// <exception cref="ArgumentException">A name, the port or the TXT record is not valid.</exception>
    public async Task<MdnsAdvertisement> AdvertiseAsync(ServiceInstance service, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(service);
        ThrowUnlessRunning();
        var advertised = new Advertised(service, options);
        var handle = new MdnsAdvertisement(this, advertised);
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        advertised.Settled = error => _ = error is null ? settled.TrySetResult() : settled.TrySetException(error);
        advertised.Changed = () =>
        {
            handle.Refresh();
            outbox.Call(handle.RaiseChanged);
        };
        if (Interlocked.Increment(ref advertisementCount) > options.AdvertisementsMax)
        {
            Interlocked.Decrement(ref advertisementCount);
            throw Limit(nameof(MdnsOptions.AdvertisementsMax), options.AdvertisementsMax);
        }
        Command(now => responder.Add(advertised, now));
        try
        {
            await settled.Task.WaitAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            await WithdrawAsync(advertised).ConfigureAwait(false);
            throw;
        }
        return handle;
    }

    /// <summary>
    /// Looks for services until disposed. Both callbacks come from the discovery loop, one at a time, and must not block. A service is
    /// found when its host, port, TXT record and an address are known, and again whenever one of these changes; it is lost when it says
    /// goodbye or when a record of it expires unrenewed.
    /// </summary>
    /// <param name="serviceType">E.g. <c>_edgefl._tcp</c>, or with a subtype <c>_fleet._sub._edgefl._tcp</c>.</param>
    /// <param name="found">Gets each service found or changed.</param>
    /// <param name="lost">Gets the instance name of each service lost.</param>
    /// <returns>Ends the browse when disposed; a callback already on its way may still come.</returns>
    /// <exception cref="ArgumentException">The type is not a valid name.</exception>
    /// <exception cref="MdnsException">Code <c>mdns-limit</c>: <see cref="MdnsOptions.BrowsesMax"/> are running.</exception>
    public IDisposable Browse(string serviceType, Action<ServiceInstance> found, Action<string> lost)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(lost);
        ThrowUnlessRunning();
        var browse = new BrowseState(serviceType, found, lost);
        if (Interlocked.Increment(ref browseCount) > options.BrowsesMax)
        {
            Interlocked.Decrement(ref browseCount);
            throw Limit(nameof(MdnsOptions.BrowsesMax), options.BrowsesMax);
        }
        Command(now => browser.Add(browse, now));
        return new Ending(() =>
        {
            Interlocked.Decrement(ref browseCount);
            TryCommand(_ => browser.Remove(browse));
        });
    }

    /// <summary>Says goodbye for all services, ends all browses and leaves the interfaces. Can be called more than once.</summary>
    public ValueTask DisposeAsync() => StopAsync(goodbye: true);

    /// <summary>Stops like a process that was killed: without goodbye.</summary>
    internal ValueTask AbortAsync() => StopAsync(goodbye: false);

    internal Task UpdateTextAsync(Advertised advertised, IReadOnlyDictionary<string, string> text)
    {
        ThrowUnlessRunning();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Command(now =>
        {
            responder.UpdateText(advertised, text, now);
            advertised.Changed?.Invoke();
            done.TrySetResult();
        });
        return done.Task.WaitAsync(stopping.Token);
    }

    internal async Task WithdrawAsync(Advertised advertised)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var accepted = TryCommand(now =>
        {
            if (responder.Services.Contains(advertised))
                Interlocked.Decrement(ref advertisementCount);
            responder.Remove(advertised, now);
            done.TrySetResult();
        });
        // A service that is stopping says goodbye by itself.
        if (accepted)
            await Task.WhenAny(done.Task, loop).ConfigureAwait(false);
    }

    private void ThrowUnlessRunning()
    {
        ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
        if (started == 0)
            throw new InvalidOperationException("Start the discovery service before using it.");
    }

    private static MdnsException Limit(string option, int max) =>
        new("mdns-limit", $"{option} = {max} is reached.", $"Dispose what is not needed, or raise {option}.");

    private sealed class Ending(Action end) : IDisposable
    {
        private Action? end = end;

        public void Dispose() => Interlocked.Exchange(ref end, null)?.Invoke();
    }
}
