using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Mqtt;
using EdgeFL.Node;
using EdgeFL.Platform.Configuration;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>
/// One outside broker for all. Peers are seen by their <c>status</c>, their keys are learned from the certificate in their <c>info</c>, and a link is a
/// subscription to their updates. Both are retained, but RabbitMQ gives nothing retained to a subscription with wildcards: a node that hears a newcomer says
/// again who it is. The broker is not trusted: every frame is signed, and the topic is part of what is signed.
/// </summary>
public sealed class SharedBrokerLink : IFleetLink
{
    /// <summary>Peers remembered at once: a broker is open to more than the fleet.</summary>
    private const int PeersMax = 4096;

    /// <summary>Events kept for a broker that is away; older ones give way.</summary>
    private const int HeldEventsMax = 16;

    /// <summary>Longest wait before a newcomer is answered, ms. Those who come meanwhile get the same answer, and a fleet does not answer all at once.</summary>
    private const int AnswerMsMax = 1000;

    private readonly LinkContext context;
    private readonly FrameGate gate;
    private readonly FrameInbox inbox;
    private readonly MqttClient client;
    private readonly SendTally tally = new();
    private readonly SendSlot slot = new();

    // Inputs are posted and subscriptions asked for under this lock, so that ups and downs keep their order; neither blocks.
    private readonly Lock guard = new();
    private readonly Dictionary<NodeId, PeerState> peers = [];
    private readonly Dictionary<string, ReadOnlyMemory<byte>> retained = new(StringComparer.Ordinal);
    private readonly Queue<(string Suffix, ReadOnlyMemory<byte> Payload)> held = [];
    private bool stopped;
    private bool isLossTold;
    private bool isAnswering;

    private sealed class PeerState
    {
        public bool IsOnline;
        public bool IsKeyKnown;
        public bool IsWanted;
        public bool IsSeen;
        public bool IsUp;
        public uint? Boot;
    }

    /// <summary>Makes the link; nothing is opened yet.</summary>
    /// <param name="context">The node; its <see cref="NetworkConfig.Broker"/> names the broker.</param>
    /// <exception cref="ConfigException">The broker's address or CA file cannot be used.</exception>
    public SharedBrokerLink(LinkContext context)
    {
        this.context = context;
        gate = new FrameGate(context.Credentials);
        inbox = new FrameInbox(context.Fleet, context.Node, gate, context.Post);
        retained[Topics.Info] = JsonSerializer.SerializeToUtf8Bytes(context.Info, PayloadJson.Default.InfoPayload);
        client = new MqttClient(
            OutsideConnection.Options(context, BrokerUrl.Parse(context.Network.Broker!, context.Network.Insecure), context.Network.BrokerCa) with
            {
                OnConnected = _ => OnConnected(),
                OnDisconnected = OnDisconnected,
            },
            OnMessage);
    }

    /// <inheritdoc/>
    public string Endpoint => context.Network.Broker!;

    /// <inheritdoc/>
    public LinkCounters Counters => new(client.Counters.BytesIn, client.Counters.BytesOut, tally.Sent, tally.Lost);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await client.StartAsync(cancellation).ConfigureAwait(false);
        _ = SubscribeAsync(Topics.OfAll(context.Fleet, Topics.Status));
        _ = SubscribeAsync(Topics.OfAll(context.Fleet, Topics.Info));
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        lock (guard)
        {
            if (stopped)
                return;
            stopped = true;
        }

