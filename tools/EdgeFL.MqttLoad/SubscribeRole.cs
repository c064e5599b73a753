using System.Diagnostics;

namespace EdgeFL.MqttLoad;

/// <summary>
/// Receives with one client or several, grants the publisher its window, and says what came in the time that was measured: how many a second, how long
/// each took, and how many of all never came.
/// </summary>
internal static class SubscribeRole
{
    public static async Task RunAsync(Settings settings)
    {
        int share = Math.Max(settings.Number("window", 256) / Flow.Shares, 1);
        var receivers = new Receiver[settings.Number("clients", 1)];
        using var flow = new FlowListener(settings.Needed("flow"));
        var granting = new Lock();
        long granted = 0;
        void ShareIsIn()
        {
            // The slowest of them says how far the publisher may go.
            lock (granting)
            {
                for (long wanted = receivers.Min(receiver => receiver.Received) / share; granted < wanted; granted++)
                    flow.Grant();
            }
        }

        var clients = new List<LoadClient>();
        for (int i = 0; i < receivers.Length; i++)
            receivers[i] = new Receiver(share, ShareIsIn);
        for (int i = 0; i < receivers.Length; i++)
            clients.Add(await LoadClient.ConnectAsync(settings, $"subscriber-{i}", settings.Number("port", 0), keeps: false, LoadClient.Topic, receivers[i].Take));
        Parent.Say("ready", $"{receivers.Length}");
        Measure(settings, receivers);
        flow.Stop();
        long total = await flow.Total;
        Settle(receivers, total);
        Parent.Say("sent", $"{total}");
        Parent.Say("missing", $"{receivers.Sum(receiver => total - receiver.Received)}");
        foreach (LoadClient client in clients)
            await client.DisposeAsync();
    }

    private static void Measure(Settings settings, Receiver[] receivers)
    {
        const int StartWithinMs = 30_000;
        var waiting = Stopwatch.StartNew();
        while (receivers.Sum(receiver => receiver.Received) == 0)
        {
            if (waiting.ElapsedMilliseconds > StartWithinMs)
                throw new LoadException($"no message came within {StartWithinMs} ms");
            Thread.Sleep(1);
        }

        Thread.Sleep(settings.Number("warm-ms", 200));
        long before = receivers.Sum(receiver => receiver.Received);
        long start = Stopwatch.GetTimestamp();
        foreach (Receiver receiver in receivers)
            receiver.Sampling = true;
        Thread.Sleep(settings.Number("measure-ms", 1000));
        foreach (Receiver receiver in receivers)
            receiver.Sampling = false;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Parent.Say("rate", $"{(receivers.Sum(receiver => receiver.Received) - before) / seconds:0.###}");
        List<long> took = [];
        foreach (Receiver receiver in receivers)
            took.AddRange(receiver.Samples);
        took.Sort();
        if (took.Count == 0)
            throw new LoadException("no message came in the time that was measured");
        Parent.Say("median-us", $"{Microseconds(took[took.Count / 2]):0.###}");
        Parent.Say("p99-us", $"{Microseconds(took[took.Count * 99 / 100]):0.###}");
    }

    /// <summary>Waits for what is under way, until all is there or nothing more comes.</summary>
    private static void Settle(Receiver[] receivers, long total)
    {
        const int SilenceMs = 2000;
        long last = -1;
        var silent = Stopwatch.StartNew();
        while (receivers.Any(receiver => receiver.Received < total) && silent.ElapsedMilliseconds < SilenceMs)
        {
            long now = receivers.Sum(receiver => receiver.Received);
            if (now != last)
                silent.Restart();
            last = now;
            Thread.Sleep(5);
        }
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
