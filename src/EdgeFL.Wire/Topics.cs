using System.Globalization;
using System.Text;
using EdgeFL.Identity;

namespace EdgeFL.Wire;

/// <summary>Builds topic names and subscription filters: <c>edgefl/v1/{fleet}/{node}/{suffix}</c> (docs/topics.md). <see cref="TopicName"/> reads them.</summary>
public static class Topics
{
    /// <summary>First two levels of every topic.</summary>
    public const string Prefix = "edgefl/v1/";

    /// <summary>Suffix: <c>online</c> or <c>offline</c>.</summary>
    public const string Status = "status";

    /// <summary>Suffix: JSON, who the node is.</summary>
    public const string Info = "info";

    /// <summary>Suffix: JSON, figures every half minute.</summary>
    public const string Telemetry = "telemetry";

    /// <summary>Suffix: JSON, how training goes.</summary>
    public const string Train = "train";

    /// <summary>Suffix: JSON, what the model says.</summary>
    public const string Infer = "infer";

    /// <summary>Suffix: JSON, what happened.</summary>
    public const string Event = "event";

    /// <summary>Suffix: CBOR, a hint at the newest model.</summary>
    public const string Head = "head";

    /// <summary>Suffix: a signed <see cref="UpdateFrame"/>.</summary>
    public const string UpdateFrame = "upd/f";

    /// <summary>Suffix: JSON, signed and versioned, what the operator wants.</summary>
    public const string ConfigDesired = "cfg/desired";

    /// <summary>Suffix: JSON, what is so.</summary>
    public const string ConfigReported = "cfg/reported";

    /// <summary>Suffix: COSE_Sign1, what software should run.</summary>
    public const string OtaManifest = "ota/manifest";

    /// <summary>Stands in place of the node in fleet-wide topics; no node can have this name.</summary>
    internal const string FleetLevel = "_fleet";

    /// <summary>A topic of a node.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node.</param>
    /// <param name="suffix">One of the suffixes here.</param>
    /// <exception cref="ArgumentException">Fleet or node is the default value.</exception>
    public static string Of(FleetId fleet, NodeId node, string suffix)
    {
        if (fleet.IsEmpty || node.IsEmpty)
            throw new ArgumentException("A topic needs a fleet and a node.", fleet.IsEmpty ? nameof(fleet) : nameof(node));
        return $"{Prefix}{fleet}/{node}/{suffix}";
    }

    /// <summary>Where a node sends a raw chunk: <c>upd/c/{sequence}/{index}</c>.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The sender.</param>
    /// <param name="sequence">Sequence number of the frame that lists the chunk.</param>
    /// <param name="index">0 for the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    public static string UpdateChunk(FleetId fleet, NodeId node, ulong sequence, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return Of(fleet, node, string.Create(CultureInfo.InvariantCulture, $"upd/c/{sequence}/{index}"));
    }

    /// <summary>Where one node asks another for something: beneath the asked one, <c>in/{from}</c>.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="to">The node that is asked.</param>
    /// <param name="from">The node that asks.</param>
    public static string Inbox(FleetId fleet, NodeId to, NodeId from) => Of(fleet, to, $"in/{Some(from)}");

    /// <summary>Where an operator commands a node: <c>cmd/{verb}</c>.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node.</param>
    /// <param name="verb">1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <exception cref="ArgumentException">The verb breaks the rule.</exception>
    public static string Command(FleetId fleet, NodeId node, string verb) => Of(fleet, node, $"cmd/{Verb(verb)}");

    /// <summary>Where a node answers a command: <c>cmd/{verb}/res</c>.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node.</param>
    /// <param name="verb">1 to 32 characters of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <exception cref="ArgumentException">The verb breaks the rule.</exception>
    public static string CommandResult(FleetId fleet, NodeId node, string verb) => Of(fleet, node, $"cmd/{Verb(verb)}/res");

    /// <summary>Where the fleet's revocation list stands: <c>edgefl/v1/{fleet}/_fleet/revoked</c>.</summary>
    /// <param name="fleet">The fleet.</param>
    public static string Revoked(FleetId fleet) => $"{Prefix}{Some(fleet)}/{FleetLevel}/revoked";

    /// <summary>Filter: frames and chunks of one node.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node.</param>
    public static string UpdatesOf(FleetId fleet, NodeId node) => Of(fleet, node, "upd/#");

    /// <summary>Filter: frames and chunks of every node.</summary>
    /// <param name="fleet">The fleet.</param>
    public static string AllUpdates(FleetId fleet) => OfAll(fleet, "upd/#");

    /// <summary>Filter: requests to a node from anyone.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node.</param>
    public static string InboxAll(FleetId fleet, NodeId node) => Of(fleet, node, "in/+");

    /// <summary>Filter: commands to a node, without their results.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node.</param>
    public static string Commands(FleetId fleet, NodeId node) => Of(fleet, node, "cmd/+");

    /// <summary>Filter: one suffix of every node.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="suffix">One of the suffixes here.</param>
    public static string OfAll(FleetId fleet, string suffix) => $"{Prefix}{Some(fleet)}/+/{suffix}";

    /// <summary>What a frame's signature is bound to without being sent: <c>edgefl/v1/{fleet}/{node}/upd</c> in ASCII. The external_aad of <see cref="CoseSign1.SigStructure"/>.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="node">The node that signs.</param>
    public static byte[] UpdateContext(FleetId fleet, NodeId node) => Encoding.ASCII.GetBytes(Of(fleet, node, "upd"));

    private static FleetId Some(FleetId fleet) => fleet.IsEmpty ? throw new ArgumentException("A topic needs a fleet.", nameof(fleet)) : fleet;

    private static NodeId Some(NodeId node) => node.IsEmpty ? throw new ArgumentException("A topic needs a node.", nameof(node)) : node;

    private static string Verb(string verb) =>
        Segment.IsValid(verb) ? verb : throw new ArgumentException($"'{verb}' is not 1 to {Segment.LengthMax} characters of a-z, 0-9 and '-'.", nameof(verb));
}
