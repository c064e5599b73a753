using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Numerics;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;
using EdgeFL.Platform.Systemd;

namespace EdgeFL.Agent;

/// <summary>
/// The host loop: one bounded queue of inputs (<see cref="Inbox"/>), one reader that hands them to the node and carries out its effects.
/// </summary>
internal sealed class AgentHost : IAsyncDisposable
{
    /// <summary>Longest time that a sensor may take to stop, ms: one that hangs in its driver is left behind.</summary>
    private const int SensorStopMs = 2000;

    private readonly NodeCore node;
    private readonly ISensor sensor;
    private readonly DeviceCredentials credentials;
    private readonly IFleetLink link;
    private readonly CheckpointWriter checkpoints;
    private readonly SystemdNotifier systemd = SystemdNotifier.FromEnvironment();
    private readonly int tickMs;
    private readonly Inbox inbox = new();
    private readonly EventLimit events = new();
    private readonly Outbox outbox = new();
    private readonly Telemetry telemetry;
    private readonly InputRecording? recording;
    private long nextWatchdogMs;
    private bool isSensorStuck;

    public AgentHost(NodeCore node, ISensor sensor, CheckpointWriter checkpoints, DeviceCredentials credentials, AgentConfig config, InfoPayload info, InputRecording? recording)
    {
        this.node = node;
        this.recording = recording;
        this.sensor = sensor;
        this.credentials = credentials;
        tickMs = config.Training.TickMs;
        this.checkpoints = checkpoints;
        telemetry = new Telemetry(config.Network.TelemetryIntervalMs);
        var context = new LinkContext(credentials, config.Network, info, input => inbox.Post(input, Stopwatch.GetTimestamp()), inbox.Notify);
        link = config.Network.Broker is null ? new PeerBrokerLink(context) : new SharedBrokerLink(context);
    }

    /// <summary>Runs until asked to stop; then persists, says good-bye and returns.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await link.StartAsync(stop).ConfigureAwait(false);
        systemd.Ready();
        AgentLog.Info($"reachable at {link.Endpoint}");
        Task ticks = TickAsync(stop);
        Task samples = SenseAsync(stop);
        try
        {
            await foreach (Pending pending in inbox.ReadAllAsync(stop).ConfigureAwait(false))
                Handle(pending);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        systemd.Stopping();
        await ticks.ConfigureAwait(false);
        isSensorStuck = await Task.WhenAny(samples, Task.Delay(SensorStopMs, CancellationToken.None)).ConfigureAwait(false) != samples;
        if (isSensorStuck)
            AgentLog.Error("sensor-stuck", "The sensor does not stop; the agent stops without it.", "");
        Handle(new Pending(new NodeInput.Shutdown(), null, Stopwatch.GetTimestamp()));
        recording?.End(node);
        await checkpoints.FlushAsync().ConfigureAwait(false);
        await link.StopAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await link.DisposeAsync().ConfigureAwait(false);
        if (!isSensorStuck)
            await sensor.DisposeAsync().ConfigureAwait(false);
        systemd.Dispose();
        credentials.Dispose();
    }

