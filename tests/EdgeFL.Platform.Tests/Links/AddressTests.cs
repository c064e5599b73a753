using System.Net;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Mdns;
using EdgeFL.Platform.Tests.Sensors;

namespace EdgeFL.Platform.Tests.Links;

public sealed class AddressTests
{
    [Theory]
    [InlineData("10.0.0.7:8883", "10.0.0.7", 8883)]
    [InlineData("pump-02.local:1", "pump-02.local", 1)]
    [InlineData("[::1]:65535", "::1", 65535)]
    [InlineData("[fe80::1%eth0]:8883", "fe80::1%eth0", 8883)]
    public void PeerAddress_OfAGoodText_IsReadAndWritten(string text, string host, int port)
    {
        Assert.True(PeerAddress.TryParse(text, out PeerAddress address));
        Assert.Equal((host, port, text), (address.Host, address.Port, address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData(":8883")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    [InlineData("host: 1")]
    [InlineData("host:1x")]
    [InlineData("ho st:1")]
    [InlineData("fe80::1")]
    [InlineData("::1:8883")]
    [InlineData("[::1]")]
    [InlineData("[10.0.0.7]:1")]
    [InlineData("[host]:1")]
    [InlineData("[]:1")]
    [InlineData("]host[:1")]
    public void PeerAddress_OfABadText_IsRefused(string text) => Assert.False(PeerAddress.TryParse(text, out _));

    [Theory]
    [InlineData("pump=")]
    [InlineData("=host:1")]
    [InlineData("Pump=host:1")]
    [InlineData("host:1")]
    [InlineData("pump=host")]
    public void Peer_OfABadText_NamesTheRule(string text)
    {
        var error = Assert.Throws<ConfigException>(() => PeerAddress.ParsePeer(text));
        Assert.Equal("bad-peer", error.Code);
        Assert.Contains("node-id=host:port", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0:8883", true)]
    [InlineData("127.0.0.1:0", true)]
    [InlineData("[::]:8883", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("localhost:8883", false)]
    [InlineData("8883", false)]
    [InlineData("", false)]
    public void Listen_OfAText_IsReadOrRefused(string text, bool isGood)
    {
        if (isGood)
            Assert.EndsWith($":{PeerAddress.ParseListen(text).Port}", text, StringComparison.Ordinal);
        else
            Assert.Equal("bad-listen", Assert.Throws<ConfigException>(() => PeerAddress.ParseListen(text)).Code);
    }

    [Theory]
    [InlineData("mqtt://127.0.0.1", false, "127.0.0.1", 1883, false)]
    [InlineData("mqtt://localhost:99", false, "localhost", 99, false)]
    [InlineData("mqtt://[::1]", false, "::1", 1883, false)]
    [InlineData("mqtts://broker.lan", false, "broker.lan", 8883, true)]
    [InlineData("mqtts://[fe80::5]:1/", false, "fe80::5", 1, true)]
    [InlineData("mqtt://broker.lan", true, "broker.lan", 1883, false)]
    public void BrokerUrl_OfAGoodText_IsRead(string text, bool insecure, string host, int port, bool secure) =>
        Assert.Equal(new BrokerUrl(host, port, secure), BrokerUrl.Parse(text, insecure));

    [Theory]
    [InlineData("mqtt://broker.lan", "insecure-broker")]
    [InlineData("mqtt://192.168.1.2:1883", "insecure-broker")]
    [InlineData("http://broker.lan", "bad-broker")]
    [InlineData("broker.lan:1883", "bad-broker")]
    [InlineData("mqtts://user:secret@broker.lan", "bad-broker")]
    [InlineData("mqtts://", "bad-broker")]
    [InlineData("", "bad-broker")]
    public void BrokerUrl_OfABadText_IsRefusedWithACode(string text, string code) =>
        Assert.Equal(code, Assert.Throws<ConfigException>(() => BrokerUrl.Parse(text, insecure: false)).Code);

    [Fact]
    public void BrokerCa_ThatCannotBeRead_IsNamed()
    {
        using var folder = new TestFolder();
        Assert.Empty(BrokerUrl.LoadAuthorities(null));
        Assert.Equal("bad-broker-ca", Assert.Throws<ConfigException>(() => BrokerUrl.LoadAuthorities(folder["none.pem"])).Code);
    }

    private static ServiceInstance Service(string txt, int port = 8883, params string[] addresses) => new(
        "pump", PeerDiscovery.ServiceType, "pump", port, addresses.Select(IPAddress.Parse).ToList(),
        txt.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]), []);

    [Fact]
    public void Discovery_OfANode_ReadsFleetNodeModelAndTheBestAddress()
    {
        Assert.Equal(("farm", "pump", "0123abcd", new PeerAddress("10.0.0.7", 8883)),
            PeerDiscovery.Read(Service("fl=farm id=pump pv=1 mdl=0123abcd", 8883, "fe80::1", "fd00::2", "10.0.0.7")) is { } both
                ? (both.Fleet.Value, both.Node.Value, both.Model, both.Address) : default);
        Assert.Equal(new PeerAddress("fd00::2", 1), PeerDiscovery.Read(Service("fl=farm id=pump pv=1", 1, "fe80::1", "fd00::2"))?.Address);
        Assert.Equal("", PeerDiscovery.Read(Service("fl=farm id=pump pv=1", 1, "fe80::1%1"))?.Model);
    }

    [Theory]
    [InlineData("id=pump pv=1")]
    [InlineData("fl=farm pv=1")]
    [InlineData("fl=farm id=pump")]
    [InlineData("fl=farm id=pump pv=2")]
    [InlineData("fl=Farm id=pump pv=1")]
    [InlineData("fl=farm id=pump/status pv=1")]
    [InlineData("fl=farm id= pv=1")]
    public void Discovery_OfSomethingElse_IsNone(string txt) => Assert.Null(PeerDiscovery.Read(Service(txt, 8883, "10.0.0.7")));

    [Theory]
    [InlineData(0, "10.0.0.7")]
    [InlineData(65536, "10.0.0.7")]
    [InlineData(8883)]
    [InlineData(8883, "fe80::1")]
    public void Discovery_OfWhatCannotBeReached_IsNone(int port, params string[] addresses) =>
        Assert.Null(PeerDiscovery.Read(Service("fl=farm id=pump pv=1", port, addresses)));
}
