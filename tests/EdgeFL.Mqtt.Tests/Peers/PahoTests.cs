namespace EdgeFL.Mqtt.Tests;

/// <summary>paho-mqtt (Python) against our broker: <c>play_paho.py</c> plays both sides.</summary>
public sealed class PahoTests
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
    public async Task Paho_PlaysEachScenario(string transport, MqttVersion version)
    {
        using (Peer probe = Peer.Start("/usr/bin/python3", "python3", "-c", "import paho.mqtt.client"))
            Assert.True(probe.ExitCode() == 0, "paho-mqtt is not installed: apt-get install python3-paho-mqtt");
        await ForeignClients.PlayAsync(transport, version, (arguments) => Peer.Start("/usr/bin/python3", "python3", ["-u", Peer.Script("play_paho.py"), .. arguments]));
    }
}
