namespace EdgeFL.Mqtt.Tests;

/// <summary>MQTT.js against our broker: <c>mqttjs/play.js</c> plays both sides.</summary>
public sealed class MqttJsTests
{
    [Theory]
    [InlineData("tcp", MqttVersion.V311)]
    [InlineData("tcp", MqttVersion.V5)]
    [InlineData("tls", MqttVersion.V311)]
    [InlineData("tls", MqttVersion.V5)]
    [InlineData("ws", MqttVersion.V311)]
    [InlineData("ws", MqttVersion.V5)]
    [InlineData("wss", MqttVersion.V311)]
    [InlineData("wss", MqttVersion.V5)]
    public async Task MqttJs_PlaysEachScenario(string transport, MqttVersion version)
    {
        string script = Peer.Script("mqttjs/play.js");
        Assert.True(Directory.Exists(Path.Combine(Path.GetDirectoryName(script)!, "node_modules")), $"MQTT.js is not installed: npm ci --prefix {Path.GetDirectoryName(script)}");
        await ForeignClients.PlayAsync(transport, version, arguments => Peer.Start("/usr/bin/node", "nodejs", [script, .. arguments]));
    }
}
