using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Configuration;

/// <summary>docs/agent.md and docs/security.md say what is so.</summary>
public sealed class DocumentationTests
{
    private static string Docs(string name, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs", name));

    private static string[] Members(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)).ToArray();

    [Fact]
    public void AgentPage_ListsEveryMemberAndNoOther()
    {
        string page = Docs("agent.md");
        string[] wanted =
        [
            .. Members(typeof(AgentConfig)).Except(["sensor", "network", "training"]), "kind", "name",
            .. Members(typeof(HostOptions)).Select(m => "host." + m), .. Members(typeof(SimulatedOptions)).Select(m => "simulated." + m),
            .. Members(typeof(ReplayOptions)).Select(m => "replay." + m), .. Members(typeof(NetworkConfig)).Except(["bridge"]),
            .. Members(typeof(BridgeConfig)).Select(m => "bridge." + m), .. Members(typeof(TrainingConfig)),
        ];
        string tables = page[..page.IndexOf("## What it publishes", StringComparison.Ordinal)];
        string[] listed = Regex.Matches(tables, @"^\| `([A-Za-z.0-9]+)` \|", RegexOptions.Multiline).Select(m => m.Groups[1].Value).ToArray();
        Assert.Equal(wanted.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("info", typeof(InfoPayload))]
    [InlineData("train", typeof(TrainPayload))]
    [InlineData("telemetry", typeof(TelemetryPayload))]
    [InlineData("infer", typeof(InferPayload))]
    [InlineData("event", typeof(EventPayload))]
    public void AgentPage_ShowsEachPayloadWithItsMembers(string suffix, Type payload)
    {
        MatchCollection examples = Regex.Matches(Docs("agent.md"), $@"^{suffix} +(\{{.*\}})$", RegexOptions.Multiline);
        IEnumerable<string> shown = examples.SelectMany(example =>
        {
            using JsonDocument json = JsonDocument.Parse(example.Groups[1].Value);
            return json.RootElement.EnumerateObject().Select(m => m.Name).ToArray();
        });
        Assert.Equal(Members(payload).Except(["temperature"]), shown.Distinct()); // the machine had no thermal zone
    }

    [Fact]
    public void SecurityPage_NamesTestsThatExist()
    {
        string tests = Path.GetDirectoryName(Path.GetDirectoryName(Here()))!;
        string sources = string.Concat(Directory.EnumerateFiles(Path.GetDirectoryName(tests)!, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.EndsWith("DocumentationTests.cs", StringComparison.Ordinal)).Select(File.ReadAllText));
        string[] named = Regex.Matches(Docs("security.md"), @"`([A-Z][A-Za-z0-9]+(?:_[A-Za-z0-9]+)+|[A-Z][A-Za-z0-9]+Tests)`").Select(m => m.Groups[1].Value).Distinct().ToArray();
        Assert.True(named.Length > 20, $"{named.Length}");
        string[] missing = named.Where(name => !Regex.IsMatch(sources, $@"\b{name}\b")).ToArray();
        Assert.True(missing.Length == 0, string.Join(", ", missing));
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
