using System.Net.Sockets;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A peer that sends just what a test says, and shows what comes back.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket socket;
    private readonly MqttFramer framer = new(1 << 24);

    private RawPeer(Socket socket, MqttVersion version)
    {
        this.socket = socket;
        Version = version;
        socket.NoDelay = true;
        socket.ReceiveTimeout = (int)Bench.Patience.TotalMilliseconds;
    }

    public MqttVersion Version { get; }

    public static async Task<RawPeer> OpenAsync(MqttBroker broker, MqttVersion version = MqttVersion.V5, int receiveBuffer = 0)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer > 0)
            socket.ReceiveBufferSize = receiveBuffer;
        await socket.ConnectAsync(broker.LocalEndPoint);
        return new RawPeer(socket, version);
    }

    public static RawPeer Over(Socket accepted, MqttVersion version) => new(accepted, version);

    public static async Task<RawPeer> ConnectAsync(MqttBroker broker, string clientId, MqttVersion version = MqttVersion.V5, Func<ConnectPacket>? make = null, int receiveBuffer = 0)
    {
        RawPeer peer = await OpenAsync(broker, version, receiveBuffer);
        peer.Send(make?.Invoke() ?? new ConnectPacket { Version = version, CleanStart = true, ClientId = clientId });
        ConnAckPacket answer = peer.Read<ConnAckPacket>();
        Assert.Equal(0, answer.Code);
        peer.ConnAck = answer;
        return peer;
    }

    public ConnAckPacket? ConnAck { get; private set; }

    /// <summary>What the other side began with, where the test is the broker.</summary>
    public ConnectPacket? Connect { get; set; }

    public void Send(MqttPacket packet) => Send(MqttEncoder.ToArray(Version, packet));

    public void Send(ReadOnlySpan<byte> bytes) => socket.Send(bytes);

    /// <summary>Says that nothing more will come, and stays to listen.</summary>
    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    public T Read<T>() where T : MqttPacket => Assert.IsType<T>(ReadAny());

    /// <summary>The next packet, null when the other side has closed.</summary>
    public MqttPacket? ReadAny()
    {
        while (true)
        {
            MqttDecodeError error = framer.Next(out byte first, out ReadOnlySpan<byte> body);
            if (error == MqttDecodeError.None)
            {
                Assert.Equal(MqttDecodeError.None, MqttDecoder.Decode(Version, first, body, out MqttPacket? packet));
                return packet;
            }
            Assert.Equal(MqttDecodeError.NeedMore, error);
            int count;
            try
            {
                count = socket.Receive(framer.Room().Span);
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }
            if (count == 0)
                return null;
            framer.Advance(count);
        }
    }

    /// <summary>Asserts a DISCONNECT with this reason (5.0 alone) and then the end of the stream.</summary>
    public void ExpectEnd(MqttReason reason)
    {
        if (Version == MqttVersion.V5)
            Assert.Equal(reason, Read<DisconnectPacket>().Reason);
        Assert.Null(ReadAny());
    }

    public void Dispose()
    {
        socket.Dispose();
        framer.Release(always: true);
    }
}
