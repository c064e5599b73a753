using System.Text;

namespace EdgeFL.Mqtt.Tests;

/// <summary>Shared subscriptions, topic aliases, response information and the broker's own figures (5.0, 4.8.2, 3.3.2.3.4, 4.10).</summary>
public sealed class SharingTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Shared_ThreeMembers_EachMessageGoesToOne(MqttVersion version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        RawPeer[] members = new RawPeer[3];
        for (int i = 0; i < members.Length; i++)
        {
            members[i] = await RawPeer.ConnectAsync(broker, $"m{i}", version);
            Subscribe(members[i], "$share/g/work/+", 1);
        }
        using RawPeer other = await RawPeer.ConnectAsync(broker, "other", version);
        Subscribe(other, "$share/h/work/#", 1);

        for (int i = 0; i < 30; i++)
            Assert.Equal(MqttReason.Success, broker.Publish("work/x", [(byte)i], 1));

        List<byte> seen = [];
        foreach (RawPeer member in members)
        {
            for (int i = 0; i < 10; i++)
                seen.Add(ReadAndAcknowledge(member).Payload.Span[0]);
        }
        Assert.Equal(Enumerable.Range(0, 30).Select(i => (byte)i), seen.Order());
        for (int i = 0; i < 30; i++)
            Assert.Equal(i, ReadAndAcknowledge(other).Payload.Span[0]);

        Array.ForEach(members, member => member.Dispose());
        await Bench.UntilAsync(() => broker.ConnectedClients == 1, "the members have left");
        Assert.Equal(1, broker.Subscriptions);
    }

    [Fact]
    public async Task Shared_MemberAway_OthersGetItsShare()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        ConnectPacket Lasting() => new() { ClientId = "away", Properties = new() { SessionExpirySeconds = 60 } };
        using (RawPeer away = await RawPeer.ConnectAsync(broker, "away", make: Lasting))
            Subscribe(away, "$share/g/t", 1);
        await Bench.UntilAsync(() => broker.ConnectedClients == 0, "it is away");
        using (RawPeer here = await RawPeer.ConnectAsync(broker, "here"))
        {
            Subscribe(here, "$share/g/t", 1);
            for (int i = 0; i < 4; i++)
                broker.Publish("t", [(byte)i], 1);
            for (int i = 0; i < 4; i++)
                Assert.Equal(i, ReadAndAcknowledge(here).Payload.Span[0]);
            here.Send(new UnsubscribePacket { PacketId = 2, Filters = ["$share/g/t"] });
            Assert.Equal((byte)MqttReason.Success, here.Read<UnsubAckPacket>().Codes[0]);
        }

        // Nobody is here: it waits for the one that comes back.
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("t", [8], 0));
        Assert.Equal(MqttReason.Success, broker.Publish("t", [9], 1));
        using RawPeer back = await RawPeer.ConnectAsync(broker, "away", make: Lasting);
        Assert.Equal(9, ReadAndAcknowledge(back).Payload.Span[0]);
    }

    [Fact]
    public async Task Shared_BesideAnOwnSubscription_BothCopiesComeAndNothingRetained()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        broker.Publish("t", [1], 0, retain: true);
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");
        Subscribe(peer, "$share/g/t", 0, id: 5);
        Subscribe(peer, "t", 0, id: 6);
        PublishPacket kept = peer.Read<PublishPacket>();
        Assert.True(kept.Retain);
        Assert.Equal([6], kept.Properties!.SubscriptionIds!);

        broker.Publish("t", [2]);

        int[] ids = [peer.Read<PublishPacket>().Properties!.SubscriptionIds!.Single(), peer.Read<PublishPacket>().Properties!.SubscriptionIds!.Single()];
        Assert.Equal([5, 6], ids.Order());
    }

    [Fact]
    public async Task Shared_NoLocal_IsAProtocolError()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");

        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("$share/g/t", 0, NoLocal: true)] });

        peer.ExpectEnd(MqttReason.ProtocolError);
    }

    [Fact]
    public async Task Shared_RulesLookAtTheFilterProper()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Access = new OwnNameAccess() });
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");

        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new("$share/g/secret/x", 0), new("$share/g/open", 0)] });

        Assert.Equal([(byte)MqttReason.NotAuthorized, 0], peer.Read<SubAckPacket>().Codes);
    }

    [Fact]
    public async Task Alias_FromTheClient_StandsForItsTopicUntilItIsGivenAnew()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        List<string> heard = [];
        using IDisposable subscription = broker.Subscribe("#", m => heard.Add($"{m.Topic}={Bench.Text(m)} {m.ExpirySeconds} {m.ContentType}"));
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p");
        void Send(string topic, string text, MqttProperties properties) =>
            peer.Send(new PublishPacket { Topic = topic, Payload = Bench.Bytes(text), Properties = properties });

        Send("a/long/topic", "1", new() { TopicAlias = 1 });
        Send("", "2", new() { MessageExpirySeconds = 60, TopicAlias = 1, ContentType = "text/plain" });
        Send("b", "3", new() { TopicAlias = 1 });
        Send("", "4", new() { TopicAlias = 1 });
        peer.Send(new PublishPacket { Topic = "end", Qos = 1, PacketId = 1 });
        peer.Read<AckPacket>();

        Assert.Equal(["a/long/topic=1  ", "a/long/topic=2 60 text/plain", "b=3  ", "b=4  ", "end=  "], heard);
    }

    [Fact]
    public async Task Alias_ToTheClient_FirstWithTheNameThenWithout()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", make: () => new ConnectPacket { ClientId = "p", CleanStart = true, Properties = new() { TopicAliasMaximum = 1 } });
        Subscribe(peer, "#", 1);

        foreach (string topic in (string[])["a", "a", "b"])
            broker.Publish(topic, [1], 1);

        PublishPacket first = ReadAndAcknowledge(peer), second = ReadAndAcknowledge(peer), third = ReadAndAcknowledge(peer);
        Assert.Equal(("a", (ushort?)1), (first.Topic, first.Properties!.TopicAlias));
        Assert.Equal(("", (ushort?)1), (second.Topic, second.Properties!.TopicAlias));
        Assert.Equal(("b", null), (third.Topic, third.Properties?.TopicAlias));
    }

    [Fact]
    public async Task Alias_BetweenClientAndBroker_SavesTheTopicsBytes()
    {
        const int Messages = 50;
        string topic = "edgefl/v1/" + new string('x', 200);
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "c"), "#");

        for (int i = 0; i < Messages; i++)
            await client.Client.PublishAsync(topic, BitConverter.GetBytes(i), 1).AsTask().WaitAsync(Bench.Patience);
        for (int i = 0; i < Messages; i++)
        {
            MqttMessage message = client.Next();
            Assert.Equal((topic, i), (message.Topic, BitConverter.ToInt32(message.Payload.Span)));
        }

        Assert.True(client.Client.Counters.BytesOut < Messages * 100, $"{client.Client.Counters.BytesOut} bytes out");
        Assert.True(client.Client.Counters.BytesIn < Messages * 100, $"{client.Client.Counters.BytesIn} bytes in");
    }

    [Theory]
    [InlineData(1, "answers/p")]
    [InlineData(0, null)]
    public async Task ResponseInformation_Asked_IsGiven(int asks, string? expected)
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { ResponseInformation = (_, clientId) => "answers/" + clientId });

        using RawPeer peer = await RawPeer.ConnectAsync(broker, "p", make: () => new ConnectPacket { ClientId = "p", CleanStart = true, Properties = new() { RequestResponseInformation = (byte)asks } });

        Assert.Equal(expected, peer.ConnAck!.Properties!.ResponseInformation);
    }

    [Fact]
    public async Task SystemTopics_Subscribed_ShowTheBrokersFigures()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { SystemTopicsSeconds = 1 });
        await using Listener everything = await Bench.ConnectAsync(Bench.To(broker, "all"), "#");
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "c"), "$SYS/#");
        Dictionary<string, string> figures = [];

        while (figures.GetValueOrDefault("$SYS/broker/clients/connected") != "2" || figures.GetValueOrDefault("$SYS/broker/subscriptions/count") != "2")
        {
            MqttMessage message = client.Next();
            figures[message.Topic] = Encoding.UTF8.GetString(message.Payload.Span);
        }

        Assert.StartsWith("EdgeFL ", figures["$SYS/broker/version"], StringComparison.Ordinal);
        Assert.EndsWith(" seconds", figures["$SYS/broker/uptime"], StringComparison.Ordinal);
        Assert.Equal(0, broker.RetainedMessages);
        Assert.Equal(0, everything.Waiting);
        Assert.Equal(MqttPublishStatus.Refused, (await client.Client.PublishAsync("$SYS/broker/uptime", new byte[1], 1)).Status);
    }

    private static void Subscribe(RawPeer peer, string filter, int qos, int id = 0)
    {
        peer.Send(new SubscribePacket { PacketId = 1, Entries = [new(filter, qos)], Properties = id > 0 ? new() { SubscriptionIds = [id] } : null });
        Assert.Equal(qos, peer.Read<SubAckPacket>().Codes[0]);
    }

    private static PublishPacket ReadAndAcknowledge(RawPeer peer)
    {
        PublishPacket publish = peer.Read<PublishPacket>();
        if (publish.Qos == 1)
            peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = publish.PacketId });
        return publish;
    }
}
