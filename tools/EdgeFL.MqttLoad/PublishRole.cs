using System.Buffers.Binary;
using System.Diagnostics;

namespace EdgeFL.MqttLoad;

/// <summary>
/// Publishes numbered messages of one size until the subscriber says stop or there are enough: as fast as the window lets it, or at a rate. Each begins
/// with its number and the monotonic clock, which all processes of a machine share, at the moment it was handed to the client.
/// </summary>
internal static class PublishRole
{
    public const int HeadBytes = 16;

    public static async Task RunAsync(Settings settings)
    {
        int qos = settings.Number("qos", 0), rate = settings.Number("rate", 0), count = settings.Number("count", int.MaxValue);
        int window = settings.Number("window", 256);
        using var gate = new FlowGate(settings.Needed("flow"), window);
        await using LoadClient client = await LoadClient.ConnectAsync(settings, "publisher", settings.Number("port", 0), keeps: false);
        byte[][] payloads = Payloads(window, Math.Max(settings.Number("size", HeadBytes), HeadBytes));
        long start = Stopwatch.GetTimestamp(), sent = 0;
        while (sent < count && gate.MaySend(sent, look: rate > 0))
        {
            if (rate > 0 && sent >= Stopwatch.GetElapsedTime(start).TotalSeconds * rate)
            {
                Thread.Sleep(1);
                continue;
            }

            // The window has come round: this one's last message was received.
            byte[] payload = payloads[sent % payloads.Length];
            BinaryPrimitives.WriteInt64LittleEndian(payload, sent);
            BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(8), Stopwatch.GetTimestamp());
            if (!client.Mqtt.TryPublish(LoadClient.Topic, payload, qos))
                throw new LoadException("the client's queue is full");
            sent++;
        }

        while (client.Mqtt.QueuedMessages > 0)
            await Task.Delay(1);
        gate.Tell(sent);
    }

    private static byte[][] Payloads(int window, int size)
    {
        var payloads = new byte[window][];
        for (int i = 0; i < window; i++)
        {
            payloads[i] = new byte[size];
            payloads[i].AsSpan().Fill((byte)i);
        }

        return payloads;
    }
}
