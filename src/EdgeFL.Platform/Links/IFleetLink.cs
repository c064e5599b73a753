using EdgeFL.Identity;
using EdgeFL.Node;

namespace EdgeFL.Platform.Links;

/// <summary>
/// The seam between the node and the network: carries out what the node asks of it and posts what comes in as <see cref="NodeInput"/>s.
/// Calls never block and never throw for network reasons; what cannot be sent is counted.
/// </summary>
public interface IFleetLink : IAsyncDisposable
{
    /// <summary>Where the node can be reached, for people; known once started.</summary>
    string Endpoint { get; }

    /// <summary>What has gone over the link.</summary>
    LinkCounters Counters { get; }

    /// <summary>Opens listeners and discovery.</summary>
    /// <param name="cancellation">Gives up.</param>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>Says good-bye and closes everything; waits at most a second or two for what is under way.</summary>
    Task StopAsync();

    /// <summary>Connects to a peer and keeps the link up.</summary>
    /// <param name="peer">Its id.</param>
    void Open(NodeId peer);

    /// <summary>Closes the link to a peer.</summary>
    /// <param name="peer">Its id.</param>
    void Close(NodeId peer);

    /// <summary>Signs an update and sends it to its receivers.</summary>
    /// <param name="update">The update.</param>
    void Send(NodeEffect.SendUpdate update);

    /// <summary>Publishes beneath the node's own topic.</summary>
    /// <param name="suffix">The last part of the topic, e.g. <c>train</c>.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="qos">0 or 1.</param>
    /// <param name="retain">Whether the broker keeps it for who comes later.</param>
    void Publish(string suffix, ReadOnlyMemory<byte> payload, int qos, bool retain);
}

/// <summary>What has gone over a link since it started.</summary>
/// <param name="BytesIn">MQTT bytes received, before TLS.</param>
/// <param name="BytesOut">MQTT bytes sent, before TLS.</param>
/// <param name="ModelMessages">Model messages that were to be sent: one for each receiver, or one for all on a shared broker.</param>
/// <param name="ModelMessagesLost">Those of them that were not acknowledged, or not even tried because the link was down or did not keep up.</param>
public readonly record struct LinkCounters(long BytesIn, long BytesOut, long ModelMessages, long ModelMessagesLost);
