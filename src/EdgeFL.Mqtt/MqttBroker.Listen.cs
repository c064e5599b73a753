using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Mqtt;

public sealed partial class MqttBroker
{
    private const int SweepMs = 250;
    private const int StopTimeoutMs = 3000;
    private const int AcceptRetryMs = 100;

    private readonly Lock connectionsGate = new();
    private readonly Dictionary<BrokerConnection, Task> connections = [];
    private readonly LinkedList<BrokerConnection> pending = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Socket?[] listening;
    private Task? accepting;
    private Task sweeping = Task.CompletedTask;
    private int admitted;

    /// <summary>Binds all listeners and listens. It is ready when the task ends.</summary>
    /// <param name="cancel">Not used once listening; stop with <see cref="StopAsync"/>.</param>
    /// <exception cref="IOException">An address cannot be listened on; the message names it, and no listener is left open.</exception>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public Task StartAsync(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        if (accepting is not null)
            throw new InvalidOperationException("The broker was started before: make a new one.");
        try
        {
            for (int i = 0; i < listening.Length; i++)
                listening[i] = Bind(options.Listeners[i]);
        }
        catch
        {
            StopListening();
            throw;
        }
        Task[] loops = new Task[listening.Length];
        for (int i = 0; i < loops.Length; i++)
        {
            localEndPoints[i] = (IPEndPoint)listening[i]!.LocalEndPoint!;
            loops[i] = AcceptLoopAsync(listening[i]!, options.Listeners[i]);
        }
        systemTopics.Sweep(clock.NowMs);
        accepting = Task.WhenAll(loops);
        sweeping = SweepLoopAsync();
        return Task.CompletedTask;
    }

    /// <summary>Says goodbye to all clients and closes, within three seconds. Their wills are not published: nobody is left to hear them.</summary>
    public async Task StopAsync()
    {
        if (stopping.IsCancellationRequested)
            return;
        await stopping.CancelAsync().ConfigureAwait(false);
        StopListening();
        await (accepting ?? Task.CompletedTask).ConfigureAwait(false);
        await sweeping.ConfigureAwait(false);
        Task[] running = Snapshot(out BrokerConnection[] open);
        foreach (BrokerConnection connection in open)
            connection.Shutdown();
        Task all = Task.WhenAll(running);
        await Task.WhenAny(all, Task.Delay(StopTimeoutMs)).ConfigureAwait(false);
        foreach (BrokerConnection connection in open)
            connection.Abort();
        await all.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        stopping.Dispose();
    }

    /// <summary>Counts a client in; false when there are as many as may be.</summary>
    /// <param name="connection">The client. One that is not let in stays among the pending: those who linger are bounded too.</param>
    /// <param name="older">The connection that it takes over from, null for none. It is no client any more, and waits among the pending for its end.</param>
    internal bool TryAdmit(BrokerConnection connection, BrokerConnection? older)
    {
        lock (connectionsGate)
        {
            bool replaces = older is { IsAdmitted: true };
            if (!replaces && admitted >= options.ConnectionsMax)
                return false;
            pending.Remove(connection);
            if (replaces)
            {
                admitted--;
                older!.IsAdmitted = false;
                pending.AddLast(older);
            }
            admitted++;
            connection.IsAdmitted = true;
            return true;
        }
    }

    internal void Closed(BrokerConnection connection)
    {
        lock (connectionsGate)
        {
            pending.Remove(connection);
            connections.Remove(connection);
            if (connection.IsAdmitted)
                admitted--;
        }
    }

    private Socket Bind(MqttListener listener)
    {
        Socket socket = new(listener.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // [::] means every address, as in other brokers, not the IPv6 ones alone.
            if (listener.EndPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(listener.EndPoint);
            socket.Listen(Math.Min(512, options.PendingConnectionsMax * 4));
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new IOException($"{listener.Name}: {listener.EndPoint} cannot be listened on: {error.Message}", error);
        }
    }

    private void StopListening()
    {
        foreach (Socket? socket in listening)
            socket?.Dispose();
    }

    private async Task AcceptLoopAsync(Socket socket, MqttListener listener)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Serve(await socket.AcceptAsync(stopping.Token).ConfigureAwait(false), listener);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Out of file descriptors, or a peer that left before it was accepted: others go on.
                await Task.Delay(AcceptRetryMs).ConfigureAwait(false);
            }
        }
    }

    private void Serve(Socket socket, MqttListener listener)
    {
        BrokerConnection connection;
        try
        {
            connection = new BrokerConnection(this, options, router, listener, socket, clock, tally);
        }
        catch (Exception fault) when (MqttLink.IsLoss(fault))
        {
            socket.Dispose();
            return;
        }
        BrokerConnection? evicted = null;
        lock (connectionsGate)
        {
            if (pending.Count >= options.PendingConnectionsMax)
            {
                // An honest handshake takes milliseconds: the oldest one is the least likely to come to anything.
                evicted = pending.First!.Value;
                pending.RemoveFirst();
            }
            pending.AddLast(connection);
            connections.Add(connection, Task.CompletedTask);
        }
        evicted?.Evict();
        Task running = RunAsync(connection);
        lock (connectionsGate)
        {
            if (connections.ContainsKey(connection))
                connections[connection] = running;
        }
    }

    private async Task RunAsync(BrokerConnection connection)
    {
        // Off the accepting loop: a handshake must not hold up the next one.
        await Task.Yield();
        try
        {
            await connection.RunAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Only the host's own rules can throw here; the connection is closed already, and others go on.
            MqttTally.Add(ref tally.HandlerFaults);
        }
    }

    private async Task SweepLoopAsync()
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(SweepMs), clock.Provider);
        List<RoutedMessage> wills = [];
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token).ConfigureAwait(false))
            {
                _ = Snapshot(out BrokerConnection[] open);
                MqttBuffers.Trim();
                long now = clock.NowMs;
                foreach (BrokerConnection connection in open)
                    connection.Sweep(now);
                systemTopics.Sweep(now);
                router.Sweep(wills);
                foreach (RoutedMessage will in wills)
                    RouteWill(will);
                wills.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private Task[] Snapshot(out BrokerConnection[] open)
    {
        lock (connectionsGate)
        {
            open = [.. connections.Keys];
            return [.. connections.Values];
        }
    }
}
