using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt;

/// <summary>
/// Who may connect to the broker, and what they may say and hear. Called from many connections at once: implementations are
/// thread-safe and do not block.
/// </summary>
public interface IMqttAccess
{
    /// <summary>Names the principal behind a CONNECT, or refuses it.</summary>
    /// <param name="certificate">The client's verified certificate; null on a listener without TLS, or where the client showed none and need not.</param>
    /// <param name="clientId">Client identifier; one that the broker assigned when the client sent none.</param>
    /// <param name="user">User name, null when absent.</param>
    /// <param name="password">Password, empty when absent.</param>
    /// <param name="principal">The name that rules, messages and events use from here on.</param>
    /// <param name="reason">Why not, for the operator; never sent to the client.</param>
    /// <returns>False refuses the connection.</returns>
    bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason);

    /// <summary>Whether a principal may publish to a topic; also asked for its will.</summary>
    /// <param name="principal">As <see cref="TryAuthenticate"/> named it.</param>
    /// <param name="topic">Valid topic name.</param>
    bool MayPublish(string principal, string topic);

    /// <summary>Whether a principal may subscribe to a filter, and so to everything that it covers.</summary>
    /// <param name="principal">As <see cref="TryAuthenticate"/> named it.</param>
    /// <param name="filter">Valid topic filter.</param>
    bool MaySubscribe(string principal, string filter);
}

/// <summary>
/// No rules: everybody may do everything, and the principal is the client identifier. For a listener that only this machine can reach.
/// </summary>
public sealed class MqttOpenAccess : IMqttAccess
{
    /// <summary>The only one that is needed.</summary>
    public static MqttOpenAccess Instance { get; } = new();

    /// <inheritdoc/>
    public bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
    {
        principal = clientId;
        reason = "";
        return true;
    }

    /// <inheritdoc/>
    public bool MayPublish(string principal, string topic) => true;

    /// <inheritdoc/>
    public bool MaySubscribe(string principal, string filter) => true;
}
