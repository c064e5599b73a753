using EdgeFL.Platform.Mdns;

namespace EdgeFL.Cli.Nodes;

/// <summary>Looks for nodes by multicast DNS on the interfaces named, or on all but loopback.</summary>
internal sealed class NodeFinder : IAsyncDisposable
{
    private readonly MdnsService _service;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, FoundNode> _nodes = new(Live.NaturalOrder.Instance);
    private IDisposable? _browse;

    private NodeFinder(IReadOnlyList<string> interfaces) =>
        _service = new MdnsService(new MdnsOptions { Interfaces = interfaces.Count == 0 ? null : interfaces });

    /// <summary>Names of the interfaces in use.</summary>
    public IReadOnlyList<string> Interfaces => _service.Interfaces;

    /// <summary>Nodes seen now.</summary>
    public IReadOnlyList<FoundNode> Nodes
    {
        get
        {
            lock (_gate)
                return [.. _nodes.Values];
        }
    }

    /// <summary>Raised from the discovery loop when a node is found or changes; must not block.</summary>
    public event Action<FoundNode>? Found;

    /// <summary>Raised from the discovery loop when a node is lost; must not block.</summary>
    public event Action<string>? Lost;

    /// <summary>Starts to look.</summary>
    /// <param name="interfaces">Names; empty for all but loopback.</param>
    /// <param name="cancel">Not waited on.</param>
    /// <param name="found">Gets each node found or changed.</param>
    /// <exception cref="MdnsException">An interface cannot be joined.</exception>
    public static async Task<NodeFinder> StartAsync(IReadOnlyList<string> interfaces, CancellationToken cancel, Action<FoundNode>? found = null,
        Action<string>? lost = null)
    {
        var finder = new NodeFinder(interfaces);
        finder.Found += found;
        finder.Lost += lost;
        try
        {
            await finder._service.StartAsync(cancel).ConfigureAwait(false);
            finder._browse = finder._service.Browse(FoundNode.ServiceType, finder.OnFound, finder.OnLost);
            return finder;
        }
        catch
        {
            await finder.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _browse?.Dispose();
        await _service.DisposeAsync().ConfigureAwait(false);
    }

    private void OnFound(ServiceInstance service)
    {
        var node = FoundNode.Of(service);
        lock (_gate)
            _nodes[service.InstanceName] = node;
        Found?.Invoke(node);
    }

    private void OnLost(string instance)
    {
        FoundNode? node;
        lock (_gate)
        {
            if (!_nodes.Remove(instance, out node))
                return;
        }

        Lost?.Invoke(node.Id);
    }
}
