namespace EdgeFL.Platform.Mdns;

/// <summary>A service that is being advertised. Disposing it says goodbye for it.</summary>
public sealed class MdnsAdvertisement : IAsyncDisposable
{
    private readonly MdnsService owner;
    private readonly Advertised advertised;
    private volatile Snapshot snapshot;

    internal MdnsAdvertisement(MdnsService owner, Advertised advertised)
    {
        this.owner = owner;
        this.advertised = advertised;
        snapshot = new Snapshot(advertised.Service, advertised.State);
    }

    /// <summary>The service under the names that it really has, which differ from those asked for after a conflict.</summary>
    public ServiceInstance Service => snapshot.Service;

    /// <summary>Where the service stands.</summary>
    public AdvertisementState State => snapshot.State;

    /// <summary>Raised on the discovery loop when <see cref="Service"/> or <see cref="State"/> has changed. Must not block.</summary>
    public event Action<MdnsAdvertisement>? Changed;

    /// <summary>Replaces the pairs of the TXT record and announces them.</summary>
    /// <param name="txt">As in <see cref="TxtRecord.Encode"/>.</param>
    /// <returns>A task that completes when the new record stands.</returns>
    /// <exception cref="ArgumentException">The pairs do not make a TXT record.</exception>
    /// <exception cref="MdnsException">Code <c>mdns-limit</c>: too many requests wait.</exception>
    public Task UpdateTxtAsync(IReadOnlyDictionary<string, string> txt)
    {
        TxtRecord.Encode(txt);
        return owner.UpdateTextAsync(advertised, txt);
    }

    /// <summary>Takes the service back and says goodbye for it.</summary>
    public async ValueTask DisposeAsync() => await owner.WithdrawAsync(advertised).ConfigureAwait(false);

    internal void Refresh() => snapshot = new Snapshot(advertised.Service, advertised.State);

    internal void RaiseChanged() => Changed?.Invoke(this);

    private sealed record Snapshot(ServiceInstance Service, AdvertisementState State);
}
