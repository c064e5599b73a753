namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>Bytes that the specification forbids, by the requirement that forbids them: each ends its connection, and that one alone.</summary>
public sealed class MalformedPacketTests
{
    private const byte Malformed = (byte)MqttReason.MalformedPacket;
    private const byte Protocol = (byte)MqttReason.ProtocolError;

    [Theory]
    [InlineData("3.1.0-1 PINGREQ first", "C000")]
    [InlineData("3.1.0-1 PUBLISH first", "3004000161" + "00")]
    [InlineData("2.1.3-1 flags of CONNECT", "110E00044D5154540502003C00000161")]
    [InlineData("3.1.2-1 protocol name", "100E00044D5154580502003C00000161")]
    [InlineData("3.1.2-3 reserved flag", "100E00044D5154540503003C00000161")]
    [InlineData("3.1.2-9 no will fields", "100E00044D5154540506003C00000161")]
    [InlineData("3.1.2-11 will QoS without a will", "100E00044D515454050A003C00000161")]
    [InlineData("3.1.2-12 will QoS 3", "101500044D515454051E003C0000016100000177000177")]
    [InlineData("3.1.2-13 will retain without a will", "100E00044D5154540522003C00000161")]
    [InlineData("3.1.2-16 unannounced user name", "101100044D5154540502003C00000161000175")]
    [InlineData("3.1.2-17 no user name", "100E00044D5154540582003C00000161")]
    [InlineData("3.1.2-18 unannounced password", "101400044D5154540582003C00000161000175000170")]
    [InlineData("3.1.2-19 no password", "101100044D51545405C2003C00000161000175")]
    [InlineData("3.1.3-3 no client identifier", "100B00044D5154540502003C00")]
    [InlineData("3.1.3-4 client identifier not UTF-8", "100E00044D5154540502003C000001FF")]
    [InlineData("3.1.3-11 will topic not UTF-8", "101500044D5154540506003C00000161000001FF000177")]
    [InlineData("3.1.3-12 user name not UTF-8", "101100044D5154540582003C000001610001FF")]
    [InlineData("4.7.0-1 wildcard in the will topic", "101500044D5154540506003C0000016100000123000177")]
    [InlineData("3.1.4-1 receive maximum 0", "101100044D5154540502003C03210000000161")]
    [InlineData("3.1.4-1 property twice", "101400044D5154540502003C06210001210001000161")]
    [InlineData("1.5.5-1 property length not minimal", "100F00044D5154540502003C8000000161")]
    [InlineData("4.12.0-1 authentication data without a method", "101200044D5154540502003C0416000161000161")]
    [InlineData("3.1.1: 3.1.2-1 protocol name", "100D00044D5154580402003C000161")]
    [InlineData("3.1.1: 3.1.2-3 reserved flag", "100D00044D5154540403003C000161")]
    [InlineData("3.1.1: 3.1.2-9 no will fields", "100D00044D5154540406003C000161")]
    [InlineData("3.1.1: 3.1.2-13 will QoS without a will", "100D00044D515454040A003C000161")]
    [InlineData("3.1.1: 3.1.2-14 will QoS 3", "101300044D515454041E003C000161000177000177")]
    [InlineData("3.1.1: 3.1.2-15 will retain without a will", "100D00044D5154540422003C000161")]
    [InlineData("3.1.1: 3.1.2-11 unannounced will fields", "101300044D5154540402003C000161000177000177")]
    [InlineData("3.1.1: 3.1.2-18 unannounced user name", "101000044D5154540402003C000161000175")]
    [InlineData("3.1.1: 3.1.2-19 no user name", "100D00044D5154540482003C000161")]
    [InlineData("3.1.1: 3.1.2-20 unannounced password", "101300044D5154540482003C000161000175000170")]
    [InlineData("3.1.1: 3.1.2-21 no password", "101000044D51545404C2003C000161000175")]
    [InlineData("3.1.1: 3.1.2-22 password without a user name", "101000044D5154540442003C000161000170")]
    [InlineData("3.1.1: 3.1.3-3 no client identifier", "100A00044D5154540402003C")]
    [InlineData("3.1.1: 3.1.3-4 client identifier not UTF-8", "100D00044D5154540402003C0001FF")]
    [InlineData("3.1.1: 3.1.3-10 will topic not UTF-8", "101300044D5154540406003C0001610001FF000177")]
    [InlineData("3.1.1: 3.1.3-11 user name not UTF-8", "101000044D5154540482003C0001610001FF")]
    public async Task Connect_Forbidden_IsClosedWithoutAnAnswer(string requirement, string hex)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker);

        peer.Send(Convert.FromHexString(hex));

        Assert.True(peer.ReadAny() is null, requirement);
        Assert.Equal((1, 0), (broker.Counters.RefusedConnections, broker.Counters.Connections));
    }

    [Theory]
    [InlineData("1.5.4-1 surrogate in a topic", "30060003EDA08000", Malformed)]
    [InlineData("1.5.4-1 overlong form in a topic", "30050002C08000", Malformed)]
    [InlineData("1.5.4-2 null in a topic", "300500026100" + "00", Malformed)]
    [InlineData("1.5.5-1 property length not minimal", "30050001618000", Malformed)]
    [InlineData("1.5.5-1 remaining length not minimal", "C08000", Malformed)]
    [InlineData("1.5.7-1 user property not UTF-8", "300B0001610726" + "0001FF000161", Malformed)]
    [InlineData("2.1.3-1 flags of PINGREQ", "C100", Malformed)]
    [InlineData("2.1.3-1 flags of PUBACK", "41020001", Malformed)]
    [InlineData("2.2.1-3 PUBLISH with identifier 0", "3206000161000000", Malformed)]
    [InlineData("2.2.1-3 SUBSCRIBE with identifier 0", "82070000000001" + "6100", Malformed)]
    [InlineData("2.2.1-3 UNSUBSCRIBE with identifier 0", "A20600000000" + "0161", Malformed)]
    [InlineData("2.2.2-1 PUBLISH without a property length", "3003000161", Malformed)]
    [InlineData("3.3.1-2 duplicate at QoS 0", "380400016100", Malformed)]
    [InlineData("3.3.1-4 QoS 3", "3606000161000100", Malformed)]
    [InlineData("3.3.2-1 topic not UTF-8", "30040001FF00", Malformed)]
    [InlineData("3.3.2-2 + in a topic", "300400012B00", Protocol)]
    [InlineData("3.3.2-2 # in a topic", "300400012300", Protocol)]
    [InlineData("3.3.2-13 response topic not UTF-8", "300800016104080001FF", Malformed)]
    [InlineData("3.3.2-14 wildcard in a response topic", "3008000161040800012B", Protocol)]
    [InlineData("3.3.2-19 content type not UTF-8", "300800016104030001FF", Malformed)]
    [InlineData("3.3.4-6 subscription identifier from a client", "3006000161020B01", Protocol)]
    [InlineData("3.4.2-1 reason of PUBACK", "400400010100", Malformed)]
    [InlineData("3.6.1-1 flags of PUBREL", "60020001", Malformed)]
    [InlineData("3.8.1-1 flags of SUBSCRIBE", "80070001000001" + "6100", Malformed)]
    [InlineData("3.8.3-1 filter not UTF-8", "82070001000001FF00", Malformed)]
    [InlineData("3.8.3-2 no filter", "8203000100", Protocol)]
    [InlineData("3.8.3-5 reserved bits of an option", "82070001000001" + "6140", Malformed)]
    [InlineData("3.8.3-5 QoS 3 wanted", "82070001000001" + "6103", Malformed)]
    [InlineData("3.8.3-5 retain handling 3", "82070001000001" + "6130", Malformed)]
    [InlineData("3.10.1-1 flags of UNSUBSCRIBE", "A00600010000" + "0161", Malformed)]
    [InlineData("3.10.3-1 filter not UTF-8", "A20600010000" + "01FF", Malformed)]
    [InlineData("3.10.3-2 no filter", "A203000100", Protocol)]
    [InlineData("3.14.1-1 flags of DISCONNECT", "E100", Malformed)]
    [InlineData("3.14.2-1 reason of DISCONNECT", "E00101", Malformed)]
    [InlineData("3.15.1-1 flags of AUTH", "F100", Malformed)]
    [InlineData("3.15.2-1 reason of AUTH", "F0020100", Malformed)]
    [InlineData("4.12.0-7 AUTH without a method", "F000", Protocol)]
    [InlineData("4.7.1-1 # not alone", "8208000100000261" + "2300", Malformed)]
    [InlineData("4.7.1-1 # not last", "820900010000032" + "32F6100", Malformed)]
    [InlineData("4.7.1-2 + not alone", "8208000100000261" + "2B00", Malformed)]
    [InlineData("4.7.3-1 empty filter", "8206000100000000", Malformed)]
    [InlineData("4.7.3-1 empty topic", "3003000000", Protocol)]
    [InlineData("4.7.3-2 null in a filter", "82080001000002" + "610000", Malformed)]
    [InlineData("4.13.1-1 packet type 0", "0000", Malformed)]
    [InlineData("4.13.1-1 CONNACK from a client", "2003000000", Protocol)]
    [InlineData("4.13.1-1 SUBACK from a client", "900400010000", Protocol)]
    [InlineData("4.13.1-1 UNSUBACK from a client", "B00400010000", Protocol)]
    [InlineData("4.13.1-1 PINGRESP from a client", "D000", Protocol)]
    [InlineData("4.13.1-1 property of another packet", "30060001610222" + "0001", Malformed)]
    [InlineData("4.13.1-1 property twice", "30080001610401010101", Protocol)]
    public async Task Broker_ForbiddenPacket_SaysWhyAndCloses(string requirement, string hex, byte reason)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer other = await RawPeer.ConnectAsync(broker, "other");
        other.Subscribe(new SubscribeEntry("#", 1));
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "peer");

        peer.Send(Convert.FromHexString(hex));

        Assert.Equal((requirement, (MqttReason)reason), (requirement, peer.Read<DisconnectPacket>().Reason));
        Assert.Null(peer.ReadAny());
        other.ExpectNothing();
    }

    [Theory]
    [InlineData("1.5.3-1 surrogate in a topic", "30050003EDA080")]
    [InlineData("1.5.3-1 overlong form in a topic", "30040002C080")]
    [InlineData("1.5.3-2 null in a topic", "300400026100")]
    [InlineData("2.2.2-2 flags of PINGREQ", "C100")]
    [InlineData("2.2.2-2 flags of PUBACK", "41020001")]
    [InlineData("2.3.1-1 PUBLISH with identifier 0", "32050001610000")]
    [InlineData("2.3.1-1 SUBSCRIBE with identifier 0", "820600000001" + "6100")]
    [InlineData("2.3.1-1 UNSUBSCRIBE with identifier 0", "A20500000001" + "61")]
    [InlineData("3.3.1-2 duplicate at QoS 0", "3803000161")]
    [InlineData("3.3.1-4 QoS 3", "36050001610001")]
    [InlineData("3.3.2-1 topic not UTF-8", "30030001FF")]
    [InlineData("3.3.2-2 + in a topic", "300300012B")]
    [InlineData("3.3.2-2 # in a topic", "3003000123")]
    [InlineData("3.6.1-1 flags of PUBREL", "60020001")]
    [InlineData("3.8.1-1 flags of SUBSCRIBE", "800600010001" + "6100")]
    [InlineData("3.8.3-1 filter not UTF-8", "820600010001FF00")]
    [InlineData("3.8.3-3 no filter", "82020001")]
    [InlineData("3.8.3-4 QoS 3 wanted", "820600010001" + "6103")]
    [InlineData("3.8.3-4 reserved bits of the QoS", "820600010001" + "6104")]
    [InlineData("3.10.1-1 flags of UNSUBSCRIBE", "A00500010001" + "61")]
    [InlineData("3.10.3-1 filter not UTF-8", "A20500010001FF")]
    [InlineData("3.10.3-2 no filter", "A2020001")]
    [InlineData("3.14.1-1 flags of DISCONNECT", "E100")]
    [InlineData("4.7.1-2 # not last", "820800010003" + "232F6100")]
    [InlineData("4.7.1-3 + not alone", "820700010002" + "612B00")]
    [InlineData("4.7.3-1 empty topic", "30020000")]
    [InlineData("4.7.3-1 empty filter", "8205000100" + "0000")]
    [InlineData("4.7.3-2 null in a filter", "820700010002" + "610000")]
    [InlineData("4.8.0-1 AUTH, which 3.1.1 does not have", "F000")]
    [InlineData("4.8.0-1 CONNACK from a client", "20020000")]
    public async Task Broker_ForbiddenPacketOf311_Closes(string requirement, string hex)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer other = await RawPeer.ConnectAsync(broker, "other", MqttVersion.V311);
        other.Subscribe(new SubscribeEntry("#", 1));
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "peer", MqttVersion.V311);

        peer.Send(Convert.FromHexString(hex));

        Assert.True(peer.ReadAny() is null, requirement);
        other.ExpectNothing();
    }

    [Theory]
    [InlineData("1.5.4-1 surrogate in a topic", MqttVersion.V5, "30060003EDA08000", Malformed)]
    [InlineData("1.5.4-2 null in a topic", MqttVersion.V5, "300500026100" + "00", Malformed)]
    [InlineData("1.5.5-1 property length not minimal", MqttVersion.V5, "30050001618000", Malformed)]
    [InlineData("2.1.3-1 flags of SUBACK", MqttVersion.V5, "910400010000", Malformed)]
    [InlineData("2.2.1-4 PUBLISH with identifier 0", MqttVersion.V5, "3206000161000000", Malformed)]
    [InlineData("3.2.0-2 second CONNACK", MqttVersion.V5, "2003000000", Protocol)]
    [InlineData("3.3.1-2 duplicate at QoS 0", MqttVersion.V5, "380400016100", Malformed)]
    [InlineData("3.3.1-4 QoS 3", MqttVersion.V5, "3606000161000100", Malformed)]
    [InlineData("3.3.2-2 wildcard in a topic", MqttVersion.V5, "300400012B00", Malformed)]
    [InlineData("3.4.2-1 reason of PUBACK", MqttVersion.V5, "400400010100", Malformed)]
    [InlineData("3.6.1-1 flags of PUBREL", MqttVersion.V5, "60020001", Malformed)]
    [InlineData("3.9.3-2 reason of SUBACK", MqttVersion.V5, "900400010003", Malformed)]
    [InlineData("3.14.1-1 flags of DISCONNECT", MqttVersion.V5, "E100", Malformed)]
    [InlineData("3.15.1-1 flags of AUTH", MqttVersion.V5, "F100", Malformed)]
    [InlineData("4.12.0-6 AUTH that was not asked for", MqttVersion.V5, "F000", Protocol)]
    [InlineData("4.13.1-1 SUBSCRIBE from a server", MqttVersion.V5, "82070001000001" + "6100", Protocol)]
    [InlineData("4.13.1-1 SUBACK that was not asked for", MqttVersion.V5, "900400010000", Protocol)]
    [InlineData("1.5.3-1 surrogate in a topic", MqttVersion.V311, "30050003EDA080", Malformed)]
    [InlineData("1.5.3-2 null in a topic", MqttVersion.V311, "300400026100", Malformed)]
    [InlineData("2.2.2-2 flags of SUBACK", MqttVersion.V311, "9103000100", Malformed)]
    [InlineData("3.3.1-4 QoS 3", MqttVersion.V311, "36050001610001", Malformed)]
    [InlineData("3.9.3-2 code of SUBACK", MqttVersion.V311, "9003000103", Malformed)]
    [InlineData("4.8.0-1 second CONNACK", MqttVersion.V311, "20020000", Protocol)]
    public async Task Client_ForbiddenPacket_LeavesAndConnectsAgain(string requirement, MqttVersion version, string hex, byte reason)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { Version = version });
        await client.Client.StartAsync();
        using RawPeer hostile = await fake.AcceptAsync(new ConnAckPacket());
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);

        hostile.Send(Convert.FromHexString(hex));

        DisconnectPacket goodbye = hostile.Read<DisconnectPacket>();
        MqttReason expected = version == MqttVersion.V5 ? (MqttReason)reason : MqttReason.Success;
        Assert.Equal((requirement, expected), (requirement, goodbye.Reason));
        using RawPeer next = await fake.AcceptAsync(new ConnAckPacket());
        Assert.Equal(0, client.Waiting);
    }
}
