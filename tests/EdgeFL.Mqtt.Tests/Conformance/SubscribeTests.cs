using System.Text;

namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>SUBSCRIBE, UNSUBSCRIBE, PINGREQ and topic names at the broker: sections 3.8 to 3.12 and 4.7.</summary>
public sealed class SubscribeTests
{
    [Theory]
    [InlineData(MqttVersion.V311, 0x80)]
    [InlineData(MqttVersion.V5, (byte)MqttReason.NotAuthorized)]
    public async Task SubAck_HasTheIdAndOneCodePerFilterInOrder(MqttVersion version, byte refused)
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "mine", version);
        peer.Send(new SubscribePacket { PacketId = 65_535, Entries = [new("a", 1), new("secret/x", 1), new("b/#", 0), new("+", 1)] });
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("c", 0)] });

        SubAckPacket answer = peer.Read<SubAckPacket>();
        Assert.Equal(65_535, answer.PacketId);
        Assert.Equal([1, refused, 0, 1], answer.Codes);
        Assert.Equal(1, peer.Read<SubAckPacket>().PacketId);

        peer.Publish("mine/secret", "x");
        peer.ExpectNothing();
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("secret/x", [1], 1));
        Assert.Equal(MqttReason.Success, broker.Publish("b/x", [1], 1));
        Assert.Equal("b/x", peer.Receive().Topic);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Subscription_SameFilterAgain_ReplacesItAndSendsRetainedAgain(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version);
        broker.Publish("t/a", Bench.Bytes("kept"), 1, retain: true);
        peer.Subscribe(new SubscribeEntry("t/+", 1));
        Assert.Equal(1, peer.Receive().Qos);
        broker.Publish("t/b", Bench.Bytes("under the first"), 1);

        peer.Send(new SubscribePacket { PacketId = 2, Entries = [new("t/+", 0)] });
        broker.Publish("t/b", Bench.Bytes("x"), 1);

        MqttPacket[] came = [.. Enumerable.Range(0, 4).Select(_ => peer.ReadAny()!)];
        Assert.Equal([0], Assert.Single(came.OfType<SubAckPacket>()).Codes);
        Assert.Equal(["kept True", "under the first False", "x False"], came.OfType<PublishPacket>().Select(publish => $"{publish.Text()} {publish.Retain}").Order());
        broker.Publish("t/b", Bench.Bytes("once"), 1);
        Assert.Equal(("once", 0), Shown(peer.Receive()));
        peer.ExpectNothing();
    }

    [Fact]
    public async Task RetainHandling_DecidesWhatIsSentOnSubscribing()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        broker.Publish("t", Bench.Bytes("kept"), 1, retain: true);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");

        peer.Subscribe(new SubscribeEntry("t", 1, RetainHandling: 2));
        peer.ExpectNothing();
        peer.Subscribe(new SubscribeEntry("t", 1, RetainHandling: 1));
        peer.ExpectNothing();
        peer.Subscribe(new SubscribeEntry("t", 1, RetainHandling: 0));
        Assert.True(peer.Receive().Retain);
        peer.Subscribe(new SubscribeEntry("+", 1, RetainHandling: 1));
        Assert.True(peer.Receive().Retain);
        peer.Subscribe(new SubscribeEntry("+", 1, RetainHandling: 1));
        peer.ExpectNothing();
    }

    [Fact]
    public async Task NoLocal_OwnMessagesAreNotSentBack_NorAfterAReturn()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        using RawPeer other = await RawPeer.ConnectAsync(broker, "o");
        peer.Subscribe(new SubscribeEntry("t", 1, NoLocal: true));
        peer.Publish("t", "own");
        peer.ExpectNothing();
        other.Publish("t", "other's");
        Assert.Equal("other's", peer.Receive().Text());

        await peer.CutAsync(broker);
        using RawPeer back = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        back.Publish("t", "own again");
        back.ExpectNothing();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    public async Task Qos_OfADelivery_IsTheLowerOfBoth(int published, int granted)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");
        Assert.Equal(granted, peer.Subscribe(new SubscribeEntry("t", granted))[0]);
        broker.Publish("t", [1], published, retain: true);
        Assert.Equal(Math.Min(published, granted), peer.Receive().Qos);
        peer.Subscribe(new SubscribeEntry("+", granted));
        Assert.Equal(Math.Min(published, granted), peer.Receive().Qos);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Unsubscribe_ComparesFiltersLetterByLetter_AndAnswersForEach(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version);
        peer.Subscribe(new SubscribeEntry("a/+", 1), new SubscribeEntry("b", 1), new SubscribeEntry("A/#", 1));

        peer.Send(new UnsubscribePacket { PacketId = 4, Filters = ["a/#", "a/b", "B", "b", "A/#"] });

        UnsubAckPacket answer = peer.Read<UnsubAckPacket>();
        Assert.Equal(4, answer.PacketId);
        byte[] codes = version == MqttVersion.V5 ? [0x11, 0x11, 0x11, 0, 0] : [];
        Assert.Equal(codes, answer.Codes);
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("b", [1], 1));
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("A/b", [1], 1));
        Assert.Equal(MqttReason.Success, broker.Publish("a/b", [1], 1));
        Assert.Equal("a/b", peer.Receive().Topic);

        peer.Send(new UnsubscribePacket { PacketId = 5, Filters = ["never"] });
        Assert.Equal(5, peer.Read<UnsubAckPacket>().PacketId);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Unsubscribe_DeliveryUnderWay_IsCompleted(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await Conversation.ReturnAsync(broker, "p", version);
        peer.Subscribe(new SubscribeEntry("t", 1));
        broker.Publish("t", Bench.Bytes("begun"), 1);
        PublishPacket begun = peer.Read<PublishPacket>();
        peer.Send(new UnsubscribePacket { PacketId = 4, Filters = ["t"] });
        peer.Read<UnsubAckPacket>();
        await peer.CutAsync(broker);

        using RawPeer back = await Conversation.ReturnAsync(broker, "p", version);

        PublishPacket again = back.Receive();
        Assert.Equal((begun.PacketId, "begun", true), (again.PacketId, again.Text(), again.Dup));
        back.ExpectNothing();
        await back.CutAsync(broker);
        using RawPeer later = await Conversation.ReturnAsync(broker, "p", version);
        later.ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Ping_IsAnswered(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version);
        peer.Send(Convert.FromHexString("C000"));
        Assert.Equal(MqttPacketType.PingResp, peer.Read<PingPacket>().Type);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Topics_AreTakenAsTheyAre(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version);
        // Composed and decomposed, cases, empty levels, spaces, a byte order mark, and a letter beyond the first plane are all different names.
        string[] names = ["\u00e9", "e\u0301", "a", "A", "/", "//", "a/", " a", "a ", "\ufeffa", "\U0001F600"];
        byte[] codes = peer.Subscribe([.. names.Select(name => new SubscribeEntry(name, 1))]);
        Assert.All(codes, code => Assert.Equal(1, code));

        foreach (string name in names)
        {
            peer.Send(new PublishPacket { Topic = name });
            PublishPacket heard = peer.Receive();
            Assert.Equal(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(heard.Topic));
        }
        peer.ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task DollarTopics_AreNotCoveredByALeadingWildcard(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer all = await RawPeer.ConnectAsync(broker, "all", version);
        using RawPeer own = await RawPeer.ConnectAsync(broker, "own", version);
        broker.Publish("$private/kept", [1], 1, retain: true);
        all.Subscribe(new SubscribeEntry("#", 1), new SubscribeEntry("+/kept", 1), new SubscribeEntry("+/x", 1));
        own.Subscribe(new SubscribeEntry("$private/#", 1));

        broker.Publish("$private/x", [1], 1);

        Assert.Equal(["$private/kept", "$private/x"], [own.Receive().Topic, own.Receive().Topic]);
        all.ExpectNothing();
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Topic_OfTheGreatestLength_IsTaken(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", version);
        string name = new('t', MqttTopic.BytesMax);
        Assert.Equal([1], peer.Subscribe(new SubscribeEntry(name, 1)));
        peer.Send(new PublishPacket { Topic = name });
        Assert.Equal(name, peer.Receive().Topic);
    }

    private static (string Text, int Qos) Shown(PublishPacket publish) => (publish.Text(), publish.Qos);
}
