using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>How a node reaches a broker that is not its own, and what it tells of it: with <c>network.broker</c> and with <c>network.bridge</c>.</summary>
internal static class OutsideConnection
{
    /// <summary>The connection, whose loss sets the node's <c>status</c> to <c>offline</c>.</summary>
    /// <exception cref="Configuration.ConfigException">The CA file cannot be used.</exception>
    public static MqttClientOptions Options(LinkContext context, BrokerUrl url, string? authoritiesFile)
    {
        var authorities = BrokerUrl.LoadAuthorities(authoritiesFile);
        var tls = new TlsPolicy(context.Credentials);
        return new MqttClientOptions
        {
            Host = url.Host,
            Port = url.Port,
            ClientId = $"{context.Fleet}.{context.Node}", // No name holds a dot: no two nodes of a broker's fleets make the same id.
            KeepAliveSeconds = 15,
            ReconnectMinMs = context.Network.ReconnectMinMs,
            ReconnectMaxMs = context.Network.ReconnectMaxMs,
            Will = new MqttWill(Topics.Of(context.Fleet, context.Node, Topics.Status), "offline"u8.ToArray(), 1, true, DelaySeconds: 5),
            Tls = url.Secure ? () => tls.Broker(url.Host, authorities) : null,
        };
    }

    /// <summary>Tells each loss, and of attempts that fail the first; that the node stops is none.</summary>
    /// <param name="context">The node.</param>
    /// <param name="broker">The broker's address.</param>
    /// <param name="gone">What happened.</param>
    /// <param name="isTold">Whether one was told before.</param>
    public static void TellLoss(LinkContext context, string broker, MqttDisconnected gone, ref bool isTold)
    {
        if (gone.RetryInMs < 0 || (isTold && !gone.WasConnected))
            return;
        isTold = true;
        context.Notify(new NodeEvent("broker-lost", EventSeverity.Warning, $"No connection to {broker}: {gone.Detail}", "It is tried again; training goes on meanwhile."));
    }

    public static NodeEvent SubscribeRefused(string broker, string detail) =>
        new("subscribe-refused", EventSeverity.Error, $"{broker} does not let this node read: {detail}.", "Look at the broker's access rules; docs/topics.md says who reads what.");
}
