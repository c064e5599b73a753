using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>CONNECT and CONNACK at the broker: sections 3.1 and 3.2 of both versions.</summary>
public sealed class ConnectTests
{
    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task CleanStart_Set_DiscardsTheSession(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer first = await Conversation.ReturnAsync(broker, "c", version);
        first.Subscribe(new SubscribeEntry("q", 1));
        await first.CutAsync(broker);
        broker.Publish("q", [1], 1);

        using RawPeer clean = await RawPeer.ConnectAsync(broker, "c", version);

        Assert.False(clean.ConnAck!.SessionPresent);
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("q", [2], 1));
        clean.ExpectNothing();
        await clean.CutAsync(broker);
        using RawPeer later = await Conversation.ReturnAsync(broker, "c", version);
        Assert.False(later.ConnAck!.SessionPresent);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task CleanStart_NotSet_ResumesTheSessionOfThatClientOrStartsOne(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer first = await Conversation.ReturnAsync(broker, "c", version);
        Assert.False(first.ConnAck!.SessionPresent);
        first.Subscribe(new SubscribeEntry("q", 1));
        await first.CutAsync(broker);
        broker.Publish("q", Bench.Bytes("kept"), 1);

        using RawPeer other = await Conversation.ReturnAsync(broker, "d", version);
        using RawPeer back = await Conversation.ReturnAsync(broker, "c", version);

        Assert.False(other.ConnAck!.SessionPresent);
        other.ExpectNothing();
        Assert.True(back.ConnAck!.SessionPresent);
        Assert.Equal("kept", back.Receive().Text());
        Assert.Equal(MqttReason.Success, broker.Publish("q", Bench.Bytes("new"), 1));
        Assert.Equal("new", back.Receive().Text());
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task TakeOver_OfASessionThatEndsWithItsConnection_FindsNone(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer first = await RawPeer.ConnectAsync(broker, "c", version);
        first.Subscribe(new SubscribeEntry("q", 1));

        using RawPeer second = await Conversation.ReturnAsync(broker, "c", version);

        Assert.False(second.ConnAck!.SessionPresent);
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("q", [1], 1));
        first.ExpectEnd(MqttReason.SessionTakenOver);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task ConnAck_ComesFirstAndOnce(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using (RawPeer before = await Conversation.ReturnAsync(broker, "c", version))
        {
            before.Subscribe(new SubscribeEntry("q", 1));
            await before.CutAsync(broker);
        }
        broker.Publish("q", [1], 1);
        using RawPeer peer = await RawPeer.OpenAsync(broker, version);

        peer.Send(new ConnectPacket { Version = version, ClientId = "c", Properties = version == MqttVersion.V5 ? new() { SessionExpirySeconds = 60 } : null });
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("a", 0), new("b", 1)] });

        Assert.Equal(0, peer.Read<ConnAckPacket>().Code);
        List<MqttPacketType> rest = [peer.ReadAny()!.Type, peer.ReadAny()!.Type];
        Assert.Equal([MqttPacketType.Publish, MqttPacketType.SubAck], rest.Order());
        peer.ExpectNothing();
    }

    [Theory]
    [InlineData(MqttVersion.V311, 5)]
    [InlineData(MqttVersion.V5, (byte)MqttReason.NotAuthorized)]
    public async Task Refused_IsAnsweredAndClosed_AndWhatFollowsIsNotProcessed(MqttVersion version, byte code)
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using RawPeer peer = await RawPeer.OpenAsync(broker, version);

        peer.Send([
            .. MqttEncoder.ToArray(version, new ConnectPacket { Version = version, CleanStart = true, ClientId = "banned" }),
            .. MqttEncoder.ToArray(version, new PublishPacket { Topic = "banned/x", Payload = Bench.Bytes("late") }),
            .. MqttEncoder.ToArray(version, new SubscribePacket { PacketId = 1, Entries = [new("a", 0)] }),
        ]);

        ConnAckPacket answer = peer.Read<ConnAckPacket>();
        Assert.Equal((false, code), (answer.SessionPresent, answer.Code));
        Assert.Null(peer.ReadAny());
        broker.Publish("marker", []);
        Assert.Equal("marker", heard.Next().Topic);
    }

    [Theory]
    [InlineData("0", MqttVersion.V311)]
    [InlineData("0123456789abcdefghijklm", MqttVersion.V311)]
    [InlineData("nopqrstuvwxyzABCDEFGHIJ", MqttVersion.V311)]
    [InlineData("KLMNOPQRSTUVWXYZ", MqttVersion.V311)]
    [InlineData("an identifier/that is longer: ∑ and freer", MqttVersion.V311)]
    [InlineData("0", MqttVersion.V5)]
    [InlineData("0123456789abcdefghijklm", MqttVersion.V5)]
    [InlineData("nopqrstuvwxyzABCDEFGHIJ", MqttVersion.V5)]
    [InlineData("KLMNOPQRSTUVWXYZ", MqttVersion.V5)]
    public async Task ClientId_OfTheSpecificationsLetters_IsAllowed(string clientId, MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, clientId, version);
        Assert.Null(peer.ConnAck!.Properties?.AssignedClientId);
        peer.ExpectNothing();
    }

    [Fact]
    public async Task ClientId_Empty_GetsANewOneWithWhichItsSessionIsFound()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer first = await Conversation.ReturnAsync(broker, "", MqttVersion.V5);
        using RawPeer second = await Conversation.ReturnAsync(broker, "", MqttVersion.V5);
        string assigned = first.ConnAck!.Properties!.AssignedClientId!;
        Assert.NotEqual(assigned, second.ConnAck!.Properties!.AssignedClientId);
        first.Subscribe(new SubscribeEntry("q", 1));
        await first.CutAsync(broker);

        using RawPeer back = await Conversation.ReturnAsync(broker, assigned, MqttVersion.V5);

        Assert.True(back.ConnAck!.SessionPresent);
        Assert.Null(back.ConnAck.Properties?.AssignedClientId);
        second.ExpectNothing();
    }

    [Fact]
    public async Task ClientId_EmptyOn311_NeedsACleanSession()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer clean = await RawPeer.ConnectAsync(broker, "", MqttVersion.V311);
        clean.ExpectNothing();
        using RawPeer persistent = await RawPeer.OpenAsync(broker, MqttVersion.V311);

        persistent.Send(new ConnectPacket { Version = MqttVersion.V311, ClientId = "" });

        Assert.Equal(2, persistent.Read<ConnAckPacket>().Code);
        Assert.Null(persistent.ReadAny());
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task UserNameAndPassword_ReachTheRules(MqttVersion version)
    {
        ConcurrentQueue<string> shown = new();
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new Witness(shown) });
        using RawPeer both = await RawPeer.ConnectAsync(broker, "", version, () => new ConnectPacket { Version = version, CleanStart = true, ClientId = "a", UserName = "Zoë", Password = [0, 255] });
        using RawPeer user = await RawPeer.ConnectAsync(broker, "", version, () => new ConnectPacket { Version = version, CleanStart = true, ClientId = "b", UserName = "", Will = new WillData { Topic = "w", Payload = [1] } });
        using RawPeer none = await RawPeer.ConnectAsync(broker, "", version, () => new ConnectPacket { Version = version, CleanStart = true, ClientId = "c" });
        Assert.Equal(["a:Zoë:00FF", "b::", "c:(none):"], shown);
    }

    [Fact]
    public async Task Password_WithoutAUserName_IsAllowedOn5()
    {
        ConcurrentQueue<string> shown = new();
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new Witness(shown) });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { CleanStart = true, ClientId = "a", Password = [1] });
        Assert.Equal(["a:(none):01"], shown);
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(61, 60)]
    [InlineData(60, null)]
    [InlineData(5, null)]
    public async Task KeepAlive_AboveTheBrokers_IsReplacedAndTold(ushort wanted, int? told)
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { KeepAliveSecondsMax = 60 });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { CleanStart = true, ClientId = "k", KeepAliveSeconds = wanted });
        Assert.Equal((ushort?)told, peer.ConnAck!.Properties?.ServerKeepAliveSeconds);
    }

    [Fact]
    public async Task Authentication_Extended_IsRefused()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker);

        peer.Send(new ConnectPacket { CleanStart = true, ClientId = "a", Properties = new() { AuthenticationMethod = "SCRAM", AuthenticationData = [1] } });

        ConnAckPacket answer = peer.Read<ConnAckPacket>();
        Assert.Equal(MqttReason.BadAuthenticationMethod, (MqttReason)answer.Code);
        Assert.Null(answer.Properties?.AuthenticationMethod);
        Assert.Null(peer.ReadAny());
    }

    [Fact]
    public async Task Connect_OfMqtt31_IsRefusedInItsOwnForm()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.OpenAsync(broker, MqttVersion.V311);

        peer.Send(Convert.FromHexString("100F00064D514973647003" + "02003C000161"));

        Assert.Equal(1, peer.Read<ConnAckPacket>().Code);
        Assert.Null(peer.ReadAny());
    }

    [Fact]
    public async Task MaximumPacketSize_TooSmallForTheAnswer_ClosesWithoutIt()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer none = await RawPeer.OpenAsync(broker);
        none.Send(new ConnectPacket { CleanStart = true, ClientId = "n", Properties = new() { MaximumPacketBytes = 2 } });
        Assert.Null(none.ReadAny());

        using RawPeer small = await RawPeer.ConnectAsync(broker, "s", make: () => new ConnectPacket { CleanStart = true, ClientId = "s", Properties = new() { MaximumPacketBytes = 64 } });
        SubscribeEntry[] many = [.. Enumerable.Range(0, 60).Select(i => new SubscribeEntry($"a/{i}", 0))];
        small.Send(new SubscribePacket { PacketId = 1, Entries = many[..30] });
        Assert.Equal(30, small.Read<SubAckPacket>().Codes.Length);
        small.Send(new SubscribePacket { PacketId = 2, Entries = many });
        small.ExpectEnd(MqttReason.PacketTooLarge);
    }

    /// <summary>Writes down who comes.</summary>
    private sealed class Witness(ConcurrentQueue<string> shown) : IMqttAccess
    {
        public bool TryAuthenticate(X509Certificate2? certificate, string clientId, string? user, ReadOnlySpan<byte> password, out string principal, out string reason)
        {
            shown.Enqueue($"{clientId}:{user ?? "(none)"}:{Convert.ToHexString(password)}");
            principal = clientId;
            reason = "";
            return true;
        }

        public bool MayPublish(string principal, string topic) => true;

        public bool MaySubscribe(string principal, string filter) => true;
    }
}
