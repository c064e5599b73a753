namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>What the specification binds a client to, seen by a broker that the test plays.</summary>
public sealed class ClientRuleTests
{
    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Connect_ComesFirst_WithItsFieldsInOrder(MqttVersion version)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with
        {
            Version = version,
            ClientId = "id",
            UserName = "user",
            Password = [0, 1],
            KeepAliveSeconds = 9,
            Will = new MqttWill("w", Bench.Bytes("gone"), 1, Retain: true),
        });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(null);
        ConnectPacket said = peer.Connect!;
        Assert.Equal((version, "id", "user", (ushort)9), (said.Version, said.ClientId, said.UserName, said.KeepAliveSeconds));
        Assert.Equal([0, 1], said.Password);
        Assert.Equal(("w", 1, true), (said.Will!.Topic, said.Will.Qos, said.Will.Retain));
        Assert.Equal(Bench.Bytes("gone"), said.Will.Payload);
        Assert.Null(said.Properties?.AuthenticationMethod);
    }

    [Fact]
    public async Task ClientId_EmptyOn311_ComesWithACleanSession()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { Version = MqttVersion.V311, ClientId = "", CleanStart = false });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(null);
        Assert.True(peer.Connect!.CleanStart);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task KeepAlive_NothingToSay_IsKeptByAPing(MqttVersion version)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { Version = version, KeepAliveSeconds = 1 });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(MqttPacketType.PingReq, peer.Read<PingPacket>().Type);
            peer.Send(new PingPacket(MqttPacketType.PingResp));
        }
    }

    [Fact]
    public async Task KeepAlive_OfTheServer_ReplacesItsOwn()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { KeepAliveSeconds = 3600 });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket { Properties = new() { ServerKeepAliveSeconds = 1 } });
        Assert.Equal(MqttPacketType.PingReq, peer.Read<PingPacket>().Type);
    }

    [Fact]
    public async Task SessionPresent_AfterACleanStart_ClosesTheConnection()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer wrong = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true });
        Assert.Null(wrong.ReadAny());
        using RawPeer right = await fake.AcceptAsync(new ConnAckPacket());
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        Assert.Single(client.Starts);
    }

    [Fact]
    public async Task SessionPresent_Lost_EverythingIsSaidAnew()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        Task<MqttReason> subscribing = client.Client.SubscribeAsync("s", 1);
        using (RawPeer peer = await fake.AcceptAsync(new ConnAckPacket()))
        {
            peer.Send(new SubAckPacket { PacketId = peer.Read<SubscribePacket>().PacketId, Codes = [1] });
            await subscribing.WaitAsync(Bench.Patience);
            Assert.True(client.Client.TryPublish("t", Bench.Bytes("x"), 1));
            peer.Read<PublishPacket>();
        }
        using RawPeer forgetful = await fake.AcceptAsync(new ConnAckPacket());
        Assert.Equal("s", forgetful.Read<SubscribePacket>().Entries[0].Filter);
        Assert.False(forgetful.Read<PublishPacket>().Dup);
    }

    [Fact]
    public async Task Server_WithLessToOffer_IsNotAskedForMore()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket { Properties = new() { MaximumQos = 0, RetainAvailable = 0, MaximumPacketBytes = 60 } });
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);

        Assert.Equal(MqttReason.RetainNotSupported, (await client.Client.PublishAsync("t", new byte[1], 0, retain: true).AsTask().WaitAsync(Bench.Patience)).Reason);
        Assert.Equal(MqttReason.PacketTooLarge, (await client.Client.PublishAsync("t", new byte[60], 1).AsTask().WaitAsync(Bench.Patience)).Reason);
        Assert.True(client.Client.TryPublish("t", new byte[1], 1));

        PublishPacket publish = peer.Read<PublishPacket>();
        Assert.Equal((0, false, 1), (publish.Qos, publish.Retain, publish.Payload.Length));
    }

    [Fact]
    public async Task MaximumPacketSize_OfTheServer_HoldsForSubscriptionsToo()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        Task<MqttReason>[] asked = [.. Enumerable.Range(0, 10).Select(i => client.Client.SubscribeAsync($"filter/{i}")), client.Client.SubscribeAsync(new string('x', 40))];
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket { Properties = new() { MaximumPacketBytes = 40 } });
        int granted = 0;
        while (granted < 10)
        {
            SubscribePacket subscribe = peer.Read<SubscribePacket>();
            Assert.InRange(MqttEncoder.ToArray(MqttVersion.V5, subscribe).Length, 1, 40);
            granted += subscribe.Entries.Count;
            peer.Send(new SubAckPacket { PacketId = subscribe.PacketId, Codes = new byte[subscribe.Entries.Count] });
        }
        MqttReason[] reasons = await Task.WhenAll(asked).WaitAsync(Bench.Patience);
        Assert.All(reasons[..10], reason => Assert.Equal(MqttReason.Success, reason));
        Assert.Equal(MqttReason.PacketTooLarge, reasons[10]);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task PacketIds_AreNeverZeroNorInUse_AndComeAgainInOrderOnReturn(MqttVersion version)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { Version = version, CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        List<PublishPacket> sent = [];
        using (RawPeer peer = await fake.AcceptAsync(new ConnAckPacket()))
        {
            await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
            for (byte i = 0; i < 6; i++)
                Assert.True(client.Client.TryPublish("t", new[] { i }, i % 2));
            for (int i = 0; i < 6; i++)
            {
                PublishPacket publish = peer.Read<PublishPacket>();
                Assert.Equal((i, i % 2, false), (publish.Payload.Span[0], publish.Qos, publish.Dup));
                if (publish.Qos > 0)
                    sent.Add(publish);
            }
            Task<MqttReason> subscribing = client.Client.SubscribeAsync("s");
            SubscribePacket subscribe = peer.Read<SubscribePacket>();
            Assert.Equal(4, sent.Select(publish => publish.PacketId).Append(subscribe.PacketId).Distinct().Count());
            Assert.DoesNotContain((ushort)0, sent.Select(publish => publish.PacketId).Append(subscribe.PacketId));
            peer.Send(new SubAckPacket { PacketId = subscribe.PacketId, Codes = [0] });
            await subscribing.WaitAsync(Bench.Patience);
            peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = sent[1].PacketId, Reason = version == MqttVersion.V5 ? MqttReason.UnspecifiedError : MqttReason.Success });
            await Bench.UntilAsync(() => client.Client.QueuedMessages == 2, "the acknowledgement is seen");
        }
        using RawPeer back = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true });
        foreach (PublishPacket before in new[] { sent[0], sent[2] })
        {
            PublishPacket again = back.Read<PublishPacket>();
            Assert.Equal((before.PacketId, before.Payload.Span[0], true), (again.PacketId, again.Payload.Span[0], again.Dup));
        }
        Assert.True(client.Client.TryPublish("t", new byte[] { 9 }, 0));
        Assert.Equal(9, back.Read<PublishPacket>().Payload.Span[0]);
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Received_IsAcknowledgedInOrder_WhateverTheHandlerDoes(MqttVersion version)
    {
        using FakeBroker fake = new();
        await using MqttClient client = new(fake.Options() with { Version = version }, message => throw new InvalidOperationException(message.Topic));
        await client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        ushort[] ids = [9, 3, 65_535, 1];
        foreach (ushort id in ids)
            peer.Send(new PublishPacket { Topic = "t", Qos = 1, PacketId = id });
        foreach (ushort id in ids)
        {
            AckPacket answer = peer.Read<AckPacket>();
            Assert.Equal((MqttPacketType.PubAck, id, MqttReason.Success), (answer.Type, answer.PacketId, answer.Reason));
        }
    }

    [Theory]
    [MemberData(nameof(Conversation.Versions), MemberType = typeof(Conversation))]
    public async Task Disconnect_IsTheLastThingSaid(MqttVersion version)
    {
        using FakeBroker fake = new();
        Listener client = new(fake.Options() with { Version = version });
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        Task stopping = client.DisposeAsync().AsTask();
        Assert.False(client.Client.TryPublish("t", new byte[1], 0));
        Assert.Equal(MqttReason.Success, peer.Read<DisconnectPacket>().Reason);
        Assert.Null(peer.ReadAny());
        peer.Dispose();
        await stopping.WaitAsync(Bench.Patience);
    }

    [Fact]
    public async Task Disconnect_OfTheServer_ClosesTheConnection()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket());
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        peer.Send(new DisconnectPacket { Reason = MqttReason.ServerShuttingDown });
        using RawPeer next = await fake.AcceptAsync(new ConnAckPacket());
        Assert.Null(peer.ReadAny());
        Assert.True(client.Ends.TryPeek(out MqttDisconnected? end));
        Assert.Equal(MqttReason.ServerShuttingDown, end.Reason);
    }
}
