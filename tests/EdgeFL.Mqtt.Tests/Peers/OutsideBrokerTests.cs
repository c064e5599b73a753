using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

/// <summary>The brokers of the tests of one class, each started when it is first asked for.</summary>
public sealed class OutsideBrokers : IDisposable
{
    private readonly ConcurrentDictionary<BrokerKind, Lazy<Task<OutsideBroker>>> brokers = new();

    internal Task<OutsideBroker> OfAsync(BrokerKind kind) => brokers.GetOrAdd(kind, _ => new(() => OutsideBroker.StartAsync(kind))).Value;

    public void Dispose()
    {
        foreach (Lazy<Task<OutsideBroker>> broker in brokers.Values)
        {
            if (broker.Value.IsCompletedSuccessfully)
                broker.Value.Result.Dispose();
        }
    }
}

/// <summary>Our client against other people's brokers: the same code, whatever the broker lacks.</summary>
public sealed class OutsideBrokerTests(OutsideBrokers brokers) : IClassFixture<OutsideBrokers>
{
    // The brokers outlive a test: each test has topics and client identifiers of its own.
    private readonly string own = Guid.NewGuid().ToString("N")[..8];

    [Theory]
    [InlineData(BrokerKind.Mosquitto, MqttVersion.V5, 0, 0)]
    [InlineData(BrokerKind.Nats, MqttVersion.V311, 1, 0)] // It says that it does not know 5.0.
    [InlineData(BrokerKind.RabbitMq, MqttVersion.V311, 1, 1)] // It closes without a word.
    public async Task Version_TheNewestThatTheBrokerKnows_IsFound(BrokerKind kind, MqttVersion newest, int refusalsAtFirst, int refusalsLater)
    {
        using Relay relay = new((await brokers.OfAsync(kind)).Port);
        await using Listener client = await Bench.ConnectAsync(To(relay.Port, "c"), Topic("a"));
        Assert.Equal(refusalsAtFirst, client.Ends.Count(end => !end.WasConnected));

        relay.Break();
        await Bench.UntilAsync(() => client.Starts.Count == 2, "it is back");

        Assert.All(client.Starts, start => Assert.Equal(newest, start.Version));
        Assert.Equal(refusalsAtFirst + refusalsLater, client.Ends.Count(end => !end.WasConnected));
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto, MqttVersion.V311)]
    [InlineData(BrokerKind.Mosquitto, MqttVersion.V5)]
    [InlineData(BrokerKind.Nats, MqttVersion.V5)]
    [InlineData(BrokerKind.RabbitMq, MqttVersion.V5)]
    public async Task Messages_OfEachQosAndSize_ArriveWholeAndInOrder(BrokerKind kind, MqttVersion version)
    {
        int port = (await brokers.OfAsync(kind)).Port;
        await using Listener hearer = await Bench.ConnectAsync(To(port, "hearer") with { Version = version }, Topic("+/a/#"));
        await using Listener speaker = await Bench.ConnectAsync(To(port, "speaker") with { Version = version });
        byte[] bytes = new byte[61_440];
        new Random(3).NextBytes(bytes);
        foreach (int qos in (int[])[0, 1])
        {
            foreach (int size in (int[])[0, 1, 127, 128, 16_384, bytes.Length])
            {
                for (int i = 0; i < 10; i++)
                    Assert.True(speaker.Client.TryPublish(Topic($"{qos}/a/{i}"), bytes.AsMemory(0, size), qos));
                for (int i = 0; i < 10; i++)
                {
                    MqttMessage message = hearer.Next();
                    Assert.Equal((Topic($"{qos}/a/{i}"), qos, false), (message.Topic, message.Qos, message.Retain));
                    Assert.Equal(bytes[..size], message.Payload.ToArray());
                }
            }
        }
        MqttPublishResult result = await speaker.Client.PublishAsync(Topic("1/a"), Bench.Bytes("x"), 1).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal(MqttPublishStatus.Delivered, result.Status);
        Assert.Equal(Topic("1/a"), hearer.Next().Topic);
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto, true)]
    [InlineData(BrokerKind.Nats, true)]
    [InlineData(BrokerKind.RabbitMq, false)]
    public async Task Retained_ComesToWhoSubscribesLater(BrokerKind kind, bool toWildcards)
    {
        int port = (await brokers.OfAsync(kind)).Port;
        await using Listener speaker = await Bench.ConnectAsync(To(port, "speaker"));
        foreach (string text in (string[])["old", "new"])
            await speaker.Client.PublishAsync(Topic("kept"), Bench.Bytes(text), 1, retain: true).AsTask().WaitAsync(Bench.Patience);

        await using Listener exact = await Bench.ConnectAsync(To(port, "exact"), Topic("kept"));
        MqttMessage kept = exact.Next();
        Assert.Equal((Topic("kept"), "new", true), (kept.Topic, Bench.Text(kept), kept.Retain));

        // A retained message comes before what is published after the subscription was granted.
        await using Listener wild = await Bench.ConnectAsync(To(port, "wild"), Topic("+"));
        await wild.Client.PublishAsync(Topic("live"), Bench.Bytes("live"), 1).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal(toWildcards ? "new" : "live", Bench.Text(wild.Next()));

        await speaker.Client.PublishAsync(Topic("kept"), default, 1, retain: true).AsTask().WaitAsync(Bench.Patience);
        Assert.True(exact.Next().Payload.IsEmpty);
        await using Listener late = await Bench.ConnectAsync(To(port, "late"), Topic("kept"));
        await late.Client.PublishAsync(Topic("kept"), Bench.Bytes("live"), 1).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal("live", Bench.Text(late.Next()));
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Will_ComesWhenTheConnectionIsCut_AndNotAfterAStop(BrokerKind kind)
    {
        int port = (await brokers.OfAsync(kind)).Port;
        using Relay relay = new(port);
        await using Listener hearer = await Bench.ConnectAsync(To(port, "hearer"), Topic("will/+"));
        await using (await Bench.ConnectAsync(To(port, "stopped") with { Will = new MqttWill(Topic("will/stopped"), Bench.Bytes("gone"), 1, false) }))
        await using (await Bench.ConnectAsync(To(relay.Port, "mortal") with { Will = new MqttWill(Topic("will/mortal"), Bench.Bytes("gone"), 1, false) }))
            relay.Break();

        MqttMessage will = hearer.Next();
        Assert.Equal((Topic("will/mortal"), "gone"), (will.Topic, Bench.Text(will)));
        await hearer.Client.PublishAsync(Topic("will/last"), default, 1).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal(Topic("will/last"), hearer.Next().Topic);
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Session_KeepsWhatComesWhileAway(BrokerKind kind)
    {
        int port = (await brokers.OfAsync(kind)).Port;
        MqttClientOptions options = To(port, "sleeper") with { CleanStart = false, SessionExpirySeconds = 600 };
        await using (Listener first = await Bench.ConnectAsync(options, Topic("q/#")))
            Assert.False(Assert.Single(first.Starts).SessionPresent);
        await using Listener speaker = await Bench.ConnectAsync(To(port, "speaker"));
        for (int i = 0; i < 50; i++)
            await speaker.Client.PublishAsync(Topic($"q/{i}"), Bench.Bytes("x"), 1).AsTask().WaitAsync(Bench.Patience);

        await using Listener back = await Bench.ConnectAsync(options);
        Assert.True(Assert.Single(back.Starts).SessionPresent);
        for (int i = 0; i < 50; i++)
            Assert.Equal(Topic($"q/{i}"), back.Next().Topic);

        // A clean start forgets it.
        await back.DisposeAsync();
        await using (Listener clean = await Bench.ConnectAsync(options with { CleanStart = true, SessionExpirySeconds = 0 }))
            Assert.False(Assert.Single(clean.Starts).SessionPresent);
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto, true)]
    [InlineData(BrokerKind.Mosquitto, false)]
    [InlineData(BrokerKind.Nats, true)]
    [InlineData(BrokerKind.Nats, false)]
    [InlineData(BrokerKind.RabbitMq, true)]
    [InlineData(BrokerKind.RabbitMq, false)]
    public async Task Publishes_NotAcknowledgedWhenTheConnectionIsCut_AreSentAgain(BrokerKind kind, bool keepsSession)
    {
        const int Messages = 100;
        int port = (await brokers.OfAsync(kind)).Port;
        using Relay relay = new(port);
        await using Listener hearer = await Bench.ConnectAsync(To(port, "hearer"), Topic("n"));
        await using Listener speaker = await Bench.ConnectAsync(To(relay.Port, "speaker") with { CleanStart = !keepsSession, SessionExpirySeconds = keepsSession ? 60u : 0 }, Topic("own"));
        relay.LosesAnswers = true;
        Task<MqttPublishResult>[] results = [.. Enumerable.Range(0, Messages).Select(i => speaker.Client.PublishAsync(Topic("n"), BitConverter.GetBytes(i), 1).AsTask())];
        Assert.Equal(0, BitConverter.ToInt32(hearer.Next().Payload.Span));
        Assert.DoesNotContain(results, result => result.IsCompleted);

        relay.Break();

        Assert.All(await Task.WhenAll(results).WaitAsync(Bench.Patience), result => Assert.Equal(MqttPublishStatus.Delivered, result.Status));
        HashSet<int> heard = [0];
        while (heard.Count < Messages)
            heard.Add(BitConverter.ToInt32(hearer.Next().Payload.Span));
        Assert.Equal(keepsSession, speaker.Starts.ElementAt(1).SessionPresent);
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Deliveries_NotAcknowledgedWhenTheConnectionIsCut_ComeAgain(BrokerKind kind)
    {
        int port = (await brokers.OfAsync(kind)).Port;
        using Relay relay = new(port);
        await using Listener speaker = await Bench.ConnectAsync(To(port, "speaker"));
        await using Listener hearer = await Bench.ConnectAsync(To(relay.Port, "hearer") with { CleanStart = false, SessionExpirySeconds = 60 }, Topic("n"));
        relay.LosesQuestions = true;
        for (int i = 0; i < 5; i++)
            await speaker.Client.PublishAsync(Topic("n"), Bench.Bytes($"{i}"), 1).AsTask().WaitAsync(Bench.Patience);
        for (int i = 0; i < 5; i++)
            Assert.Equal($"{i}", Bench.Text(hearer.Next()));

        relay.Break();

        HashSet<string> again = [];
        while (again.Count < 5)
            again.Add(Bench.Text(hearer.Next()));
        await speaker.Client.PublishAsync(Topic("n"), Bench.Bytes("next"), 1).AsTask().WaitAsync(Bench.Patience);
        while (Bench.Text(hearer.Next()) != "next")
            continue;
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Subscriptions_OfACleanSession_AreMadeAgain_AndTakenBackOnesAreNot(BrokerKind kind)
    {
        int port = (await brokers.OfAsync(kind)).Port;
        using Relay relay = new(port);
        await using Listener speaker = await Bench.ConnectAsync(To(port, "speaker"));
        await using Listener hearer = await Bench.ConnectAsync(To(relay.Port, "hearer"), [.. Enumerable.Range(0, 40).Select(i => Topic($"kept/{i}/+")), Topic("dropped")]);
        Assert.Equal(MqttReason.Success, await hearer.Client.UnsubscribeAsync(Topic("dropped")).WaitAsync(Bench.Patience));

        relay.Break();
        await Bench.UntilAsync(() => hearer.Starts.Count == 2, "it is back");
        // Asked for after the older ones on the same connection: when this one is granted, so are they.
        Assert.Equal(MqttReason.GrantedQos1, await hearer.Client.SubscribeAsync(Topic("last"), 1).WaitAsync(Bench.Patience));

        foreach (string topic in (string[])["dropped", .. Enumerable.Range(0, 40).Select(i => $"kept/{i}/x"), "last"])
            await speaker.Client.PublishAsync(Topic(topic), default, 1).AsTask().WaitAsync(Bench.Patience);
        // NATS keeps the order within a subscription only.
        HashSet<string> heard = [];
        while (heard.Count < 41)
            Assert.True(heard.Add(hearer.Next().Topic));
        Assert.DoesNotContain(Topic("dropped"), heard);
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Handler_ThatPublishesAndSubscribesAndWaits_DoesNotDeadlock(BrokerKind kind)
    {
        const int Messages = 30;
        int port = (await brokers.OfAsync(kind)).Port;
        await using Listener asker = await Bench.ConnectAsync(To(port, "asker"), Topic("answer/#"));
        MqttClient? echo = null;
        echo = new MqttClient(To(port, "echo") with { InFlightMax = 1, OutgoingQueueMax = 1 }, async message =>
        {
            string answer = Topic("answer/" + Bench.Text(message));
            Assert.Equal(MqttReason.GrantedQos1, await echo!.SubscribeAsync(Topic("ask/too"), 1));
            Assert.Equal(MqttPublishStatus.Delivered, (await echo.PublishAsync(answer, message.Payload, 1)).Status);
            Assert.Equal(MqttReason.Success, await echo.UnsubscribeAsync(Topic("ask/too")));
        });
        await using (echo)
        {
            await echo.StartAsync();
            Assert.Equal(MqttReason.GrantedQos1, await echo.SubscribeAsync(Topic("ask"), 1).WaitAsync(Bench.Patience));
            for (int i = 0; i < Messages; i++)
                Assert.True(asker.Client.TryPublish(Topic("ask"), Bench.Bytes($"{i}"), 1));
            // A slow handler may get a message twice.
            HashSet<string> answers = [];
            while (answers.Count < Messages)
                answers.Add(asker.Next().Topic);
            Assert.Equal(0, echo.Counters.HandlerFaults);
        }
    }

    [Theory]
    [InlineData(BrokerKind.Mosquitto)]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task ReceiveMaximum_BehindASlowHandler_LosesNothing(BrokerKind kind)
    {
        const int Messages = 60;
        int port = (await brokers.OfAsync(kind)).Port;
        using SemaphoreSlim go = new(0);
        ConcurrentQueue<string> heard = new();
        int connections = 0;
        await using MqttClient slow = new(To(port, "slow") with { ReceiveMaximum = 5, OnConnected = _ => connections++ }, async message =>
        {
            await go.WaitAsync();
            heard.Enqueue(Bench.Text(message));
        });
        await slow.StartAsync();
        Assert.Equal(MqttReason.GrantedQos1, await slow.SubscribeAsync(Topic("q"), 1).WaitAsync(Bench.Patience));
        await using Listener speaker = await Bench.ConnectAsync(To(port, "speaker"));
        for (int i = 0; i < Messages; i++)
            await speaker.Client.PublishAsync(Topic("q"), Bench.Bytes($"{i}"), 1).AsTask().WaitAsync(Bench.Patience);
        go.Release(Messages * 10);

        await Bench.UntilAsync(() => heard.Distinct().Count() == Messages, "all came");
        Assert.Equal(1, connections);
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V5)]
    public async Task Qos2_ThroughMosquitto_CutMidway_ArrivesOnce(MqttVersion version)
    {
        const int Messages = 60;
        int port = (await brokers.OfAsync(BrokerKind.Mosquitto)).Port;
        using Relay up = new(port), down = new(port);
        MqttClientOptions Kept(Relay relay, string id) => To(relay.Port, id) with { Version = version, CleanStart = false, SessionExpirySeconds = 60 };
        await using Listener hearer = await Bench.ConnectAsync(Kept(down, "hearer"));
        Assert.Equal(MqttReason.GrantedQos2, await hearer.Client.SubscribeAsync(Topic("n"), 2).WaitAsync(Bench.Patience));
        await using Listener speaker = await Bench.ConnectAsync(Kept(up, "speaker"));
        Task<MqttPublishResult>[] results = [.. Enumerable.Range(0, Messages).Select(i => speaker.Client.PublishAsync(Topic("n"), BitConverter.GetBytes(i), 2).AsTask())];
        List<int> heard = [];
        while (heard.Count < Messages)
        {
            heard.Add(BitConverter.ToInt32(hearer.Next().Payload.Span));
            if (heard.Count == 10)
                up.Break();
            if (heard.Count == 20)
                down.Break();
        }

        Assert.All(await Task.WhenAll(results).WaitAsync(Bench.Patience), result => Assert.Equal(MqttPublishStatus.Delivered, result.Status));
        Assert.Equal(Enumerable.Range(0, Messages), heard.Order());
        Assert.Equal(0, hearer.Waiting);
    }

    [Theory]
    [InlineData(BrokerKind.Nats)]
    [InlineData(BrokerKind.RabbitMq)]
    public async Task Qos2_WhereTheBrokerHas1_IsGrantedAs1(BrokerKind kind)
    {
        await using Listener client = await Bench.ConnectAsync(To((await brokers.OfAsync(kind)).Port, "c"));
        Assert.Equal(MqttReason.GrantedQos1, await client.Client.SubscribeAsync(Topic("n"), 2).WaitAsync(Bench.Patience));
        await client.Client.PublishAsync(Topic("n"), default, 1).AsTask().WaitAsync(Bench.Patience);
        Assert.Equal(1, client.Next().Qos);
    }

    [Fact]
    public async Task Qos2_ToRabbitMq_IsTakenAs1AndHoldsNothingUp()
    {
        await using Listener client = await Bench.ConnectAsync(To((await brokers.OfAsync(BrokerKind.RabbitMq)).Port, "c"), Topic("n"));
        for (int i = 0; i < 100; i++)
            Assert.True(client.Client.TryPublish(Topic("n"), Bench.Bytes($"{i}"), 2));
        for (int i = 0; i < 100; i++)
            Assert.Equal($"{i}", Bench.Text(client.Next()));
        Assert.Equal(MqttPublishStatus.Delivered, (await client.Client.PublishAsync(Topic("n"), default, 2).AsTask().WaitAsync(Bench.Patience)).Status);
    }

    [Fact]
    public async Task MutualTls_ToMosquitto_ConnectsWithItsCertificateAlone()
    {
        using TestAuthority authority = new();
        using X509Certificate2 server = authority.Issue("broker");
        using X509Certificate2 node = authority.Issue("node-1");
        string folder = Directory.CreateTempSubdirectory("edgefl-mqtt-").FullName;
        string[] files = authority.Write(folder, server);
        using OutsideBroker mosquitto = await OutsideBroker.StartAsync(BrokerKind.Mosquitto,
            $"cafile {files[1]}\ncertfile {files[3]}\nkeyfile {files[5]}\nrequire_certificate true\nuse_identity_as_username true\ntls_version tlsv1.3\nallow_anonymous false");
        Directory.Delete(folder, recursive: true);
        await using (Listener client = await Bench.ConnectAsync(To(mosquitto.Port, "c") with { Tls = () => authority.Client(node) }, Topic("x")))
        {
            await client.Client.PublishAsync(Topic("x"), Bench.Bytes("1"), 1).AsTask().WaitAsync(Bench.Patience);
            Assert.Equal("1", Bench.Text(client.Next()));
        }
        await using Listener bare = new(To(mosquitto.Port, "c") with { Tls = () => authority.Client(null) });
        await bare.Client.StartAsync();
        await Bench.UntilAsync(() => !bare.Ends.IsEmpty, "it was refused");
        Assert.Empty(bare.Starts);
    }

    private string Topic(string suffix) => $"{own}/{suffix}";

    private MqttClientOptions To(int port, string id) => new() { Host = "127.0.0.1", Port = port, ClientId = $"{own}.{id}", ReconnectMinMs = 50, ReconnectMaxMs = 200 };
}
