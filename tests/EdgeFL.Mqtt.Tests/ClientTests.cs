using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace EdgeFL.Mqtt.Tests;

public sealed class ClientTests
{
    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Reconnect_BrokerRestartsWhilePublishing_NothingIsLost(MqttVersion version)
    {
        const int Messages = 600;
        ConcurrentDictionary<int, bool> received = new();
        MqttBroker broker = await Bench.BrokerAsync();
        IPEndPoint address = broker.LocalEndPoint;
        using IDisposable first = broker.Subscribe("n/#", m => received[BitConverter.ToInt32(m.Payload.Span)] = true);
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "c", version), "back/#");
        ConcurrentQueue<MqttPublishResult> results = new();
        TaskCompletionSource restarting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task publishing = Task.WhenAll(Enumerable.Range(0, Messages).Select(async i =>
        {
            await Task.Delay(i);
            if (i >= Messages / 2)
                await restarting.Task;
            results.Enqueue(await client.Client.PublishAsync("n/x", BitConverter.GetBytes(i), 1));
        }));
        await Bench.UntilAsync(() => received.Count > 50, "some came before the restart");

        restarting.SetResult();
        await broker.DisposeAsync();
        await using MqttBroker again = new(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, Listeners = [new() { EndPoint = address }] });
        using IDisposable second = again.Subscribe("n/#", m => received[BitConverter.ToInt32(m.Payload.Span)] = true);
        await again.StartAsync();
        await publishing.WaitAsync(Bench.Patience);

        Assert.All(results, r => Assert.Equal(MqttPublishStatus.Delivered, r.Status));
        Assert.Equal(Messages, received.Count);
        Assert.Equal(2, client.Starts.Count);
        await Bench.UntilAsync(() => again.Publish("back/1", [1], 1) == MqttReason.Success, "the subscription is back");
        Assert.Equal("back/1", client.Next().Topic);
    }

    [Fact]
    public async Task Replay_SessionPresent_SetsTheDuplicateFlag()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { CleanStart = false, SessionExpirySeconds = 60 });
        await client.Client.StartAsync();
        ValueTask<MqttPublishResult> pending;
        using (RawPeer peer = await fake.AcceptAsync(new ConnAckPacket()))
        {
            pending = client.Client.PublishAsync("a", Bench.Bytes("1"), 1);
            Assert.False(peer.Read<PublishPacket>().Dup);
        }
        using RawPeer back = await fake.AcceptAsync(new ConnAckPacket { SessionPresent = true });
        PublishPacket again = back.Read<PublishPacket>();
        Assert.True(again.Dup);
        back.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = again.PacketId, Reason = MqttReason.NotAuthorized });
        MqttPublishResult result = await pending.AsTask().WaitAsync(Bench.Patience);
        Assert.Equal(new MqttPublishResult(MqttPublishStatus.Refused, MqttReason.NotAuthorized), result);
    }

    [Fact]
    public async Task ReceiveMaximum_OfTheBroker_IsObeyed()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer peer = await fake.AcceptAsync(new ConnAckPacket { Properties = new() { ReceiveMaximum = 1, MaximumPacketBytes = 100 } });
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        Assert.True(client.Client.TryPublish("a", Bench.Bytes("1"), 1));
        Assert.True(client.Client.TryPublish("a", Bench.Bytes("2"), 1));
        MqttPublishResult tooLarge = default;
        Task large = Task.Run(async () => tooLarge = await client.Client.PublishAsync("a", new byte[100], 1));
        PublishPacket first = peer.Read<PublishPacket>();
        Task<MqttReason> subscribing = client.Client.SubscribeAsync("s");
        // The subscription overtakes the second publish, which has to wait.
        SubscribePacket subscribe = peer.Read<SubscribePacket>();
        peer.Send(new SubAckPacket { PacketId = subscribe.PacketId, Codes = [0] });
        Assert.Equal(MqttReason.Success, await subscribing.WaitAsync(Bench.Patience));
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = first.PacketId });
        PublishPacket second = peer.Read<PublishPacket>();
        Assert.Equal("2", System.Text.Encoding.UTF8.GetString(second.Payload.Span));
        peer.Send(new AckPacket(MqttPacketType.PubAck) { PacketId = second.PacketId });
        await large.WaitAsync(Bench.Patience);
        Assert.Equal(MqttReason.PacketTooLarge, tooLarge.Reason);
    }

    [Theory]
    [InlineData("return code")]
    [InlineData("reason code")]
    [InlineData("silence")]
    public async Task Version_BrokerKnowsOnly311_FallsBack(string manner)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        for (int tries = 0; tries < 4; tries++)
        {
            using RawPeer peer = await fake.AcceptAsync(null);
            if (peer.Version == MqttVersion.V311)
            {
                peer.Send(new ConnAckPacket());
                await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
                Assert.Equal(MqttVersion.V311, Assert.Single(client.Starts).Version);
                return;
            }
            if (manner == "return code")
                peer.Send("\u0020\u0002\0\u0001"u8);
            else if (manner == "reason code")
                peer.Send(new ConnAckPacket { Code = (byte)MqttReason.UnsupportedProtocolVersion });
        }
        Assert.Fail("The client never came with 3.1.1.");
    }

    [Fact]
    public async Task Version_SilentBroker_IsAskedFor5OnEachConnectionAndThenFor311AtOnce()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        List<MqttVersion> asked = [];
        for (int connections = 0; connections < 2;)
        {
            using RawPeer peer = await fake.AcceptAsync(null);
            asked.Add(peer.Version);
            if (peer.Version != MqttVersion.V311)
                continue;
            peer.Send(new ConnAckPacket());
            connections++;
            await Bench.UntilAsync(() => client.Starts.Count == connections, "it is connected");
        }
        Assert.Equal([MqttVersion.V5, MqttVersion.V311, MqttVersion.V5, MqttVersion.V311], asked);
        await Bench.UntilAsync(() => client.Ends.Count == 4, "it has told of all");
        Assert.Equal([true, false, true, false], client.Ends.Select(end => end.RetryInMs == 0));
    }

    [Fact]
    public async Task DeadPeer_NoPingAnswer_Reconnects()
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options() with { KeepAliveSeconds = 1, PingTimeoutMs = 300 });
        await client.Client.StartAsync();
        using RawPeer dead = await fake.AcceptAsync(new ConnAckPacket());
        Assert.Equal(MqttPacketType.PingReq, dead.Read<PingPacket>().Type);

        await Bench.UntilAsync(() => !client.Ends.IsEmpty, "the dead broker was noticed");
        Assert.True(client.Ends.TryPeek(out MqttDisconnected? end));
        Assert.Equal(MqttReason.KeepAliveTimeout, end.Reason);
        using RawPeer next = await fake.AcceptAsync(new ConnAckPacket());
    }

    [Fact]
    public async Task Handler_PublishesSubscribesAndStops_DoesNotDeadlock()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ConcurrentQueue<string> heard = new();
        MqttClient? client = null;
        client = new MqttClient(Bench.To(broker, "c") with { ReceiveMaximum = 1, InFlightMax = 1 }, async message =>
        {
            heard.Enqueue(message.Topic);
            if (message.Topic == "in/1")
            {
                Assert.Equal(MqttReason.GrantedQos1, await client!.SubscribeAsync("more", 1));
                Assert.Equal(MqttPublishStatus.Delivered, (await client.PublishAsync("more", Bench.Bytes("x"), 1)).Status);
            }
            else
            {
                await client!.StopAsync();
                stopped.SetResult();
            }
        });
        await using (client)
        {
            await client.StartAsync();
            await client.SubscribeAsync("in/#", 1).WaitAsync(Bench.Patience);
            broker.Publish("in/1", Bench.Bytes("go"), 1);
            await stopped.Task.WaitAsync(Bench.Patience);
            Assert.Equal(["in/1", "more"], heard);
            Assert.Equal(0, client.Counters.HandlerFaults);
        }
    }

    [Fact]
    public async Task Handler_Throws_IsCountedAndTheNextComes()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        await using MqttClient client = new(Bench.To(broker, "c"), message =>
        {
            if (message.Topic == "bad")
                throw new InvalidOperationException("a fault of the caller");
            heard.Add(message);
            return ValueTask.CompletedTask;
        });
        await client.StartAsync();
        await client.SubscribeAsync("#", 1).WaitAsync(Bench.Patience);
        broker.Publish("bad", [1], 1);
        broker.Publish("good", [2], 1);
        Assert.Equal("good", heard.Next().Topic);
        Assert.Equal(1, client.Counters.HandlerFaults);
    }

    [Fact]
    public async Task Queue_FullWhileAway_RefusesAndCounts_ThenDeliversWhatItTook()
    {
        int port = OutsideBroker.FreePorts(1)[0];
        await using Listener client = new(new MqttClientOptions { Host = "127.0.0.1", Port = port, ClientId = "c", OutgoingQueueMax = 3, ReconnectMinMs = 50, ReconnectMaxMs = 100 });
        await client.Client.StartAsync();
        for (byte i = 0; i < 3; i++)
            Assert.True(client.Client.TryPublish("q", new[] { i }, i % 2));
        Assert.False(client.Client.TryPublish("q", new byte[] { 3 }, 1));
        Assert.Equal(1, client.Client.Counters.Dropped);
        ValueTask<MqttPublishResult> waiting = client.Client.PublishAsync("q", new byte[] { 4 }, 1);

        using BlockingQueue heard = new();
        await using MqttBroker broker = new(new MqttBrokerOptions { Access = MqttOpenAccess.Instance, Listeners = [new() { EndPoint = new IPEndPoint(IPAddress.Loopback, port) }] });
        using IDisposable subscription = broker.Subscribe("q", heard.Add);
        await broker.StartAsync();

        foreach (byte expected in new byte[] { 0, 1, 2, 4 })
            Assert.Equal(expected, heard.Next().Payload.Span[0]);
        Assert.Equal(MqttPublishStatus.Delivered, (await waiting.AsTask().WaitAsync(Bench.Patience)).Status);
        await Bench.UntilAsync(() => client.Client.QueuedMessages == 0, "the queue is empty");
    }

    [Fact]
    public async Task Stop_WhileAway_EndsEverythingThatWaits()
    {
        await using Listener client = new(new MqttClientOptions { Host = "127.0.0.1", Port = OutsideBroker.FreePorts(1)[0], ReconnectMinMs = 60_000, ReconnectMaxMs = 60_000 });
        await client.Client.StartAsync();
        ValueTask<MqttPublishResult> publish = client.Client.PublishAsync("q", new byte[] { 1 }, 1);
        Task<MqttReason> subscribe = client.Client.SubscribeAsync("q");
        await Bench.UntilAsync(() => !client.Ends.IsEmpty, "the first attempt failed");

        await client.Client.StopAsync().WaitAsync(Bench.Patience);

        Assert.Equal(MqttPublishStatus.Stopped, (await publish.AsTask().WaitAsync(Bench.Patience)).Status);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => subscribe.WaitAsync(Bench.Patience));
        Assert.False(client.Client.TryPublish("q", new byte[] { 1 }));
    }

    [Fact]
    public async Task Unsubscribe_NothingMoreComes()
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        await using Listener client = await Bench.ConnectAsync(Bench.To(broker, "c"), "a", "b");
        Assert.Equal(MqttReason.Success, await client.Client.UnsubscribeAsync("a").WaitAsync(Bench.Patience));
        Assert.Equal(MqttReason.NoSubscriptionExisted, await client.Client.UnsubscribeAsync("never").WaitAsync(Bench.Patience));
        Assert.Equal(MqttReason.NoMatchingSubscribers, broker.Publish("a", [1], 1));
        broker.Publish("b", [2], 1);
        Assert.Equal("b", client.Next().Topic);
    }

    [Theory]
    [InlineData("D00100")]
    [InlineData("30FFFFFF7F")]
    [InlineData("90030001000000")]
    [InlineData("320700016100000000")]
    public async Task HostileBroker_BadBytes_ClientReconnects(string hex)
    {
        using FakeBroker fake = new();
        await using Listener client = new(fake.Options());
        await client.Client.StartAsync();
        using RawPeer hostile = await fake.AcceptAsync(new ConnAckPacket());
        hostile.Send(Convert.FromHexString(hex));
        hostile.Send(Convert.FromHexString("00"));
        using RawPeer next = await fake.AcceptAsync(new ConnAckPacket());
        await client.Client.WaitConnectedAsync().WaitAsync(Bench.Patience);
        Assert.True(client.Client.Counters.MalformedPackets > 0);
    }
}