        if (client.IsConnected)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await client.PublishAsync(Own(Topics.Status), "offline"u8.ToArray(), 1, true, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The broker is gone: its will speaks for this node.
            }
        }

        await client.StopAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await client.DisposeAsync().ConfigureAwait(false);
        gate.Dispose();
    }

    /// <inheritdoc/>
    public void Open(NodeId peer) => Want(peer, true);

    /// <inheritdoc/>
    public void Close(NodeId peer) => Want(peer, false);

    /// <inheritdoc/>
    public void Send(NodeEffect.SendUpdate update) =>
        tally.Send(client, slot, Own(Topics.UpdateFrame), gate.Seal(update.Payload.Span), context, update);

    /// <inheritdoc/>
    /// <remarks>While the broker is away the newest of each retained topic and a few events are kept for it. Figures are not: hours of them would fill the
    /// queue and hold up the first words after a reconnect.</remarks>
    public void Publish(string suffix, ReadOnlyMemory<byte> payload, int qos, bool retain)
    {
        lock (guard)
        {
            if (retain)
                retained[suffix] = payload;
            if (!client.IsConnected)
            {
                if (retain || qos == 0)
                    return;
                if (held.Count == HeldEventsMax)
                    held.Dequeue();
                held.Enqueue((suffix, payload));
                return;
            }
        }

        client.TryPublish(Own(suffix), payload, qos, retain);
    }

    private string Own(string suffix) => Topics.Of(context.Fleet, context.Node, suffix);

    private void OnConnected()
    {
        lock (guard)
        {
            // All of it again: the broker may have been restarted and have forgotten everything.
            foreach ((string suffix, ReadOnlyMemory<byte> payload) in retained)
                client.TryPublish(Own(suffix), payload, 1, true);
            client.TryPublish(Own(Topics.Status), "online"u8.ToArray(), 1, true);
            while (held.TryDequeue(out (string Suffix, ReadOnlyMemory<byte> Payload) waiting))
                client.TryPublish(Own(waiting.Suffix), waiting.Payload, 1);
        }

        ReviseAll();
    }

    private void OnDisconnected(MqttDisconnected gone)
    {
        OutsideConnection.TellLoss(context, context.Network.Broker!, gone, ref isLossTold);
        ReviseAll();
    }

    private ValueTask OnMessage(MqttMessage message)
    {
        if (!TopicName.TryParse(message.Topic, out TopicName topic) || topic.Fleet != context.Fleet || topic.Node == context.Node)
            return ValueTask.CompletedTask;
        switch (topic.Kind)
        {
            case TopicKind.Status:
                bool isOnline = message.Payload.Span.SequenceEqual("online"u8);
                bool isBack = false;
                Revise(topic.Node, state => (isBack, state.IsOnline) = (isOnline && !state.IsOnline, isOnline));
                if (isBack && !message.Retain)
                    Answer();
                break;
            case TopicKind.Info:
                if (IsNew(topic.Node, message.Payload.Span) && !message.Retain)
                    Answer();
                break;
            default:
                inbox.Take(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Says again who this node is and that it is there: a newcomer may not have got what is retained.</summary>
    private void Answer()
    {
        lock (guard)
        {
            if (isAnswering || stopped)
                return;
            isAnswering = true;
        }

        _ = AnswerAsync();
    }

    private async Task AnswerAsync()
    {
        await Task.Delay(Random.Shared.Next(AnswerMsMax / 2, AnswerMsMax)).ConfigureAwait(false);
        lock (guard)
        {
            isAnswering = false;
            if (stopped || !client.IsConnected)
                return;
            client.TryPublish(Own(Topics.Info), retained[Topics.Info], 1, true);
            client.TryPublish(Own(Topics.Status), "online"u8.ToArray(), 1, true);
        }
    }

    /// <summary>
    /// Takes what a node says of itself; true when it has started since it was last heard. Its certificate counts when the fleet's CA has signed it for that very
    /// node. Who learns another model is no peer.
    /// </summary>
    private bool IsNew(NodeId node, ReadOnlySpan<byte> json)
    {
        InfoPayload? info = null;
        try
        {
            info = JsonSerializer.Deserialize(json, PayloadJson.Default.InfoPayload);
        }
        catch (JsonException)
        {
            // Told below as a certificate that is not there.
        }

        PeerIdentity? identity = null;
        CertificateError error = info?.Certificate is { } pem
            ? context.Credentials.Trust.VerifyPem(pem, DateTimeOffset.UtcNow, out identity)
            : CertificateError.NoCertificate;
        if (error == CertificateError.None && (identity!.Role != CertificateRole.Device || identity.Node != node))
            error = CertificateError.BadSubject;
        if (error != CertificateError.None)
        {
            context.Notify(new NodeEvent("peer-refused", EventSeverity.Warning, $"{node} shows no certificate of this fleet for that name ({error}).", $"edgefl node add {node}", node));
            return false;
        }

        gate.Learn(identity!);
        bool isNew = false;
        Revise(node, state =>
        {
            state.IsKeyKnown = info!.ModelHash == context.Info.ModelHash;
            (isNew, state.Boot) = (state.Boot != info.Boot, info.Boot);
        });
        return isNew;
    }

    private void Want(NodeId peer, bool isWanted) => Revise(peer, state => state.IsWanted = isWanted);

    /// <summary>Changes what is known of a peer and tells the node what comes of it.</summary>
    private void Revise(NodeId peer, Action<PeerState> change)
    {
        lock (guard)
        {
            if (!peers.TryGetValue(peer, out PeerState? state))
            {
                if (peers.Count >= PeersMax && !MakeRoom())
                    return;
                peers[peer] = state = new PeerState();
            }

            change(state);
            Tell(peer, state);
        }
    }

    private void ReviseAll()
    {
        lock (guard)
        {
            foreach ((NodeId peer, PeerState state) in peers)
                Tell(peer, state);
        }
    }

    /// <summary>A peer that only says it is there, without a certificate, is the first to go.</summary>
    private bool MakeRoom()
    {
        foreach ((NodeId peer, PeerState state) in peers)
        {
            if (state.IsWanted || (state.IsOnline && state.IsKeyKnown))
                continue;
            peers.Remove(peer);
            return true;
        }

        return false;
    }

    /// <summary>Called with the lock held.</summary>
    private void Tell(NodeId peer, PeerState state)
    {
        bool isSeen = state.IsOnline && state.IsKeyKnown;
        bool isUp = isSeen && state.IsWanted && client.IsConnected && !stopped;
        if (isSeen && !state.IsSeen)
            context.Post(new NodeInput.PeerSeen(peer));
        if (isUp != state.IsUp)
        {
            string updates = Topics.UpdatesOf(context.Fleet, peer);
            _ = isUp ? SubscribeAsync(updates) : UnsubscribeAsync(updates);
            context.Post(isUp ? new NodeInput.LinkUp(peer) : new NodeInput.LinkDown(peer));
        }

        if (!isSeen && state.IsSeen)
            context.Post(new NodeInput.PeerGone(peer));
        state.IsSeen = isSeen;
        state.IsUp = isUp;
    }

    private async Task SubscribeAsync(string filter)
    {
        try
        {
            MqttReason answer = await client.SubscribeAsync(filter, 1).ConfigureAwait(false);
            if (answer >= MqttReason.UnspecifiedError)
                context.Notify(OutsideConnection.SubscribeRefused(context.Network.Broker!, $"{answer} on '{filter}'"));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task UnsubscribeAsync(string filter)
    {
        try
        {
            await client.UnsubscribeAsync(filter).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the subscription ends with the session.
        }
    }
}
