using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace EdgeFL.Mqtt.Tests;

/// <summary>A WebSocket client by hand: what it sends is just what a test says.</summary>
internal sealed class WebPeer : IDisposable
{
    public const int Continuation = 0x0, TextFrame = 0x1, Binary = 0x2, Close = 0x8, Ping = 0x9, Pong = 0xA, Final = 0x80;

    public const string Request =
        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly Queue<byte[]> pongs = new();
    private readonly MqttFramer framer = new(1 << 24);

    public static async Task<WebPeer> OpenAsync(MqttBroker broker)
    {
        WebPeer peer = new();
        await peer.socket.ConnectAsync(broker.LocalEndPoint);
        peer.socket.NoDelay = true;
        peer.socket.ReceiveTimeout = (int)Bench.Patience.TotalMilliseconds;
        return peer;
    }

    /// <summary>A WebSocket that is open; no MQTT yet.</summary>
    public static async Task<WebPeer> UpgradeAsync(MqttBroker broker)
    {
        WebPeer peer = await OpenAsync(broker);
        Assert.StartsWith("HTTP/1.1 101 ", peer.Ask(Request), StringComparison.Ordinal);
        return peer;
    }

    public static async Task<WebPeer> ConnectAsync(MqttBroker broker, string clientId = "web", WillData? will = null)
    {
        WebPeer peer = await UpgradeAsync(broker);
        peer.Frame(Final | Binary, Encode(new ConnectPacket { CleanStart = true, ClientId = clientId, Will = will }));
        Assert.Equal(0, Assert.IsType<ConnAckPacket>(peer.Read()).Code);
        return peer;
    }

    public static byte[] Encode(MqttPacket packet) => MqttEncoder.ToArray(MqttVersion.V5, packet);

    public void Send(ReadOnlySpan<byte> bytes) => socket.Send(bytes);

    public void Frame(int first, ReadOnlySpan<byte> payload) => Send(MakeFrame(first, payload));

    public static byte[] MakeFrame(int first, ReadOnlySpan<byte> payload, bool masked = true)
    {
        byte[] mask = masked ? [0x12, 0x00, 0xFF, 0xA7] : [];
        List<byte> frame = [(byte)first];
        int bit = masked ? 0x80 : 0;
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
        if (payload.Length < 126)
            frame.Add((byte)(bit | payload.Length));
        else if (payload.Length < 65_536)
            frame.AddRange([(byte)(bit | 126), .. length[6..]]);
        else
            frame.AddRange([(byte)(bit | 127), .. length]);
        frame.AddRange(mask);
        for (int i = 0; i < payload.Length; i++)
            frame.Add((byte)(payload[i] ^ (masked ? mask[i % 4] : 0)));
        return [.. frame];
    }

    /// <summary>Sends a request and returns the head of the answer.</summary>
    public string Ask(string request)
    {
        Send(Encoding.Latin1.GetBytes(request));
        StringBuilder head = new();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            byte[]? next = Take(1);
            Assert.True(next is not null, $"the answer ended in '{head}'");
            head.Append((char)next[0]);
        }
        return head.ToString();
    }

    /// <summary>The next frame, null at the end of the stream.</summary>
    public (int First, byte[] Payload)? NextFrame()
    {
        if (Take(2) is not [var first, var length])
            return null;
        Assert.True(length < 0x80, "a server masks nothing");
        long count = length switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            127 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            _ => length,
        };
        return (first, Take((int)count)!);
    }

    /// <summary>The next MQTT packet; frames around it must be binary, but for pongs.</summary>
    public MqttPacket Read()
    {
        MqttDecodeError error;
        byte first;
        ReadOnlySpan<byte> body;
        while ((error = framer.Next(out first, out body)) == MqttDecodeError.NeedMore)
        {
            var frame = NextFrame();
            if (frame?.First == (Final | Pong))
            {
                pongs.Enqueue(frame.Value.Payload);
                continue;
            }
            Assert.Equal(Final | Binary, frame?.First);
            framer.Feed(frame!.Value.Payload);
        }
        Assert.Equal(MqttDecodeError.None, error);
        Assert.Equal(MqttDecodeError.None, MqttDecoder.Decode(MqttVersion.V5, first, body, out MqttPacket? packet));
        return packet!;
    }

    /// <summary>The oldest pong's payload: one that came while a packet was waited for, or the next frame's.</summary>
    public byte[] NextPong()
    {
        if (pongs.TryDequeue(out byte[]? payload))
            return payload;
        var frame = NextFrame();
        Assert.Equal(Final | Pong, frame?.First);
        return frame!.Value.Payload;
    }

    /// <summary>Asserts a close frame with this code and then the end of the stream.</summary>
    public void ExpectClose(int code)
    {
        var frame = NextFrame();
        Assert.Equal(Final | Close, frame?.First);
        Assert.Equal(code, BinaryPrimitives.ReadUInt16BigEndian(frame!.Value.Payload));
        ExpectEnd();
    }

    public void ExpectEnd() => Assert.Null(Take(1));

    public void Dispose()
    {
        socket.Dispose();
        framer.Release(always: true);
    }

    private byte[]? Take(int count)
    {
        byte[] taken = new byte[count];
        for (int have = 0; have < count;)
        {
            int more;
            try
            {
                more = socket.Receive(taken.AsSpan(have));
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }
            if (more == 0)
                return null;
            have += more;
        }
        return taken;
    }
}
