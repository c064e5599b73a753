using System.Net;
using System.Net.Security;

namespace EdgeFL.Mqtt;

/// <summary>One address that a broker listens on, and how clients prove there who they are.</summary>
public sealed record MqttListener
{
    /// <summary>What errors call it, such as the setting that it comes from. Default <c>listener</c>.</summary>
    public string Name { get; init; } = "listener";

    /// <summary>Address and port; port 0 takes a free one, [::] means every address of both families. Default 127.0.0.1:0.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>
    /// Makes the TLS options of one connection, anew for each so that certificates can change while the broker runs; null for a
    /// listener without TLS. The broker raises what it gets: TLS 1.3 only, a client certificate asked for, no renegotiation, no
    /// resumption. The caller gives the server certificate and the validation of the client's.
    /// </summary>
    public Func<SslServerAuthenticationOptions>? Tls { get; init; }

    /// <summary>
    /// Let clients in that show no certificate; <see cref="IMqttAccess"/> then gets null and decides by user and password. One that is
    /// shown is still validated. Default false: a listener with TLS refuses them.
    /// </summary>
    public bool IsClientCertificateOptional { get; init; }

    /// <summary>
    /// Speak MQTT over WebSocket here, for browsers (RFC 6455; subprotocol <c>mqtt</c>, path <c>/mqtt</c> or <c>/</c>), inside TLS where that is on. Default false.
    /// </summary>
    public bool IsWebSocket { get; init; }

    /// <summary>
    /// Which pages may open a WebSocket: gets the Origin header, null where there is none (programs need not send it), and returns whether it is
    /// allowed. Called on the connection's thread; it returns quickly. Default null: all are.
    /// </summary>
    public Func<string?, bool>? AllowsOrigin { get; init; }

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Name);
        ArgumentNullException.ThrowIfNull(EndPoint);
        if (IsClientCertificateOptional && Tls is null)
            throw new ArgumentException($"{Name}: client certificates are a matter of TLS, which is off.", nameof(IsClientCertificateOptional));
    }
}
