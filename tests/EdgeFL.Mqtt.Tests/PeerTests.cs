using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace EdgeFL.Mqtt.Tests;

/// <summary>Our broker and client against mosquitto and paho, which were not written from our reading of the standard.</summary>
public sealed class PeerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edgefl-mqtt-").FullName;

    public static TheoryData<string, int> PeerVersionsAndQos() => new() { { "mqttv311", 0 }, { "mqttv311", 1 }, { "mqttv5", 0 }, { "mqttv5", 1 } };

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

    [Theory]
    [InlineData("MQTTv311")]
    [InlineData("MQTTv5")]
    public async Task Paho_ThroughOurBroker_SubscribesPublishesAndReadsProperties(string version)
    {
        const string Script = """
            import sys, paho.mqtt.client as m
            from paho.mqtt.properties import Properties
            from paho.mqtt.packettypes import PacketTypes
            port, v = int(sys.argv[1]), getattr(m, sys.argv[2])
            five = v == m.MQTTv5
            c = m.Client('paho', protocol=v)
            def connected(c, u, f, rc, p=None):
                print('connected', int(rc.value if five else rc))
                c.subscribe('to/paho/+', 1)
            def subscribed(c, u, mid, codes, p=None):
                props = None
                if five:
                    props = Properties(PacketTypes.PUBLISH); props.UserProperty = ('k', 'v'); props.ContentType = 'text'; props.MessageExpiryInterval = 100
                for i in range(50):
                    c.publish('from/paho', 'message %d' % i, 1, properties=props) if five else c.publish('from/paho', 'message %d' % i, 1)
            def message(c, u, msg):
                print('heard', msg.topic, msg.payload.decode(), msg.qos, getattr(msg.properties, 'ContentType', '-') if five else '-')
                c.disconnect()
            c.on_connect, c.on_subscribe, c.on_message = connected, subscribed, message
            c.connect('127.0.0.1', port, 30)
            c.loop_forever()
            """;
        await using MqttBroker broker = await Bench.BrokerAsync();
        using BlockingQueue heard = new();
        using IDisposable subscription = broker.Subscribe("from/#", heard.Add);
        using Peer paho = Peer.Python(Script, Port(broker.LocalEndPoint.Port), version);
        bool five = version == "MQTTv5";
        for (int i = 0; i < 50; i++)
        {
            MqttMessage message = heard.Next();
            Assert.Equal($"message {i}", Bench.Text(message));
            Assert.Equal(five ? "text" : null, message.ContentType);
            Assert.Equal(five ? [new("k", "v")] : [], message.UserProperties);
        }
        broker.Publish(new MqttMessage("to/paho/1", Bench.Bytes("hello"), 1) { ContentType = "greeting" });
        Assert.True(paho.ExitCode() == 0, paho.Output);
        Assert.Contains($"heard to/paho/1 hello 1 {(five ? "greeting" : "-")}", paho.Output, StringComparison.Ordinal);
        Assert.Equal(0, broker.Counters.MalformedPackets);
    }

    private static string Port(int port) => port.ToString(CultureInfo.InvariantCulture);
}
