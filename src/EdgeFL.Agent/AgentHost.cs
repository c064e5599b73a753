using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using EdgeFL.Identity;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;
using EdgeFL.Platform.Systemd;

namespace EdgeFL.Agent;

/// <summary>
/// The host loop: one bounded queue of inputs, one reader that hands them to the node and carries out its effects. The sensor waits when the queue
/// is full; frames from the network are dropped and counted; a tick is never queued twice.
/// </summary>
internal sealed class AgentHost : IAsyncDisposable
{
    private const int InboxMax = 512;

    private readonly NodeCore node;
    private readonly ISensor sensor;
    private readonly DeviceCredentials credentials;
    private readonly IFleetLink link;
    private readonly CheckpointWriter checkpoints;
    private readonly SystemdNotifier systemd = SystemdNotifier.FromEnvironment();
    private readonly int tickMs;
    private readonly Channel<Pending> inbox = Channel.CreateBounded<Pending>(new BoundedChannelOptions(InboxMax) { SingleReader = true });
    private readonly Outbox outbox = new();
    private readonly Telemetry telemetry;
    private long dropped;
    private int tickPending;
    private long nextWatchdogMs;

    /// <summary>What waits for the node, or an event that waits to be published.</summary>
    private readonly record struct Pending(NodeInput? Input, NodeEvent? Event, long ArrivedAt);

    public AgentHost(NodeCore node, ISensor sensor, CheckpointStore store, DeviceCredentials credentials, AgentConfig config, InfoPayload info)
    {
        this.node = node;
        this.sensor = sensor;
        this.credentials = credentials;
        tickMs = config.Training.TickMs;
        checkpoints = new CheckpointWriter(store);
        telemetry = new Telemetry(config.Network.TelemetryIntervalMs);
        var context = new LinkContext(credentials, config.Network, info, PostOrDrop, NotifyOrDrop);
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
            await foreach (Pending pending in inbox.Reader.ReadAllAsync(stop).ConfigureAwait(false))
                Handle(pending);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        systemd.Stopping();
        await ticks.ConfigureAwait(false);
        await samples.ConfigureAwait(false);
        Handle(Arrived(new NodeInput.Shutdown()));
        await checkpoints.FlushAsync().ConfigureAwait(false);
        await link.StopAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await link.DisposeAsync().ConfigureAwait(false);
        await sensor.DisposeAsync().ConfigureAwait(false);
        systemd.Dispose();
        credentials.Dispose();
    }

    private void PostOrDrop(NodeInput input)
    {
        if (!inbox.Writer.TryWrite(Arrived(input)))
            Interlocked.Increment(ref dropped);
    }

    private void NotifyOrDrop(NodeEvent happened)
    {
        if (!inbox.Writer.TryWrite(new Pending(null, happened, 0)))
            Interlocked.Increment(ref dropped);
    }

    private static Pending Arrived(NodeInput input) => new(input, null, Stopwatch.GetTimestamp());

    private async Task TickAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(tickMs));
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                if (Interlocked.Exchange(ref tickPending, 1) == 0)
                    await inbox.Writer.WriteAsync(Arrived(new NodeInput.Tick()), stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task SenseAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var batch in sensor.ReadAsync(stop).ConfigureAwait(false))
                await inbox.Writer.WriteAsync(Arrived(new NodeInput.SamplesRead(batch.Copy())), stop).ConfigureAwait(false);
            await inbox.Writer.WriteAsync(Arrived(new NodeInput.SensorEnded()), stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        catch (SensorException broken)
        {
            // What was read stays learned and the node goes on with it; people are told.
            NotifyOrDrop(new NodeEvent(broken.Code, EventSeverity.Error, $"{broken.Where}: {broken.Cause}", broken.Remedy));
        }
    }

    private void Handle(Pending pending)
    {
        if (pending.Event is { } happened)
        {
            Raise(happened);
            return;
        }

        if (pending.Input is NodeInput.Tick)
            Interlocked.Exchange(ref tickPending, 0);
        node.Handle(pending.Input!, Environment.TickCount64, outbox);
        foreach (NodeEffect effect in outbox.Effects)
            Carry(effect, pending.ArrivedAt);
        outbox.Clear();
        TellSystemd();
        if (telemetry.IsDue())
            Publish("telemetry", telemetry.Read(node, link.Counters, inbox.Reader.Count, Interlocked.Read(ref dropped)), PayloadJson.Default.TelemetryPayload, 0, false);
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
                checkpoints.Write(persist.State);
                break;
            case NodeEffect.Trained trained:
                Publish("train", ToPayload(trained.Report), PayloadJson.Default.TrainPayload, 1, true);
                break;
            case NodeEffect.Inferred inferred:
                if (!float.IsFinite(inferred.Inference.Score))
                    break; // JSON has no such number, and a model that gives none has nothing to say.
                double latencyMs = Stopwatch.GetElapsedTime(arrivedAt).TotalMilliseconds;
                Publish("infer", new InferPayload(inferred.Inference.Label, Rounded(inferred.Inference.Score), Math.Round(latencyMs, 3)), PayloadJson.Default.InferPayload, 0, false);
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

    private void Publish<T>(string suffix, T payload, JsonTypeInfo<T> type, int qos, bool retain) =>
        link.Publish(suffix, JsonSerializer.SerializeToUtf8Bytes(payload, type), qos, retain);

    private static TrainPayload ToPayload(TrainReport report) => new(
        report.Phase.ToString().ToLowerInvariant(), report.Round, report.Rounds, report.Steps, Finite(report.Loss), Finite(report.HeldOutLoss),
        Finite(report.Accuracy), report.Windows, report.Peers, report.Merged);

    private static float? Finite(float value) => float.IsFinite(value) ? (float)Rounded(value) : null;

    private static double Rounded(float value) => Math.Round(value, 4);
}
