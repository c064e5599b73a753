using System.Text;
using EdgeFL.Identity;

namespace EdgeFL.Wire.Tests;

public class TopicTests
{
    [Theory]
    [InlineData(Topics.Status, TopicKind.Status)]
    [InlineData(Topics.Info, TopicKind.Info)]
    [InlineData(Topics.Telemetry, TopicKind.Telemetry)]
    [InlineData(Topics.Train, TopicKind.Train)]
    [InlineData(Topics.Infer, TopicKind.Infer)]
    [InlineData(Topics.Event, TopicKind.Event)]
    [InlineData(Topics.Head, TopicKind.Head)]
    [InlineData(Topics.UpdateFrame, TopicKind.UpdateFrame)]
    [InlineData(Topics.ConfigDesired, TopicKind.ConfigDesired)]
    [InlineData(Topics.ConfigReported, TopicKind.ConfigReported)]
    [InlineData(Topics.OtaManifest, TopicKind.OtaManifest)]
    public void Topic_Plain_RoundTrips(string suffix, TopicKind kind)
    {
        string topic = Topics.Of(Samples.Farm, Samples.Pi1, suffix);
        Assert.Equal($"edgefl/v1/farm/pi-1/{suffix}", topic);
        Assert.True(TopicName.TryParse(topic, out TopicName name));
        Assert.Equal(new TopicName(kind, Samples.Farm, Samples.Pi1), name);
    }

    [Theory]
    [InlineData(0UL, 0)]
    [InlineData(ulong.MaxValue, int.MaxValue)]
    public void Topic_OfAChunk_RoundTrips(ulong sequence, int index)
    {
        string topic = Topics.UpdateChunk(Samples.Farm, Samples.Pi1, sequence, index);
        Assert.True(TopicName.TryParse(topic, out TopicName name));
        Assert.Equal((TopicKind.UpdateChunk, sequence, index), (name.Kind, name.Sequence, name.Index));
        Assert.Throws<ArgumentOutOfRangeException>(() => Topics.UpdateChunk(Samples.Farm, Samples.Pi1, 0, -1));
    }

    [Fact]
    public void Topic_OfInboxCommandAndList_RoundTrips()
    {
        Assert.True(TopicName.TryParse(Topics.Inbox(Samples.Farm, to: Samples.Pi1, from: Samples.Pi2), out TopicName name));
        Assert.Equal((TopicKind.Inbox, Samples.Pi1, Samples.Pi2), (name.Kind, name.Node, name.From));
        Assert.True(TopicName.TryParse(Topics.Command(Samples.Farm, Samples.Pi1, "identify"), out name));
        Assert.Equal((TopicKind.Command, "identify"), (name.Kind, name.Verb));
        Assert.True(TopicName.TryParse(Topics.CommandResult(Samples.Farm, Samples.Pi1, "identify"), out name));
        Assert.Equal((TopicKind.CommandResult, "identify"), (name.Kind, name.Verb));
        Assert.True(TopicName.TryParse(Topics.Revoked(Samples.Farm), out name));
        Assert.Equal((TopicKind.Revoked, Samples.Farm, default(NodeId)), (name.Kind, name.Fleet, name.Node));
        Assert.Throws<ArgumentException>(() => Topics.Command(Samples.Farm, Samples.Pi1, "a/b"));
        Assert.Throws<ArgumentException>(() => Topics.Of(default, Samples.Pi1, Topics.Status));
        Assert.Throws<ArgumentException>(() => Topics.Of(Samples.Farm, default, Topics.Status));
        Assert.Throws<ArgumentException>(() => Topics.Inbox(Samples.Farm, Samples.Pi1, default));
        Assert.Throws<ArgumentException>(() => Topics.AllUpdates(default));
    }

