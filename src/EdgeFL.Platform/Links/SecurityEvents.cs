using EdgeFL.Mqtt;
using EdgeFL.Node;

namespace EdgeFL.Platform.Links;

/// <summary>How the broker's security events read for people.</summary>
internal static class SecurityEvents
{
    public static NodeEvent From(MqttSecurityEvent happened)
    {
        string code = happened.Kind switch
        {
            MqttSecurityEventKind.TlsRefused => "tls-refused",
            MqttSecurityEventKind.ConnectRefused => "connect-refused",
            MqttSecurityEventKind.ConnectTimeout => "connect-timeout",
            MqttSecurityEventKind.TooManyConnections => "too-many-connections",
            MqttSecurityEventKind.PublishRefused => "publish-refused",
            MqttSecurityEventKind.SubscribeRefused => "subscribe-refused",
            MqttSecurityEventKind.SlowConsumer => "slow-consumer",
            _ => "malformed-packet",
        };
        string who = happened.Principal is { } principal ? $"{principal} at {happened.Address}" : happened.Address;
        string more = happened.Suppressed > 0 ? $" ({happened.Suppressed} more like it were left out)" : "";
        return new NodeEvent(code, EventSeverity.Warning, $"{who}: {happened.Detail}{more}", "");
    }
}
