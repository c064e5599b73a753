namespace EdgeFL.Platform.Mdns;

/// <summary>The loop that owns all state: one reader of one bounded queue that packets, commands and the clock write to.</summary>
public sealed partial class MdnsService
{
    /// <summary>Room in the queue that packets cannot take.</summary>
    private const int CommandsMax = 64;

    /// <summary>Fingerprints of sent packets that are remembered, to know them again when they come back.</summary>
    private const int SentPacketsMax = 64;

    private static readonly object TimeIsUp = new();

    private readonly Dictionary<int, MdnsSocket> sockets = [];
    private readonly DnsWriter writer = new();
    private readonly Queue<int> sentPackets = new();
    private int waitingPackets;
    private long nextRelinkMs;
    private int stopped;

    private static long NowMs => Environment.TickCount64;

    private async Task RunAsync(CancellationToken ct)
    {
        using var clock = new Timer(_ => inputs.Writer.TryWrite(TimeIsUp));
        try
        {
            while (true)
            {
                var next = Math.Min(Math.Min(responder.Tick(NowMs), browser.Tick(NowMs)), nextRelinkMs);
                Flush();
                clock.Change(Math.Clamp(next - NowMs, 1, options.InterfaceRescanMs), Timeout.Infinite);
                if (!await inputs.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
                    return;
                while (inputs.Reader.TryRead(out var input) && !ct.IsCancellationRequested)
                {
                    Handle(input);
                    Flush();
                }
                if (NowMs >= nextRelinkMs)
                    Relink(mayThrow: false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Handle(object input)
    {
        switch (input)
        {
            case MdnsPacket packet:
                Interlocked.Decrement(ref waitingPackets);
                HandlePacket(packet);
                break;
            case Action<long> command:
                command(NowMs);
                break;
        }
    }

    private void HandlePacket(MdnsPacket packet)
    {
        if (DnsReader.Read(packet.Bytes.Span, out var message) != DnsError.None)
        {
            Counters.Add(MdnsCount.Malformed);
            return;
        }
        // Unicast from elsewhere than the link is refused, and so are responses from another port (RFC 6762, 6 and 11).
        if (!sockets.TryGetValue(packet.LinkIndex, out var socket)
            || (!packet.ToGroup && !socket.Link.IsLocal(packet.From.Address))
            || (message!.IsResponse && packet.From.Port != MdnsSocket.Port))
        {
            Counters.Add(MdnsCount.Ignored);
            return;
        }
        // Our own packets come back. The browser hears them like any other; the responder must not see a conflict with its own past.
        var ours = sentPackets.Contains(Fingerprint(packet.Bytes.Span));
        if (message.IsResponse)
        {
            if (!ours)
                responder.OnResponse(message, packet.LinkIndex, NowMs);
            browser.OnResponse(message, packet.LinkIndex, NowMs);
        }
        else if (!ours || message.Authorities.Count == 0)
            responder.OnQuery(message, socket.Link, packet.From, NowMs);
    }

    /// <summary>Sends what the cores want sent, then makes the calls they want made.</summary>
    private void Flush()
    {
        for (var i = 0; i < outbox.Messages.Count; i++)
        {
            var (link, message, to) = outbox.Messages[i];
            if (!sockets.TryGetValue(link, out var socket))
                continue;
            DnsPacking.Pack(message, writer, packet =>
            {
                Remember(packet.Span);
                Counters.Add(socket.TrySend(packet.Span, to) ? MdnsCount.Sent : MdnsCount.SendFailed);
            });
        }
        outbox.Messages.Clear();
        if (outbox.Calls.Count == 0)
            return;
        var calls = outbox.Calls.ToArray();
        outbox.Calls.Clear();
        foreach (var call in calls)
        {
            try
            {
                call();
            }
            catch (Exception)
            {
                // Whatever a listener does wrong, the node must stay visible to others.
                Counters.Add(MdnsCount.CallbackFailed);
            }
        }
    }

    private void Remember(ReadOnlySpan<byte> packet)
    {
        if (sentPackets.Count == SentPacketsMax)
            sentPackets.Dequeue();
        sentPackets.Enqueue(Fingerprint(packet));
    }

    private static int Fingerprint(ReadOnlySpan<byte> packet)
    {
        var hash = new HashCode();
        hash.AddBytes(packet);
        return hash.ToHashCode();
    }

    /// <summary>Looks at the interfaces, joins new ones, leaves gone ones, and tells the cores when something changed.</summary>
    /// <exception cref="MdnsException">An interface cannot be joined and <paramref name="mayThrow"/> is set.</exception>
    private void Relink(bool mayThrow)
    {
        nextRelinkMs = NowMs + options.InterfaceRescanMs;
        var (links, own) = MdnsLinks.Look(options.Interfaces);
        var changed = false;
        foreach (var (index, socket) in sockets)
        {
            if (!socket.Receiving.IsCompleted && links.Any(link => link.Index == index))
                continue;
            socket.Dispose();
            sockets.Remove(index); // Allowed while going through a dictionary.
            changed = true;
        }
        foreach (var link in links)
        {
            if (sockets.TryGetValue(link.Index, out var socket))
            {
                changed |= !socket.Link.SameAs(link);
                socket.Link = link;
                continue;
            }
            try
            {
                socket = MdnsSocket.Open(link);
            }
            catch (MdnsException) when (!mayThrow)
            {
                // Tried again at the next look; Interfaces shows that it is missing.
                continue;
            }
            sockets.Add(link.Index, socket);
            socket.Receiving = socket.ReceiveAsync(Counters, Accept, stopping.Token);
            changed = true;
        }
        if (!changed)
            return;
        var joined = sockets.Values.Select(socket => socket.Link).ToList();
        joined.Sort((a, b) => a.Index.CompareTo(b.Index));
        Interfaces = joined.Select(link => link.Name).ToList();
        responder.SetLinks(joined, own, NowMs);
        browser.SetLinks(joined, NowMs);
    }

    private void Accept(MdnsPacket packet)
    {
        if (Interlocked.Increment(ref waitingPackets) <= options.PacketQueueMax && inputs.Writer.TryWrite(packet))
            return;
        Interlocked.Decrement(ref waitingPackets);
        Counters.Add(MdnsCount.QueueDropped);
    }

    private bool TryCommand(Action<long> command) => inputs.Writer.TryWrite(command);

    private void Command(Action<long> command)
    {
        if (TryCommand(command))
            return;
        ThrowUnlessRunning();
        throw Limit("Requests waiting for the discovery loop", CommandsMax);
    }

    private async ValueTask StopAsync(bool goodbye)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
        {
            await loop.ConfigureAwait(false);
            return;
        }
        await stopping.CancelAsync().ConfigureAwait(false);
        await loop.ConfigureAwait(false);
        inputs.Writer.TryComplete();
        // The loop has ended: its state is ours.
        while (inputs.Reader.TryRead(out var input))
        {
            if (input is Action<long> command)
                command(NowMs);
        }
        foreach (var service in responder.Services.ToList())
            responder.Remove(service, NowMs, goodbye);
        Flush();
        foreach (var socket in sockets.Values)
        {
            socket.Dispose();
            await socket.Receiving.ConfigureAwait(false);
        }
        sockets.Clear();
        stopping.Dispose();
    }
}