    [Fact]
    public void Topic_AtItsLongest_StillParses()
    {
        string longest = new('z', Segment.LengthMax);
        string topic = Topics.UpdateChunk(FleetId.Parse(longest), NodeId.Parse(longest), ulong.MaxValue, int.MaxValue);
        Assert.InRange(topic.Length, 1, TopicName.LengthMax);
        Assert.True(TopicName.TryParse(topic, out _));
        topic = Topics.CommandResult(FleetId.Parse(longest), NodeId.Parse(longest), longest);
        Assert.InRange(topic.Length, 1, TopicName.LengthMax);
        Assert.True(TopicName.TryParse(topic, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("edgefl/v1/")]
    [InlineData("edgefl/v1/farm")]
    [InlineData("edgefl/v1/farm/")]
    [InlineData("edgefl/v1/farm/pi-1")]
    [InlineData("edgefl/v1/farm/pi-1/")]
    [InlineData("edgefl/v2/farm/pi-1/status")]
    [InlineData("/edgefl/v1/farm/pi-1/status")]
    [InlineData("edgefl/v1//pi-1/status")]
    [InlineData("edgefl/v1/farm//status")]
    [InlineData("edgefl/v1/farm/pi-1/status/")]
    [InlineData("edgefl/v1/farm/pi-1//status")]
    [InlineData("edgefl/v1/farm/pi-1/Status")]
    [InlineData("edgefl/v1/Farm/pi-1/status")]
    [InlineData("edgefl/v1/farm/+/status")]
    [InlineData("edgefl/v1/farm/#")]
    [InlineData("edgefl/v1/farm/pi-1/upd")]
    [InlineData("edgefl/v1/farm/pi-1/upd/")]
    [InlineData("edgefl/v1/farm/pi-1/upd/#")]
    [InlineData("edgefl/v1/farm/pi-1/upd/f/")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1/")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c//1")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1/2/3")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/01/2")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1/02")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/-1/2")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/+1/2")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/ 1/2")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1/2147483648")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1/2\0")] // seed 311 case 7797: the framework's own number parser takes it
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1\0/2")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/1/٣")]
    [InlineData("edgefl/v1/farm/pi-1/upd/c/18446744073709551616/0")]
    [InlineData("edgefl/v1/farm/pi-1/in")]
    [InlineData("edgefl/v1/farm/pi-1/in/")]
    [InlineData("edgefl/v1/farm/pi-1/in/A")]
    [InlineData("edgefl/v1/farm/pi-1/in/a/b")]
    [InlineData("edgefl/v1/farm/pi-1/cmd")]
    [InlineData("edgefl/v1/farm/pi-1/cmd/")]
    [InlineData("edgefl/v1/farm/pi-1/cmd/a/")]
    [InlineData("edgefl/v1/farm/pi-1/cmd/a/b")]
    [InlineData("edgefl/v1/farm/pi-1/cmd/a/res/")]
    [InlineData("edgefl/v1/farm/_fleet/status")]
    [InlineData("edgefl/v1/farm/_fleet/revoked/")]
    [InlineData("edgefl/v1/farm/pi-1/revoked")]
    public void Topic_NotOurs_IsRefused(string topic)
    {
        Assert.False(TopicName.TryParse(topic, out TopicName name));
        Assert.Equal(default, name);
    }

    [Fact]
    public void Topic_Fuzzed_ParsesOnlyItsOneSpelling()
    {
        const int seed = 311;
        var random = new Random(seed);
        string[] originals =
        [
            Topics.Of(Samples.Farm, Samples.Pi1, Topics.UpdateFrame), Topics.UpdateChunk(Samples.Farm, Samples.Pi1, 12, 3),
            Topics.Inbox(Samples.Farm, Samples.Pi1, Samples.Pi2), Topics.CommandResult(Samples.Farm, Samples.Pi1, "stop"), Topics.Revoked(Samples.Farm),
        ];
        int accepted = 0;
        for (int i = 0; i < 50_000; i++)
        {
            var mutant = new StringBuilder(originals[random.Next(originals.Length)]);
            for (int edits = random.Next(1, 3); edits > 0; edits--)
            {
                int at = random.Next(mutant.Length);
                if (random.Next(2) == 0)
                    mutant.Remove(at, 1);
                else
                    mutant.Insert(at, "/0a+#_é1\0"[random.Next(9)]);
            }
            string topic = mutant.ToString();
            if (!TopicName.TryParse(topic, out TopicName name))
                continue;
            accepted++;
            string again = name.Kind switch
            {
                TopicKind.UpdateFrame => Topics.Of(name.Fleet, name.Node, Topics.UpdateFrame),
                TopicKind.UpdateChunk => Topics.UpdateChunk(name.Fleet, name.Node, name.Sequence, name.Index),
                TopicKind.Inbox => Topics.Inbox(name.Fleet, name.Node, name.From),
                TopicKind.Command => Topics.Command(name.Fleet, name.Node, name.Verb!),
                TopicKind.CommandResult => Topics.CommandResult(name.Fleet, name.Node, name.Verb!),
                TopicKind.Revoked => Topics.Revoked(name.Fleet),
                _ => "",
            };
            Assert.True(topic == again, $"seed {seed} case {i}: {Convert.ToHexString(Encoding.UTF8.GetBytes(topic))}");
        }
        Assert.InRange(accepted, 1000, 49_000);
    }

    [Fact]
    public void Filters_AndContext_AreAsDocumented()
    {
        Assert.Equal("edgefl/v1/farm/pi-1/upd/#", Topics.UpdatesOf(Samples.Farm, Samples.Pi1));
        Assert.Equal("edgefl/v1/farm/+/upd/#", Topics.AllUpdates(Samples.Farm));
        Assert.Equal("edgefl/v1/farm/pi-1/in/+", Topics.InboxAll(Samples.Farm, Samples.Pi1));
        Assert.Equal("edgefl/v1/farm/pi-1/cmd/+", Topics.Commands(Samples.Farm, Samples.Pi1));
        Assert.Equal("edgefl/v1/farm/+/status", Topics.OfAll(Samples.Farm, Topics.Status));
        Assert.Equal("edgefl/v1/farm/pi-1/upd"u8.ToArray(), Topics.UpdateContext(Samples.Farm, Samples.Pi1));
    }
}
