using System.Buffers.Binary;
using System.Diagnostics;

namespace EdgeFL.MqttLoad;

/// <summary>
/// Publishes numbered messages of one size until the subscriber says stop or there are enough: as fast as the window lets it, or at a rate. Each begins
/// with its number and the monotonic clock, which all processes of a machine share, at the moment it was handed to the client.
/// </summary>
internal static class PublishRole
{
    private const int HeadBytes = 16;

    public static async Task RunAsync(Settings settings)
    {
        using var gate = new FlowGate(settings.Needed("flow"), settings.Number("window", 256));
        using CuttingProxy? proxy = CuttingProxy.AsAsked(settings);
        await using LoadClient client = await LoadClient.ConnectAsync(settings, "publisher", through: proxy);
        // On a thread of its own: one of the pool's would be missing to the client.
        long sent = await Task.Factory.StartNew(() => Publish(settings, gate, client, reuses: proxy is null), TaskCreationOptions.LongRunning);
        while (client.Mqtt.QueuedMessages > 0)
            await Task.Delay(1);
        gate.Tell(sent);
        Parent.Say("cuts", $"{proxy?.Cuts ?? 0}");
    }

    private static long Publish(Settings settings, FlowGate gate, LoadClient client, bool reuses)
    {
        int qos = settings.Number("qos", 0), rate = settings.Number("rate", 0), count = settings.Number("count", int.MaxValue);
        byte[][] payloads = Payloads(settings.Number("window", 256), Math.Max(settings.Number("size", 0), HeadBytes));
        long start = Stopwatch.GetTimestamp(), sent = 0;
        while (sent < count && gate.MaySend(sent, look: rate > 0))
        {
            if (rate > 0 && sent >= Stopwatch.GetElapsedTime(start).TotalSeconds * rate)
            {
                Thread.Sleep(1);
                continue;
            }

            // The window has come round: the message that was here before is received. One that may have to be sent again is another matter.
            byte[] payload = payloads[sent % payloads.Length];
            if (!reuses)
                payload = (byte[])payload.Clone();
            BinaryPrimitives.WriteInt64LittleEndian(payload, sent);
            BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(8), Stopwatch.GetTimestamp());
            if (!client.Mqtt.TryPublish(LoadClient.Topic, payload, qos))
                throw new LoadException("the client's queue is full");
            sent++;
        }

        return sent;
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
