using EdgeFL.Mqtt;
using EdgeFL.Node;

namespace EdgeFL.Platform.Links;

/// <summary>How the broker's security events read for people.</summary>
internal static class SecurityEvents
{
    public static NodeEvent From(MqttSecurityEvent happened)
    {
        (string code, string fix) = happened.Kind switch
        {
            MqttSecurityEventKind.TlsRefused => ("tls-refused", "If it belongs to the fleet, renew its certificate (edgefl node add NAME --renew) and look at both clocks."),
            MqttSecurityEventKind.ConnectRefused => ("connect-refused", "If it belongs to the fleet, renew its certificate: edgefl node add NAME --renew"),
            MqttSecurityEventKind.ConnectTimeout => ("connect-timeout", "Look at the network; a port scanner does this too."),
            MqttSecurityEventKind.TooManyConnections => ("too-many-connections", "Find out who connects: ss -tnp"),
            MqttSecurityEventKind.PublishRefused => ("publish-refused", "Look at what runs under that certificate; docs/topics.md says who may write what."),
            MqttSecurityEventKind.SubscribeRefused => ("subscribe-refused", "Look at what runs under that certificate; docs/topics.md says who may read what."),
            MqttSecurityEventKind.SlowConsumer => ("slow-consumer", "It reads too slowly for what it has subscribed to; let it subscribe to less."),
            _ => ("malformed-packet", "Look at what runs there: it does not speak MQTT as it should."),
        };
        string who = happened.Principal is { } principal ? $"{principal} at {happened.Address}" : happened.Address;
        string more = happened.Suppressed > 0 ? $" ({happened.Suppressed} more like it were left out)" : "";
        return new NodeEvent(code, EventSeverity.Warning, $"{who}: {happened.Detail}{more}", fix);
    }
}
