using System.Globalization;
using System.Text;

namespace EdgeFL.Mqtt;

/// <summary>The broker's own figures beneath <c>$SYS/broker/</c>, named as mosquitto names them; each is told again when it has changed.</summary>
internal sealed class SystemTopics(MqttBroker broker, MqttClock clock, int seconds)
{
    private readonly Dictionary<string, string> told = new(StringComparer.Ordinal);
    private readonly long startedMs = clock.NowMs;
    private long dueMs;

    /// <summary>Tells what has changed, once the time has come; called by the broker's sweep.</summary>
    public void Sweep(long nowMs)
    {
        if (seconds == 0 || nowMs < dueMs)
            return;
        dueMs = nowMs + (seconds * 1000L);
        MqttCounters counts = broker.Counters;
        Tell("version", "EdgeFL " + (typeof(SystemTopics).Assembly.GetName().Version?.ToString(3) ?? ""));
        Tell("uptime", $"{(nowMs - startedMs) / 1000} seconds");
        Tell("clients/connected", broker.ConnectedClients);
        Tell("clients/total", broker.Sessions);
        Tell("subscriptions/count", broker.Subscriptions);
        Tell("retained messages/count", broker.RetainedMessages);
        Tell("messages/received", counts.PacketsIn);
        Tell("messages/sent", counts.PacketsOut);
        Tell("publish/messages/received", counts.PublishesIn);
        Tell("publish/messages/sent", counts.PublishesOut);
        Tell("publish/messages/dropped", counts.Dropped);
        Tell("bytes/received", counts.BytesIn);
        Tell("bytes/sent", counts.BytesOut);
    }

    private void Tell(string name, long value) => Tell(name, value.ToString(CultureInfo.InvariantCulture));

    private void Tell(string name, string value)
    {
        if (told.TryGetValue(name, out string? last) && last == value)
            return;
        told[name] = value;
        broker.Publish(MessageRouter.SystemPrefix + name, Encoding.UTF8.GetBytes(value), qos: 0, retain: true);
    }
}