    private async Task TickAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(tickMs));
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
                inbox.Tick(Stopwatch.GetTimestamp());
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task SenseAsync(CancellationToken stop)
    {
        await Task.Yield(); // A sensor that blocks in its driver must not hold up the loop.
        try
        {
            await foreach (var batch in sensor.ReadAsync(stop).ConfigureAwait(false))
            {
                await inbox.WaitForRoomAsync(stop).ConfigureAwait(false);
                inbox.Add(new NodeInput.SamplesRead(batch.Copy()), Stopwatch.GetTimestamp());
            }

            inbox.Add(new NodeInput.SensorEnded(), Stopwatch.GetTimestamp());
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (SensorException broken)
        {
            // What was read stays learned and the node goes on with it; people are told.
            inbox.Notify(new NodeEvent(broken.Code, EventSeverity.Error, $"{broken.Where}: {broken.Cause}", broken.Remedy));
        }
        catch (Exception broken)
        {
            inbox.Notify(new NodeEvent(
                "sensor-failed", EventSeverity.Error, $"The sensor ended with {broken.GetType().Name}: {broken.Message}", "edgefl check --config agent.json; then restart the agent."));
        }
    }

    private void Handle(Pending pending)
    {
        if (pending.Event is { } happened)
        {
            if (events.Take(happened, Environment.TickCount64) is { } told)
                Raise(told);
            return;
        }

        long now = Environment.TickCount64;
        if (recording?.Take(pending.Input!, now, node) is { } stopped)
            Raise(stopped);
        node.Handle(pending.Input!, now, outbox);
        foreach (NodeEffect effect in outbox.Effects)
            Carry(effect, pending.ArrivedAt);
        outbox.Clear();
        TellSystemd();
        if (telemetry.IsDue())
            Publish("telemetry", telemetry.Read(node, link.Counters, inbox.Count, inbox.Dropped), PayloadJson.Default.TelemetryPayload, 0, false);
    }

    /// <summary>The watchdog hears from the loop itself: a node that hangs is restarted.</summary>
    private void TellSystemd()
    {
        long now = Environment.TickCount64;
        if (!systemd.IsEnabled || now < nextWatchdogMs)
            return;
        nextWatchdogMs = now + (systemd.WatchdogInterval > TimeSpan.Zero ? (long)systemd.WatchdogInterval.TotalMilliseconds / 3 : 5000);
        systemd.Watchdog();
        systemd.Status($"{node.Phase}, round {node.Round}, {node.Rejections.Total} frames refused");
    }

    private void Carry(NodeEffect effect, long arrivedAt)
    {
        switch (effect)
        {
            case NodeEffect.OpenLink open:
                link.Open(open.Peer);
                break;
            case NodeEffect.CloseLink close:
                link.Close(close.Peer);
                break;
            case NodeEffect.SendUpdate update:
                link.Send(update);
                break;
            case NodeEffect.Persist persist:
                checkpoints.Write(persist);
                break;
            case NodeEffect.Trained trained:
                Publish("train", ToPayload(trained.Report), PayloadJson.Default.TrainPayload, 1, true);
                break;
            case NodeEffect.Inferred inferred:
                if (!float.IsFinite(inferred.Inference.Score))
                    break; // JSON has no such number, and a model that gives none has nothing to say.
                Publish("infer", ToPayload(inferred.Inference, Stopwatch.GetElapsedTime(arrivedAt)), PayloadJson.Default.InferPayload, 0, false);
                break;
            case NodeEffect.Raised raised:
                Raise(raised.Event);
                break;
        }
    }

    private void Raise(NodeEvent raised)
    {
        AgentLog.Event(raised);
        string severity = raised.Severity.ToString().ToLowerInvariant();
        Publish("event", new EventPayload(raised.Code, severity, raised.Message, raised.Fix, raised.Peer?.Value), PayloadJson.Default.EventPayload, 1, false);
    }

    private void Publish<T>(string suffix, T payload, JsonTypeInfo<T> type, int qos, bool retain)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(payload, type);
        if (bytes.Length <= FrameInbox.FrameBytesMax)
            link.Publish(suffix, bytes, qos, retain);
        else if (suffix != "event")
            Raise(new NodeEvent("payload-too-large", EventSeverity.Error, $"'{suffix}' has {bytes.Length} bytes, more than the {FrameInbox.FrameBytesMax} that are sent; it was left out.", "A model with a smaller horizon, or a sensor with fewer channels."));
    }

    private static TrainPayload ToPayload(TrainReport report) => new(
        report.Phase.ToString().ToLowerInvariant(), report.Round, report.Rounds, report.Steps, Finite(report.Loss), Finite(report.HeldOutLoss),
        Finite(report.Accuracy), report.Windows, report.Peers, report.Merged);

    private InferPayload ToPayload(Inference inference, TimeSpan latency)
    {
        Dictionary<string, double[]>? forecast = null;
        if (inference.Forecast.Length > 0 && Vectors.AllFinite(inference.Forecast))
        {
            int rows = inference.Forecast.Length / sensor.Description.Channels.Count;
            forecast = [];
            for (int c = 0; c < sensor.Description.Channels.Count; c++)
            {
                double[] next = new double[rows];
                for (int row = 0; row < rows; row++)
                    next[row] = Rounded(inference.Forecast[(c * rows) + row]);
                forecast[sensor.Description.Channels[c].Name] = next;
            }
        }

        return new InferPayload(inference.Label, Rounded(inference.Score), Math.Round(latency.TotalMilliseconds, 3), Finite(inference.Threshold), forecast);
    }

    private static double? Finite(float value) => float.IsFinite(value) ? Rounded(value) : null;

    /// <summary>Four digits behind the point, or four that count of what is smaller than one.</summary>
    private static double Rounded(float value) =>
        Math.Round(value, Math.Abs(value) is < 1 and > 0 ? Math.Min(15, 3 - (int)Math.Floor(Math.Log10(Math.Abs(value)))) : 4);
}
