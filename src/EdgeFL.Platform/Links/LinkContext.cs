using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;

namespace EdgeFL.Platform.Links;

/// <summary>What a link needs to know of its node.</summary>
/// <param name="Credentials">The node's key and certificates.</param>
/// <param name="Network">How to reach others.</param>
/// <param name="Info">What the node says of itself.</param>
/// <param name="Post">Takes inputs for the node; never blocks.</param>
/// <param name="Notify">Takes events for people; never blocks.</param>
public sealed record LinkContext(
    DeviceCredentials Credentials, NetworkConfig Network, InfoPayload Info, Action<NodeInput> Post, Action<NodeEvent> Notify)
{
    /// <summary>The fleet.</summary>
    public FleetId Fleet => Credentials.Identity.Fleet;

    /// <summary>The node.</summary>
    public NodeId Node => Credentials.Identity.Node;
}
