using System.Xml.Linq;

namespace EdgeFL.Tidy.Tests;

public sealed class LayerTests
{
    /// <summary>The house: which room may refer to which. ARCHITECTURE.md draws the same list.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["EdgeFL.Numerics"] = [],
        ["EdgeFL.Identity"] = [],
        ["EdgeFL.Learning"] = ["EdgeFL.Numerics"],
        ["EdgeFL.Wire"] = ["EdgeFL.Numerics", "EdgeFL.Identity"],
        ["EdgeFL.Mqtt"] = [],
        ["EdgeFL.Node"] = ["EdgeFL.Learning", "EdgeFL.Wire", "EdgeFL.Identity"],
        ["EdgeFL.Platform"] = ["EdgeFL.Node", "EdgeFL.Mqtt"],
        ["EdgeFL.Simulation"] = ["EdgeFL.Node"],
        ["EdgeFL.Agent"] = ["EdgeFL.Platform"],
        ["EdgeFL.Cli"] = ["EdgeFL.Platform", "EdgeFL.Simulation"],
        ["EdgeFL.Bench"] = ["EdgeFL.Platform", "EdgeFL.Simulation"],
        ["EdgeFL.MqttFuzz"] = ["EdgeFL.Mqtt"],
        ["EdgeFL.MqttLoad"] = ["EdgeFL.Platform"],
    };

    private static Dictionary<string, string> Projects() =>
        Repository.Files("src", "*.csproj").Concat(Repository.Files("tools", "*.csproj"))
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path));

    private static string[] References(string project, string item) =>
        XDocument.Load(project).Descendants(item).Select(e => Path.GetFileNameWithoutExtension((string)e.Attribute("Include")!.Value.Replace('\\', '/')))
            .ToArray();

    [Fact]
    public void Rooms_AreThoseOfTheHouse() => Assert.Equal(Allowed.Keys.Order(), Projects().Keys.Order());

    [Fact]
    public void Rooms_ReferOnlyToRoomsBelow()
    {
        List<string> wrong = [];
        foreach ((string name, string path) in Projects())
        {
            foreach (string reference in References(path, "ProjectReference").Except(Allowed[name]))
                wrong.Add($"{name} -> {reference}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void WhatShipsOnADevice_NeverReachesSimulation()
    {
        Dictionary<string, string> projects = Projects();
        var reached = new HashSet<string>();
        var open = new Stack<string>(["EdgeFL.Agent"]);
        while (open.TryPop(out string? name))
        {
            if (reached.Add(name))
            {
                foreach (string reference in References(projects[name], "ProjectReference"))
                    open.Push(reference);
            }
        }

        Assert.Contains("EdgeFL.Node", reached);
        Assert.DoesNotContain("EdgeFL.Simulation", reached);
    }

    [Fact]
    public void WhatShipsOnADevice_UsesNoPackages()
    {
        foreach ((string name, string path) in Projects().Where(p => p.Value.Contains("/src/", StringComparison.Ordinal)))
            Assert.True(References(path, "PackageReference").Length == 0, $"{name} refers to a package: it would ship on every device.");
    }

    [Fact]
    public void EveryProject_IsInTheSolution()
    {
        string solution = File.ReadAllText(Path.Combine(Repository.Root, "EdgeFL.sln"));
        foreach (string project in new[] { "src", "tools", "tests" }.SelectMany(folder => Repository.Files(folder, "*.csproj")))
            Assert.Contains(Path.GetFileName(project), solution, StringComparison.Ordinal);
    }

    [Fact]
    public void PackageVersions_AreCentral()
    {
        foreach (string project in new[] { "src", "tools", "tests" }.SelectMany(folder => Repository.Files(folder, "*.csproj")))
            Assert.DoesNotContain(XDocument.Load(project).Descendants("PackageReference"), e => e.Attribute("Version") is not null);
    }
}
