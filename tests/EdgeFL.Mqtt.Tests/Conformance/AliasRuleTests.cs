namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>Topic aliases and packet sizes: sections 3.2.2.3 and 3.3.2.3.4.</summary>
public sealed class AliasRuleTests
{
    [Fact]
    public async Task Broker_TakesEveryAliasUpToItsMaximum_AndForgetsThemWithTheConnection()
    {
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { TopicAliasMax = 5 });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        using RawPeer peer = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        Assert.Equal((ushort)5, peer.ConnAck!.Properties!.TopicAliasMaximum);
        for (ushort alias = 5; alias >= 1; alias--)
            peer.Send(new PublishPacket { Topic = $"t/{alias}", Properties = new() { TopicAlias = alias } });
        for (ushort alias = 1; alias <= 5; alias++)
            peer.Send(new PublishPacket { Topic = "", Properties = new() { TopicAlias = alias } });
        string[] topics = [.. Enumerable.Range(0, 10).Select(_ => heard.Next().Topic)];
        Assert.Equal(["t/5", "t/4", "t/3", "t/2", "t/1", "t/1", "t/2", "t/3", "t/4", "t/5"], topics);
        await peer.CutAsync(broker);

        using RawPeer back = await Conversation.ReturnAsync(broker, "p", MqttVersion.V5);
        back.Send(new PublishPacket { Topic = "", Properties = new() { TopicAlias = 1 } });

        back.ExpectEnd(MqttReason.ProtocolError);
        Assert.Equal(0, heard.Count);
    }

    [Fact]
    public async Task Broker_SendsNoneAboveTheClientsMaximum()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer none = await RawPeer.ConnectAsync(broker, "none");
        using RawPeer two = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { ClientId = "two", CleanStart = true, Properties = new() { TopicAliasMaximum = 2 } });
        none.Subscribe(new SubscribeEntry("#", 0));
        two.Subscribe(new SubscribeEntry("#", 0));
        for (int round = 0; round < 2; round++)
        {
            foreach (string topic in (string[])["a", "b", "c"])
                broker.Publish(topic, [1]);
        }
        List<ushort?> aliases = [];
        for (int i = 0; i < 6; i++)
        {
            Assert.Null(none.Receive().Properties?.TopicAlias);
            aliases.Add(two.Receive().Properties?.TopicAlias);
        }
        Assert.All(aliases, alias => Assert.True(alias is null or 1 or 2, $"alias {alias}"));
    }

    [Fact]
    public async Task Broker_AMessageThatJustFits_IsSentWithoutAnAlias()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using RawPeer peer = await RawPeer.ConnectAsync(broker, "", make: () => new ConnectPacket { ClientId = "p", CleanStart = true, Properties = new() { TopicAliasMaximum = 2, MaximumPacketBytes = 100 } });
        peer.Subscribe(new SubscribeEntry("t", 0));
        // Fixed header, topic and an empty property block take six bytes.
        broker.Publish("t", new byte[95]);
        broker.Publish("t", new byte[94]);
        broker.Publish("t", new byte[80]);
        PublishPacket full = peer.Receive();
        Assert.Equal((94, null), (full.Payload.Length, full.Properties?.TopicAlias));
        PublishPacket roomy = peer.Receive();
        Assert.Equal((80, (ushort?)1), (roomy.Payload.Length, roomy.Properties?.TopicAlias));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public async Task Client_SendsNoneAboveTheBrokersMaximum(int? maximum)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket { Properties = new() { TopicAliasMaximum = (ushort?)maximum } });
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        foreach (string topic in (string[])["a", "b", "a", "b"])
            Assert.True(client.Client.TryPublish(topic, new byte[1]));
        List<(string Topic, ushort? Alias)> sent = [];
        for (int i = 0; i < 4; i++)
        {
            PublishPacket publish = peer.Read<PublishPacket>();
            sent.Add((publish.Topic, publish.Properties?.TopicAlias));
        }
        if (maximum is null)
            Assert.Equal([("a", null), ("b", null), ("a", null), ("b", null)], sent);
        else
            Assert.Equal([("a", 1), ("b", null), ("", 1), ("b", null)], sent);
    }

    [Fact]
    public async Task Client_TakesEveryAliasUpToItsMaximum_AndForgetsThemWithTheConnection()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        ushort most = peer.Connect!.Properties!.TopicAliasMaximum!.Value;
        for (ushort alias = 1; alias <= most; alias++)
            peer.Send(new PublishPacket { Topic = $"t/{alias}", Properties = new() { TopicAlias = alias } });
        for (ushort alias = most; alias >= 1; alias--)
            peer.Send(new PublishPacket { Topic = "", Properties = new() { TopicAlias = alias } });
        for (int i = 1; i <= most; i++)
            Assert.Equal($"t/{i}", client.Next().Topic);
        for (int i = most; i >= 1; i--)
            Assert.Equal($"t/{i}", client.Next().Topic);
        peer.Dispose();

        using RawPeer back = await fake.AcceptAsync(new ConnAckPacket());
        back.Send(new PublishPacket { Topic = "", Properties = new() { TopicAlias = 1 } });

        Assert.Equal(MqttReason.ProtocolError, back.Read<DisconnectPacket>().Reason);
        Assert.Equal(0, client.Waiting);
    }
}
