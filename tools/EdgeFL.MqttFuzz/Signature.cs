using System.Numerics;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttFuzz;

/// <summary>What a mutant reached, as a number: two that went the same way have the same.</summary>
internal struct Signature()
{
    private const ulong Prime = 1_099_511_628_211;

    private static readonly Func<MqttProperties, bool>[] Held =
    [
        p => p.PayloadFormat is not null, p => p.MessageExpirySeconds is not null, p => p.ContentType is not null, p => p.ResponseTopic is not null,
        p => p.CorrelationData is not null, p => p.SubscriptionIds is not null, p => p.SessionExpirySeconds is not null, p => p.AssignedClientId is not null,
        p => p.ServerKeepAliveSeconds is not null, p => p.AuthenticationMethod is not null, p => p.AuthenticationData is not null,
        p => p.RequestProblemInformation is not null, p => p.WillDelaySeconds is not null, p => p.RequestResponseInformation is not null,
        p => p.ResponseInformation is not null, p => p.ServerReference is not null, p => p.ReasonString is not null, p => p.ReceiveMaximum is not null,
        p => p.TopicAliasMaximum is not null, p => p.TopicAlias is not null, p => p.MaximumQos is not null, p => p.RetainAvailable is not null,
        p => p.UserProperties is not null, p => p.MaximumPacketBytes is not null, p => p.WildcardSubscriptionAvailable is not null,
        p => p.SubscriptionIdAvailable is not null, p => p.SharedSubscriptionAvailable is not null,
    ];

    public ulong Value { get; private set; } = 14_695_981_039_346_656_037;

    public void Add(long part) => Value = (Value ^ (ulong)part) * Prime;

    /// <summary>A length counts by its power of two alone.</summary>
    public void AddLength(int length) => Add(BitOperations.Log2((uint)length + 1));

    public void Add(MqttPacket packet)
    {
        Add((long)packet.Type);
        Add((long)PropertiesOf(packet));
        Add(packet switch
        {
            ConnectPacket c => (c.Will is null ? 0 : 1 + c.Will.Qos) | (c.UserName is null ? 0 : 8) | (c.Password is null ? 0 : 16) | (c.CleanStart ? 32 : 0),
            ConnAckPacket c => c.Code,
            PublishPacket p => p.Qos | (p.Retain ? 4 : 0) | (p.Dup ? 8 : 0) | (p.Topic.Length == 0 ? 16 : 0),
            AckPacket a => (long)a.Reason,
            SubscribePacket s => BitOperations.Log2((uint)s.Entries.Count),
            UnsubscribePacket u => BitOperations.Log2((uint)u.Filters.Count),
            SubAckPacket s => s.Codes.Length == 0 ? 0 : s.Codes[0],
            UnsubAckPacket u => u.Codes.Length == 0 ? 0 : u.Codes[0],
            DisconnectPacket d => (long)d.Reason,
            AuthPacket a => (long)a.Reason,
            _ => 0,
        });
    }

    /// <summary>One bit for each property that a packet has.</summary>
    public static ulong PropertiesOf(MqttPacket packet)
    {
        MqttProperties? properties = packet switch
        {
            ConnectPacket p => p.Properties,
            ConnAckPacket p => p.Properties,
            PublishPacket p => p.Properties,
            AckPacket p => p.Properties,
            SubscribePacket p => p.Properties,
            SubAckPacket p => p.Properties,
            UnsubscribePacket p => p.Properties,
            UnsubAckPacket p => p.Properties,
            DisconnectPacket p => p.Properties,
            AuthPacket p => p.Properties,
            _ => null,
        };
        ulong bits = 0;
        for (int i = 0; i < Held.Length && properties is not null; i++)
            bits |= Held[i](properties) ? 1UL << i : 0;
        return bits;
    }
}
