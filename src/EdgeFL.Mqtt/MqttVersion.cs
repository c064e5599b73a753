namespace EdgeFL.Mqtt;

/// <summary>Protocol level as it stands in CONNECT (MQTT 3.1.1 and 5.0, section 3.1.2.2).</summary>
public enum MqttVersion : byte
{
    /// <summary>MQTT 3.1.1 (OASIS, 2014).</summary>
    V311 = 4,

    /// <summary>MQTT 5.0 (OASIS, 2019).</summary>
    V5 = 5,
}
