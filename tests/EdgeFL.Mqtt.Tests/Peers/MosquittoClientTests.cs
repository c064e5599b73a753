using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

/// <summary>mosquitto's clients against our broker.</summary>
public sealed class MosquittoClientTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edgefl-mqtt-").FullName;

    public static TheoryData<string, int> PeerVersionsAndQos() => new() { { "mqttv311", 0 }, { "mqttv311", 1 }, { "mqttv311", 2 }, { "mqttv5", 0 }, { "mqttv5", 1 }, { "mqttv5", 2 } };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(PeerVersionsAndQos))]
    public async Task MosquittoClients_ThroughOurBroker_ExchangeMessages(string version, int qos)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        string port = Port(broker.LocalEndPoint.Port);
        string level = qos.ToString(CultureInfo.InvariantCulture);
        broker.Publish("room/kept", Bench.Bytes("from before"), 1, retain: true);
        using Peer sub = Peer.Sub("-p", port, "-h", "127.0.0.1", "-V", version, "-q", level, "-t", "room/#", "-C", "3", "-v", "-i", "sub");
        await sub.SaysAsync("room/kept from before");

        using (Peer pub = Peer.Pub("-p", port, "-h", "127.0.0.1", "-V", version, "-q", level, "-t", "room/a", "-m", "from a peer"))
            Assert.Equal(0, pub.ExitCode());
        broker.Publish("room/b", Bench.Bytes("from the host"), qos);

        Assert.Equal(0, sub.ExitCode());
        Assert.Contains("room/a from a peer", sub.Output, StringComparison.Ordinal);
        Assert.Contains("room/b from the host", sub.Output, StringComparison.Ordinal);
        Assert.Equal(0, broker.Counters.MalformedPackets);
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task MosquittoPub_ManyQos1Lines_AllArriveInOrder(string version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("lines", heard.Add);
        string file = Path.Combine(folder, "lines");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 500).Select(i => $"line {i}"));
        using Peer pub = Peer.Start("/bin/sh", "dash", "-c", $"exec mosquitto_pub -h 127.0.0.1 -p {broker.LocalEndPoint.Port} -V {version} -q 1 -t lines -l < {file}");
        for (int i = 0; i < 500; i++)
            Assert.Equal($"line {i}", Bench.Text(heard.Next()));
        Assert.Equal(0, pub.ExitCode());
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task MosquittoSub_Killed_ItsWillIsPublished(string version)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("will/#", heard.Add);
        using (Peer sub = Peer.Sub("-h", "127.0.0.1", "-p", Port(broker.LocalEndPoint.Port), "-V", version, "-t", "x", "--will-topic", "will/sub", "--will-payload", "gone", "--will-qos", "1"))
            await Bench.UntilAsync(() => broker.ConnectedClients == 1 && broker.Publish("x", []) == MqttReason.Success, "the peer has subscribed");
        Assert.Equal("gone", Bench.Text(heard.Next()));
    }

    [Fact]
    public async Task MosquittoClients_OverMutualTls_AreKnownByTheirCertificate()
    {
        using TestAuthority authority = new();
        using X509Certificate2 server = authority.Issue("broker");
        using X509Certificate2 node = authority.Issue("node-1");
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Listeners = [new() { Tls = () => authority.Server(server) }], Access = new OwnNameAccess() });
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("#", heard.Add);
        string[] tls = authority.Write(folder, node);

        using (Peer own = Peer.Pub(["-h", "localhost", "-p", Port(broker.LocalEndPoint.Port), "-V", "mqttv5", "-q", "1", "-t", "node-1/x", "-m", "own", .. tls]))
            Assert.True(own.ExitCode() == 0, own.Output);
        MqttMessage message = heard.Next();
        Assert.Equal(("node-1/x", "node-1"), (message.Topic, message.Principal));
        using (Peer forged = Peer.Pub(["-h", "localhost", "-p", Port(broker.LocalEndPoint.Port), "-V", "mqttv5", "-q", "1", "-t", "node-2/x", "-m", "forged", .. tls]))
            _ = forged.ExitCode();
        Assert.Equal(1, broker.Counters.RefusedPublishes);
        using (Peer anonymous = Peer.Pub(["-h", "localhost", "-p", Port(broker.LocalEndPoint.Port), "-t", "node-1/x", "-m", "anonymous", .. tls[..2]]))
            Assert.NotEqual(0, anonymous.ExitCode());
        Assert.Equal(0, heard.Count);
    }

    /// <summary>What a subscriber that says <c>%t %q %r %P %p</c> makes of a publish: topic, QoS, retained, user properties, payload.</summary>
    public static TheoryData<string, string, string> Exchanges() => new()
    {
        { "-V mqttv311 -q 2 -t a/+", "-V mqttv311 -q 2 -t a/b", "a/b 2 0  m" },
        { "-V mqttv5 -q 2 -t a/+", "-V mqttv5 -q 2 -t a/b", "a/b 2 0  m" },
        { "-V mqttv5 -q 1 -t a/+", "-V mqttv311 -q 2 -t a/b", "a/b 1 0  m" },
        { "-V mqttv5 -q 1 -t a/+", "-V mqttv5 -q 1 -t a/b -D publish user-property name value", "a/b 1 0 name:value m" },
        { "-V mqttv5 -q 1 -t a/+", "-V mqttv5 -q 1 -t a/b -D publish topic-alias 3", "a/b 1 0  m" },
        { "-V mqttv5 -q 1 -t a/+ -D subscribe subscription-identifier 9", "-V mqttv5 -q 1 -t a/b", "a/b 1 0  m" },
        { "-V mqttv5 -q 1 -t a/+ --retain-as-published", "-V mqttv5 -q 1 -t a/b -r", "a/b 1 1  m" },
        { "-V mqttv5 -q 1 -t $share/g/a/+", "-V mqttv5 -q 1 -t a/b", "a/b 1 0  m" },
        { "-V mqttv311 -q 1 -t $share/g/a/+", "-V mqttv311 -q 1 -t a/b", "a/b 1 0  m" },
    };

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task MosquittoPub_OverMutualTls_IsHeardByMosquittoSub(string sub, string pub, string line)
    {
        using TestAuthority authority = new();
        using X509Certificate2 certificate = authority.Issue("node-1");
        await using MqttBroker broker = await Bench.BrokerAsync(o => o with { Listeners = [new() { Tls = () => authority.Server(certificate) }] });
        string[] to = ["-h", "localhost", "-p", Port(broker.LocalEndPoint.Port), .. authority.Write(folder, certificate)];
        using Peer hearer = Peer.Sub([.. to, .. sub.Split(' '), "-C", "2", "-F", "%t %q %r %P %p"]);
        await Bench.UntilAsync(() => broker.Publish("a/before", [], 0) == MqttReason.Success, "the peer has subscribed");
        // What said that it has subscribed was the first of its two lines.
        using (Peer speaker = Peer.Pub([.. to, .. pub.Split(' '), "-m", "m"]))
            Assert.True(speaker.ExitCode() == 0, speaker.Output);

        Assert.Equal(0, hearer.ExitCode());
        Assert.Equal(line, hearer.Output.Trim().Split('\n')[^1].TrimEnd());
        Assert.Equal(0, broker.Counters.MalformedPackets);
    }

    [Theory]
    [InlineData("-q 1")]
    [InlineData("-q 2")]
    public async Task MosquittoRr_AsksAndIsAnswered(string qos)
    {
        await using MqttBroker broker = await Bench.BrokerAsync();
        using IDisposable answering = broker.Subscribe("question", question => broker.Publish(
            new MqttMessage(question.ResponseTopic!, Bench.Bytes(Bench.Text(question) + "=42"), 1) { CorrelationData = question.CorrelationData }));
        using Peer rr = Peer.Start("/usr/bin/mosquitto_rr", "mosquitto-clients",
            ["-h", "127.0.0.1", "-p", Port(broker.LocalEndPoint.Port), "-V", "mqttv5", .. qos.Split(' '), "-t", "question", "-e", "answer/rr", "-m", "6*7", "-W", "15"]);
        Assert.True(rr.ExitCode() == 0, rr.Output);
        Assert.Equal("6*7=42", rr.Output.Trim());
    }

    private static string Port(int port) => port.ToString(CultureInfo.InvariantCulture);
}
