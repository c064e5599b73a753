using System.Net.Security;

namespace EdgeFL.Mqtt;

/// <summary>How a client reaches its broker and what it will hold for it.</summary>
public sealed record MqttClientOptions
{
    /// <summary>Host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port, 1 to 65535. Default 1883.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Client identifier; empty lets the broker choose. Default empty.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Version tried first; 5.0 falls back to 3.1.1 where the broker does not know it. Default 5.0.</summary>
    public MqttVersion Version { get; init; } = MqttVersion.V5;

    /// <summary>Start without what the broker remembers; reconnects of a 5.0 client with a session expiry still take theirs up. Default true.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>MQTT 5.0: seconds that the session outlives the connection; 3.1.1 keeps it when <see cref="CleanStart"/> is false. Default 0.</summary>
    public uint SessionExpirySeconds { get; init; }

    /// <summary>Seconds of silence after which a ping is sent, 1 to 65535. Default 30. A 5.0 broker may shorten it.</summary>
    public int KeepAliveSeconds { get; init; } = 30;

    /// <summary>Milliseconds without an answer to a ping after which the connection is dead, 100 to 600000. Default 10000.</summary>
    public int PingTimeoutMs { get; init; } = 10_000;

    /// <summary>Published by the broker when this client goes without DISCONNECT; null for none.</summary>
    public MqttWill? Will { get; init; }

    /// <summary>User name, null for none.</summary>
    public string? UserName { get; init; }

    /// <summary>Password, null for none.</summary>
    public byte[]? Password { get; init; }

    /// <summary>
    /// Makes the TLS options of one connection, called for each so that certificates can change; null for plain TCP. The
    /// client raises it to TLS 1.3; the target host defaults to <see cref="Host"/>.
    /// </summary>
    public Func<SslClientAuthenticationOptions>? Tls { get; init; }

    /// <summary>Milliseconds for TCP, TLS and CONNACK together, 100 to 600000. Default 10000.</summary>
    public int ConnectTimeoutMs { get; init; } = 10_000;

    /// <summary>Shortest wait before connecting again, milliseconds, 10 to 3600000. Default 1000.</summary>
    public int ReconnectMinMs { get; init; } = 1000;

    /// <summary>Longest wait before connecting again, milliseconds, at least the shortest. Default 60000. It doubles and is jittered in between.</summary>
    public int ReconnectMaxMs { get; init; } = 60_000;

    /// <summary>Largest packet taken or sent, bytes with its header; a broker may allow less. 1024 to 268435460. Default 1 MiB.</summary>
    public int PacketBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Messages that wait to be sent or acknowledged, 1 to 65000. Default 1024.</summary>
    public int OutgoingQueueMax { get; init; } = 1024;

    /// <summary>Bytes that wait in the same way, at least 1024. Default 8 MiB.</summary>
    public long OutgoingBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Unacknowledged QoS 1 and unfinished QoS 2 publishes on the way, 1 to 1024; fewer where the broker's receive maximum says so,
    /// at most 20 in 3.1.1, which has none. Default 32.</summary>
    public int InFlightMax { get; init; } = 32;

    /// <summary>Received QoS 1 and 2 messages whose handler has not ended (the receive maximum), 1 to 65535. Default 64.</summary>
    public int ReceiveMaximum { get; init; } = 64;

    /// <summary>MQTT 5.0 topic aliases taken from the broker, and used towards it as far as it allows, 0 to 1024. Default 16.</summary>
    public int TopicAliasMax { get; init; } = 16;

    /// <summary>Received messages that wait for the handler, 1 to 100000. Default 1024. QoS 0 past it is dropped and counted;
    /// QoS 1 and 2 past it and the receive maximum ends the connection, so that the broker sends it again.</summary>
    public int IncomingQueueMax { get; init; } = 1024;

    /// <summary>Hears of each connection; returns quickly.</summary>
    public Action<MqttConnected>? OnConnected { get; init; }

    /// <summary>Hears of each lost connection and failed attempt; returns quickly.</summary>
    public Action<MqttDisconnected>? OnDisconnected { get; init; }

