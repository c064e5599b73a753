using System.Diagnostics;

namespace EdgeFL.MqttLoad;

/// <summary>
/// Receives with one client or several and grants the publisher its window. Says how many came a second of the time that was measured and how long each
/// took, or, of a given count of messages, how many came twice; and how many of all never came.
/// </summary>
internal static class SubscribeRole
{
    /// <param name="settings">port, qos, in-flight, flow, window, clients; warm-ms and measure-ms, or count; cuts.</param>
    /// <param name="onReady">Called once all are subscribed.</param>
    public static async Task RunAsync(Settings settings, Action? onReady = null)
    {
        int share = Math.Max(settings.Number("window", 256) / Flow.Shares, 1);
        int count = settings.Number("count", 0);
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

        for (int i = 0; i < receivers.Length; i++)
            receivers[i] = new Receiver(share, ShareIsIn, count);
        using CuttingProxy? proxy = CuttingProxy.AsAsked(settings);
        var clients = new List<LoadClient>();
        foreach (Receiver receiver in receivers)
            clients.Add(await LoadClient.ConnectAsync(settings, $"subscriber-{clients.Count}", LoadClient.Topic, receiver.Take, proxy));
        Parent.Say("ready", $"{receivers.Length}");
        onReady?.Invoke();
        if (count == 0)
        {
            await Task.Factory.StartNew(() => Measure(settings, receivers), TaskCreationOptions.LongRunning);
            flow.Stop();
        }

        long total = await flow.Total;
        await SettleAsync(receivers, total);
        Parent.Say("missing", $"{receivers.Sum(receiver => total - receiver.Received)}");
        Parent.Say("duplicates", $"{receivers.Sum(receiver => receiver.Duplicates)}");
        Parent.Say("cuts", $"{proxy?.Cuts ?? 0}");
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
        foreach (Receiver receiver in receivers)
            receiver.Sample();
        long before = receivers.Sum(receiver => receiver.Received);
        long start = Stopwatch.GetTimestamp();
        long after;
        double seconds;
        do
        {
            Thread.Sleep(settings.Number("measure-ms", 1000));
            after = receivers.Sum(receiver => receiver.Received);
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (after == before && waiting.ElapsedMilliseconds < StartWithinMs);

        List<long> took = [];
        foreach (Receiver receiver in receivers)
            took.AddRange(receiver.Samples);
        if (after == before || took.Count == 0)
            throw new LoadException($"no message came in the {seconds:0.0} s that were measured");
        took.Sort();
        Parent.Say("rate", $"{(after - before) / seconds:0.###}");
        Parent.Say("median-us", $"{Microseconds(took[took.Count / 2]):0.###}");
        Parent.Say("p99-us", $"{Microseconds(took[took.Count * 99 / 100]):0.###}");
    }

    /// <summary>Waits for what is under way, until all is there or nothing more comes.</summary>
    private static async Task SettleAsync(Receiver[] receivers, long total)
    {
        const int SilenceMs = 10_000;
        long last = -1;
        var silent = Stopwatch.StartNew();
        while (receivers.Any(receiver => receiver.Received < total) && silent.ElapsedMilliseconds < SilenceMs)
        {
            long now = receivers.Sum(receiver => receiver.Received);
            if (now != last)
                silent.Restart();
            last = now;
            await Task.Delay(5);
        }
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
