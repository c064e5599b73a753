using System.Reflection;

namespace EdgeFL.Mqtt.Tests;

public sealed class CodecTests
{
    public static TheoryData<MqttVersion> Versions() => [MqttVersion.V311, MqttVersion.V5];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Packet_WrittenAndRead_IsTheSame(MqttVersion version)
    {
        HashSet<MqttPacketType> seen = [];
        foreach (MqttPacket packet in SamplePackets.All(version))
        {
            byte[] bytes = MqttEncoder.ToArray(version, packet);
            MqttPacket read = Read(version, bytes);
            Assert.Equivalent(Fields(packet), Fields(read), strict: true);
            Assert.Equal(bytes, MqttEncoder.ToArray(version, read));
            seen.Add(packet.Type);
        }
        Assert.Equal(version == MqttVersion.V5 ? 15 : 14, seen.Count);
    }

    [Fact]
    public void Samples_TogetherHoldEveryProperty()
    {
        HashSet<string> held = [];
        foreach (MqttPacket packet in SamplePackets.All(MqttVersion.V5))
        {
            MqttProperties?[] sets = [packet.GetType().GetProperty("Properties")?.GetValue(packet) as MqttProperties, (packet as ConnectPacket)?.Will?.Properties];
            foreach (MqttProperties set in sets.OfType<MqttProperties>())
                held.UnionWith(typeof(MqttProperties).GetProperties().Where(p => p.GetValue(set) is not null).Select(p => p.Name));
        }
        Assert.Equal(Enum.GetValues<MqttPropertyId>().Length, held.Count);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Packet_EveryTruncation_IsRefusedOrAShorterLegalForm(MqttVersion version)
    {
        foreach (MqttPacket packet in SamplePackets.All(version))
        {
            byte[] whole = MqttEncoder.ToArray(version, packet);
            MqttFramer framer = new(1 << 20);
            framer.Feed(whole);
            Assert.Equal(MqttDecodeError.None, framer.Next(out byte first, out ReadOnlySpan<byte> span));
            byte[] body = span.ToArray();
            framer.Release();
            for (int length = 0; length < body.Length; length++)
            {
                MqttDecodeError error = MqttDecoder.Decode(version, first, body.AsSpan(0, length), out MqttPacket? read);
                Assert.Equal(error == MqttDecodeError.None, read is not null);
                if (error == MqttDecodeError.None)
                    Assert.True(MayBeShorter(read!, version), $"{version} {packet.Type} cut to {length} of {body.Length} bytes was accepted");
            }
            for (int length = 0; length < whole.Length; length++)
            {
                MqttFramer part = new(1 << 20);
                part.Feed(whole.AsSpan(0, length));
                Assert.Equal(MqttDecodeError.NeedMore, part.Next(out _, out _));
                part.Release(always: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Packet_OneByteTooMany_IsRefused(MqttVersion version)
    {
        foreach (MqttPacket packet in SamplePackets.All(version))
        {
            if (packet.Type is MqttPacketType.Publish)
                continue;
            MqttFramer framer = new(1 << 20);
            framer.Feed(MqttEncoder.ToArray(version, packet));
            Assert.Equal(MqttDecodeError.None, framer.Next(out byte first, out ReadOnlySpan<byte> span));
            // 0xFF is no legal code, property length or filter start anywhere.
            byte[] longer = [.. span, 0xFF];
            framer.Release();
            Assert.NotEqual(MqttDecodeError.None, MqttDecoder.Decode(version, first, longer, out _));
        }
    }

    [Theory]
    [InlineData("3080", MqttDecodeError.NeedMore)]
    [InlineData("308080808001", MqttDecodeError.BadRemainingLength)]
    [InlineData("308000", MqttDecodeError.BadRemainingLength)]
    [InlineData("30FFFFFF7F", MqttDecodeError.TooLarge)]
    [InlineData("30", MqttDecodeError.NeedMore)]
    public void Framer_Lengths_AreJudgedBeforeTheBodyComes(string hex, MqttDecodeError expected)
    {
        MqttFramer framer = new(1 << 20);
        byte[] bytes = Convert.FromHexString(hex);
        framer.Feed(bytes);
        Assert.Equal(expected, framer.Next(out _, out _));
        framer.Release(always: true);
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(100_000)]
    public void Framer_FedPastThePacketThatItAwaits_TakesItAll(int payload)
    {
        byte[] packet = MqttEncoder.ToArray(MqttVersion.V311, new PublishPacket { Topic = "a", Payload = new byte[payload] });
        MqttFramer framer = new(1 << 20);
        framer.Feed(packet.AsSpan(0, 100));
        Assert.Equal(MqttDecodeError.NeedMore, framer.Next(out _, out _));

        framer.Feed(packet.AsSpan(100));
        framer.Feed(packet);
        framer.Feed(packet);

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(MqttDecodeError.None, framer.Next(out _, out ReadOnlySpan<byte> body));
            Assert.Equal(payload + 3, body.Length);
        }
        Assert.Equal(0, framer.Waiting);
        framer.Release();
    }

    [Fact]
    public void Framer_AnySplit_GivesTheSamePackets()
    {
        byte[] stream = [.. SamplePackets.All(MqttVersion.V5).SelectMany(p => MqttEncoder.ToArray(MqttVersion.V5, p))];
        int count = SamplePackets.All(MqttVersion.V5).Count();
        for (int size = 1; size < 60; size++)
        {
            MqttFramer framer = new(1 << 20);
            List<byte> again = [];
            int packets = 0;
            for (int at = 0; at < stream.Length; at += size)
            {
                framer.Feed(stream.AsSpan(at, Math.Min(size, stream.Length - at)));
                while (framer.Next(out byte first, out ReadOnlySpan<byte> body) == MqttDecodeError.None)
                {
                    Assert.Equal(MqttDecodeError.None, MqttDecoder.Decode(MqttVersion.V5, first, body, out MqttPacket? packet));
                    again.AddRange(MqttEncoder.ToArray(MqttVersion.V5, packet!));
                    packets++;
                }
            }
            Assert.Equal(count, packets);
            Assert.Equal(stream, again);
            Assert.Equal(0, framer.Waiting);
            framer.Release();
        }
    }

    [Theory]
    [InlineData(MqttVersion.V5, "00", "", MqttDecodeError.BadType)]
    [InlineData(MqttVersion.V311, "F0", "", MqttDecodeError.BadType)]
    [InlineData(MqttVersion.V5, "C1", "", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V5, "80", "0001000001610 0", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V5, "60", "0001", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V5, "36", "0001610001", MqttDecodeError.BadQos)]
    [InlineData(MqttVersion.V5, "38", "00016100", MqttDecodeError.BadQos)]
    [InlineData(MqttVersion.V5, "32", "000161000000", MqttDecodeError.BadPacketId)]
    [InlineData(MqttVersion.V5, "30", "00012300", MqttDecodeError.BadTopic)]
    [InlineData(MqttVersion.V311, "30", "0000", MqttDecodeError.BadTopic)]
    [InlineData(MqttVersion.V5, "30", "00010000", MqttDecodeError.BadText)]
    [InlineData(MqttVersion.V5, "30", "0002C08000", MqttDecodeError.BadText)]
    [InlineData(MqttVersion.V5, "30", "0003EDA08000", MqttDecodeError.BadText)]
    [InlineData(MqttVersion.V5, "30", "0003EFBFBF00", MqttDecodeError.BadText)]
    [InlineData(MqttVersion.V5, "30", "000161027E00", MqttDecodeError.UnknownProperty)]
    [InlineData(MqttVersion.V5, "30", "00016105110000000A", MqttDecodeError.UnknownProperty)]
    [InlineData(MqttVersion.V5, "30", "0001610401000101", MqttDecodeError.DuplicateProperty)]
    [InlineData(MqttVersion.V5, "30", "000161020102", MqttDecodeError.BadPropertyValue)]
    [InlineData(MqttVersion.V5, "30", "000161020B00", MqttDecodeError.BadPropertyValue)]
    [InlineData(MqttVersion.V5, "30", "00016103230000", MqttDecodeError.BadPropertyValue)]
    [InlineData(MqttVersion.V5, "82", "000100", MqttDecodeError.NoEntries)]
    [InlineData(MqttVersion.V5, "82", "000100000161C0", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V5, "82", "00010000016130", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V5, "82", "00010000016103", MqttDecodeError.BadQos)]
    [InlineData(MqttVersion.V311, "82", "000100016104", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V5, "82", "00010000026123 00", MqttDecodeError.BadFilter)]
    [InlineData(MqttVersion.V5, "40", "000101", MqttDecodeError.BadReason)]
    [InlineData(MqttVersion.V5, "E0", "01", MqttDecodeError.BadReason)]
    [InlineData(MqttVersion.V311, "E0", "00", MqttDecodeError.TrailingBytes)]
    [InlineData(MqttVersion.V311, "20", "0105", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V311, "20", "0006", MqttDecodeError.BadReason)]
    [InlineData(MqttVersion.V311, "10", "00044D51545404010000000161", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V311, "10", "00044D51545404400000000161", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V311, "10", "00044D51545404080000000161", MqttDecodeError.BadFlags)]
    [InlineData(MqttVersion.V311, "10", "00044D51545404000000 0000", MqttDecodeError.BadClientId)]
    [InlineData(MqttVersion.V311, "10", "00044D51545406020000000161", MqttDecodeError.UnsupportedVersion)]
    [InlineData(MqttVersion.V311, "10", "00064D514973647003020000000161", MqttDecodeError.UnsupportedVersion)]
    [InlineData(MqttVersion.V311, "10", "00044D51545804020000000161", MqttDecodeError.BadProtocolName)]
    public void Decoder_BrokenRule_IsNamed(MqttVersion version, string first, string body, MqttDecodeError expected)
    {
        byte[] bytes = Convert.FromHexString(body.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(expected, MqttDecoder.Decode(version, Convert.FromHexString(first)[0], bytes, out MqttPacket? packet));
        Assert.Null(packet);
    }

    private static MqttPacket Read(MqttVersion version, byte[] bytes)
    {
        MqttFramer framer = new(1 << 20);
        framer.Feed(bytes);
        Assert.Equal(MqttDecodeError.None, framer.Next(out byte first, out ReadOnlySpan<byte> body));
        Assert.Equal(MqttDecodeError.None, MqttDecoder.Decode(version, first, body, out MqttPacket? packet));
        Assert.Equal(0, framer.Waiting);
        framer.Release();
        return packet!;
    }

    private static bool MayBeShorter(MqttPacket packet, MqttVersion version) => packet.Type switch
    {
        MqttPacketType.Publish or MqttPacketType.SubAck => true,
        MqttPacketType.Subscribe or MqttPacketType.Unsubscribe => true,
        MqttPacketType.UnsubAck or MqttPacketType.PubAck or MqttPacketType.PubRec or MqttPacketType.PubRel or MqttPacketType.PubComp => version == MqttVersion.V5,
        MqttPacketType.Disconnect or MqttPacketType.Auth => version == MqttVersion.V5,
        _ => false,
    };

    private static Dictionary<string, object?> Fields(object packet)
    {
        Dictionary<string, object?> fields = [];
        foreach (PropertyInfo property in packet.GetType().GetProperties())
        {
            object? value = property.GetValue(packet);
            fields[property.Name] = value switch
            {
                ReadOnlyMemory<byte> memory => Convert.ToHexString(memory.Span),
                byte[] array => Convert.ToHexString(array),
                MqttProperties or WillData => Fields(value),
                IEnumerable<SubscribeEntry> or IEnumerable<string> => string.Join('|', ((System.Collections.IEnumerable)value).Cast<object>()),
                IEnumerable<int> ids => string.Join(',', ids),
                IEnumerable<KeyValuePair<string, string>> pairs => string.Join(',', pairs),
                _ => value,
            };
        }
        return fields;
    }
}