    /// <summary>The clock for time-outs. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(Host);
        MqttBrokerOptions.Range(Port, 1, 65_535, nameof(Port));
        MqttBrokerOptions.Range(KeepAliveSeconds, 1, 65_535, nameof(KeepAliveSeconds));
        MqttBrokerOptions.Range(PingTimeoutMs, 100, 600_000, nameof(PingTimeoutMs));
        MqttBrokerOptions.Range(ConnectTimeoutMs, 100, 600_000, nameof(ConnectTimeoutMs));
        MqttBrokerOptions.Range(ReconnectMinMs, 10, 3_600_000, nameof(ReconnectMinMs));
        MqttBrokerOptions.Range(ReconnectMaxMs, ReconnectMinMs, int.MaxValue / 4, nameof(ReconnectMaxMs));
        MqttBrokerOptions.Range(PacketBytesMax, 1024, MqttWriter.RemainingLengthMax + 5, nameof(PacketBytesMax));
        MqttBrokerOptions.Range(OutgoingQueueMax, 1, 65_000, nameof(OutgoingQueueMax));
        MqttBrokerOptions.Range(OutgoingBytesMax, 1024, long.MaxValue, nameof(OutgoingBytesMax));
        MqttBrokerOptions.Range(InFlightMax, 1, 1024, nameof(InFlightMax));
        MqttBrokerOptions.Range(ReceiveMaximum, 1, 65_535, nameof(ReceiveMaximum));
        MqttBrokerOptions.Range(TopicAliasMax, 0, 1024, nameof(TopicAliasMax));
        MqttBrokerOptions.Range(IncomingQueueMax, 1, 100_000, nameof(IncomingQueueMax));
        if (Will is not null)
        {
            new MqttMessage(Will.Topic, Will.Payload, Will.Qos, Will.Retain).Check();
            MqttBrokerOptions.Range(Will.Payload.Length, 0, ushort.MaxValue, "Will.Payload.Length");
        }
    }
}

/// <summary>What a client wants to hear.</summary>
/// <param name="Filter">Topic filter.</param>
/// <param name="Qos">Highest QoS wanted, 0, 1 or 2.</param>
public readonly record struct MqttSubscription(string Filter, int Qos = 0)
{
    /// <summary>MQTT 5.0: not what this client publishes itself. Default false.</summary>
    public bool NoLocal { get; init; }

    /// <summary>MQTT 5.0: <see cref="MqttMessage.Retain"/> as the publisher set it. Default false: only on what comes from the retained store.</summary>
    public bool RetainAsPublished { get; init; }
}

/// <summary>A connection has been made.</summary>
/// <param name="Version">The version that both speak.</param>
/// <param name="SessionPresent">The broker remembered this client.</param>
public sealed record MqttConnected(MqttVersion Version, bool SessionPresent);

/// <summary>A connection was lost, or an attempt failed.</summary>
/// <param name="WasConnected">False when CONNACK never came or refused.</param>
/// <param name="Reason">What the broker said, or the nearest reason code; <see cref="MqttReason.Success"/> after a stop.</param>
/// <param name="Detail">The cause, for a log.</param>
/// <param name="RetryInMs">Milliseconds until the next attempt; 0 when it is made at once because the broker does not seem to know 5.0; -1 when there is none.</param>
public sealed record MqttDisconnected(bool WasConnected, MqttReason Reason, string Detail, int RetryInMs);

/// <summary>How a publish ended.</summary>
public enum MqttPublishStatus
{
    /// <summary>QoS 1 and 2: acknowledged by the broker. QoS 0: written to the connection.</summary>
    Delivered,

    /// <summary>The broker, or what it said of itself in CONNACK, does not allow it; see the reason.</summary>
    Refused,

    /// <summary>Its expiry time passed before it could be sent.</summary>
    Expired,

    /// <summary>QoS 0: the connection broke while it was being written.</summary>
    Lost,

    /// <summary>The client was stopped first.</summary>
    Stopped,
}

/// <summary>How a publish ended.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Reason">The broker's reason code; 3.1.1 brokers have none.</param>
public readonly record struct MqttPublishResult(MqttPublishStatus Status, MqttReason Reason);
