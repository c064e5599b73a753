namespace EdgeFL.Mqtt.Tests;

public sealed class TopicTests
{
    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a/b", "a", false)]
    [InlineData("a", "a/b", false)]
    [InlineData("#", "a/b/c", true)]
    [InlineData("#", "$SYS/x", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("$SYS/#", "$SYS/x", true)]
    [InlineData("$SYS/+", "$SYS/x", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("+", "a", true)]
    [InlineData("+", "a/b", false)]
    [InlineData("+", "/a", false)]
    [InlineData("+/+", "/a", true)]
    [InlineData("/+", "/a", true)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/#", "a/b", true)]
    [InlineData("a/+/#", "a", false)]
    [InlineData("a//c", "a//c", true)]
    [InlineData("a/+/c", "a//c", true)]
    public void Filter_AndTopic_MatchAsTheSpecSays(string filter, string topic, bool expected)
    {
        Assert.True(MqttTopic.IsValidFilter(filter));
        Assert.True(MqttTopic.IsValidName(topic));
        Assert.Equal(expected, MqttTopic.Matches(filter, topic));
        SubscriptionTree tree = new();
        tree.Add(new Subscription(filter));
        List<Subscription> found = [];
        tree.Match(topic, found);
        Assert.Equal(expected, found.Count == 1);
    }

    [Fact]
    public void Overlap_OfShortFilters_IsSoWhenATopicMatchesBoth()
    {
        string[] names = All(["a", "b", "$a", ""], 4).Where(name => name.Length > 0).ToArray();
        string[] filters = All(["a", "b", "$a", "", "+", "#"], 3).Where(MqttTopic.IsValidFilter).ToArray();
        HashSet<string>[] matched = [.. filters.Select(filter => names.Where(name => MqttTopic.Matches(filter, name)).ToHashSet())];
        for (int i = 0; i < filters.Length; i++)
        {
            for (int j = 0; j < filters.Length; j++)
                Assert.True(MqttTopic.Overlap(filters[i], filters[j]) == matched[i].Overlaps(matched[j]), $"'{filters[i]}' and '{filters[j]}'");
        }
    }

    /// <summary>Every path of one to so many levels.</summary>
    private static IEnumerable<string> All(string[] levels, int depth) =>
        depth == 1 ? levels : levels.Concat(All(levels, depth - 1).SelectMany(rest => levels.Select(level => $"{level}/{rest}")));

    [Theory]
    [InlineData("")]
    [InlineData("a#")]
    [InlineData("#/a")]
    [InlineData("a/#/b")]
    [InlineData("a+")]
    [InlineData("+a/b")]
    [InlineData("a\0")]
    [InlineData("a\n")]
    public void Filter_Invalid_IsRefused(string filter) => Assert.False(MqttTopic.IsValidFilter(filter));

    [Fact]
    public void Name_LoneSurrogate_IsRefused() => Assert.False(MqttTopic.IsValidName("a\ud800"));

    [Theory]
    [InlineData("")]
    [InlineData("a/+")]
    [InlineData("#")]
    [InlineData("a\0b")]
    public void Name_Invalid_IsRefused(string name) => Assert.False(MqttTopic.IsValidName(name));

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    public void Tree_RandomFilters_AgreesWithMatches(int seed)
    {
        Random random = new(seed);
        string[] levels = ["a", "b", "", "+", "$x"];
        string Make(bool filter) => string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => levels[random.Next(filter ? 5 : 3)])) + (filter && random.Next(3) == 0 ? "/#" : "");
        SubscriptionTree tree = new();
        List<Subscription> all = [];
        for (int i = 0; i < 2000; i++)
        {
            if (all.Count > 0 && random.Next(3) == 0)
            {
                Subscription gone = all[random.Next(all.Count)];
                all.Remove(gone);
                tree.Remove(gone);
            }
            else if (Make(filter: true) is { Length: > 0 } filter)
            {
                all.Add(new Subscription(filter));
                tree.Add(all[^1]);
            }
            string topic = Make(filter: false);
            if (topic.Length == 0)
                continue;
            List<Subscription> found = [];
            tree.Match(topic, found);
            Assert.Equal(all.Where(s => MqttTopic.Matches(s.Filter, topic)).ToHashSet(), found.ToHashSet());
            Assert.Equal(all.Count, tree.Count);
        }
        foreach (Subscription last in all)
            tree.Remove(last);
        Assert.Equal(0, tree.Count);
    }
}
