using System.Security.Cryptography.X509Certificates;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>
/// Who may say and hear what on a node's own broker. A device writes beneath its own id and into others' <c>in/{itself}</c>, and hears what nodes tell everybody;
/// an operator hears everything and writes commands, wanted configuration, software manifests and revocations; the node's own bridge brings what operators write, and nothing else.
/// The principal is the TLS certificate's subject, nothing a client says of itself.
/// </summary>
public sealed class FleetAccess : IMqttAccess
{
    private const string OperatorPrefix = "operator:";

    private static readonly string[] PublicSuffixes =
        [Topics.Status, Topics.Info, Topics.Telemetry, Topics.Train, Topics.Infer, Topics.Event, Topics.Head, Topics.ConfigReported, Topics.OtaManifest];

    private readonly FleetId fleet;
    private readonly TrustStore trust;
    private readonly Action<PeerIdentity> learn;
    private readonly string prefix;

    /// <summary>Makes the rules of a fleet.</summary>
    /// <param name="trust">Whose certificates count.</param>
    /// <param name="learn">Is told each identity that connects.</param>
    public FleetAccess(TrustStore trust, Action<PeerIdentity> learn)
    {
        this.trust = trust;
        this.learn = learn;
        fleet = trust.Fleet;
        prefix = $"{Topics.Prefix}{fleet}/";
    }

    /// <inheritdoc/>
    public bool TryAuthenticate(
        X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
    {
        principal = "";
        CertificateError error = trust.Verify(certificate, null, DateTimeOffset.UtcNow, out PeerIdentity? identity);
        reason = error == CertificateError.None ? "" : error.ToString();
        if (identity is null)
            return false;
        learn(identity);
        principal = identity.Role == CertificateRole.Device ? identity.Node.Value : OperatorPrefix + identity.Name;
        return true;
    }

    /// <inheritdoc/>
    public bool MayPublish(string principal, string topic)
    {
        if (!TopicName.TryParse(topic, out TopicName name) || name.Fleet != fleet)
            return false;
        bool forOperator = name.Kind is TopicKind.Command or TopicKind.ConfigDesired or TopicKind.OtaManifest or TopicKind.Revoked;
        if (IsOperator(principal) || principal.StartsWith(MqttBridge.PrincipalPrefix, StringComparison.Ordinal))
            return forOperator;
        if (forOperator)
            return false;
        return name.Kind == TopicKind.Inbox ? name.From.Value == principal : name.Node.Value == principal;
    }

    /// <inheritdoc/>
    public bool MaySubscribe(string principal, string filter)
    {
        if (!filter.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        if (IsOperator(principal))
            return true;
        string rest = filter[prefix.Length..];
        if (rest == "_fleet/revoked")
            return true;
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return false; // '#', '+' or a bare node would cover other nodes' inboxes.
        string suffix = rest[(slash + 1)..];
        return rest.AsSpan(0, slash).SequenceEqual(principal)
            || Array.IndexOf(PublicSuffixes, suffix) >= 0
            || suffix.StartsWith("upd/", StringComparison.Ordinal);
    }

    private static bool IsOperator(string principal) => principal.StartsWith(OperatorPrefix, StringComparison.Ordinal);
}
