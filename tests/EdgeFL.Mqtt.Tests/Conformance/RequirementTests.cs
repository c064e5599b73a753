using System.Reflection;
using System.Text.RegularExpressions;

namespace EdgeFL.Mqtt.Tests.Conformance;

/// <summary>Holds docs/mqtt-conformance.md against the specifications' lists of numbers and against the tests that it names.</summary>
public sealed partial class RequirementTests
{
    /// <summary>Numbers of MQTT 3.1.1 (OASIS Standard, 2014, appendix B): the section and how many it has.</summary>
    private const string Of311 = "1.5.3=3 2.2.2=2 2.3.1=7 3.1.0=2 3.1.2=24 3.1.3=11 3.1.4=5 3.2.0=1 3.2.2=6 3.3.1=12 3.3.2=3 3.3.4=1 3.3.5=2 3.6.1=1 "
        + "3.8.1=1 3.8.3=4 3.8.4=6 3.9.3=2 3.10.1=1 3.10.3=2 3.10.4=6 3.12.4=1 3.14.1=1 3.14.4=3 4.1.0=2 4.3.1=1 4.3.2=2 4.3.3=2 4.4.0=1 4.5.0=2 "
        + "4.6.0=6 4.7.1=3 4.7.2=1 4.7.3=4 4.8.0=2 6.0.0=4 7.0.0=2 7.1.1=1 7.1.2=1";

    /// <summary>Numbers of MQTT 5.0 (OASIS Standard, 2019, appendix B); 2.2.1-1 was never given.</summary>
    private const string Of5 = "1.5.4=3 1.5.5=1 1.5.7=1 2.1.3=1 2.2.1=2..6 2.2.2=1 3.1.0=2 3.1.2=30 3.1.3=12 3.1.4=6 3.2.0=2 3.2.2=22 3.3.1=13 3.3.2=20 "
        + "3.3.4=10 3.4.2=3 3.5.2=3 3.6.1=1 3.6.2=3 3.7.2=3 3.8.1=1 3.8.3=5 3.8.4=8 3.9.2=2 3.9.3=2 3.10.1=1 3.10.3=2 3.10.4=6 3.11.2=2 3.11.3=2 "
        + "3.12.4=1 3.14.0=1 3.14.1=1 3.14.2=4 3.14.4=3 3.15.1=1 3.15.2=3 4.1.0=2 4.2=1 4.3.1=1 4.3.2=5 4.3.3=13 4.4.0=2 4.5.0=2 4.6.0=6 4.7.0=1 "
        + "4.7.1=2 4.7.2=1 4.7.3=4 4.8.2=6 4.9.0=3 4.12.0=7 4.12.1=2 4.13.1=1 4.13.2=1 6.0.0=4";

    [Theory]
    [InlineData("## MQTT 3.1.1", Of311, 141)]
    [InlineData("## MQTT 5.0", Of5, 251)]
    public void Table_OfAVersion_HasEveryNumberOnce(string heading, string sections, int count)
    {
        string[] numbers = [.. Expand(sections)];
        Assert.Equal(count, numbers.Length);
        Assert.Equal(numbers.Order(StringComparer.Ordinal), Rows(heading).Select(row => row[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("## MQTT 3.1.1")]
    [InlineData("## MQTT 5.0")]
    public void Table_OfAVersion_NamesTestsThatExist(string heading)
    {
        HashSet<string> tests = [.. Assembly.GetExecutingAssembly().GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null).Select(method => $"{type.Name}.{method.Name}"))];
        List<string> faults = [];
        foreach (string[] row in Rows(heading))
        {
            string[] named = [.. Quoted().Matches(row[3]).Select(match => match.Groups[1].Value)];
            if (named.Length == 0 && !row[3].StartsWith('—'))
                faults.Add($"{row[0]} names no test and no reason");
            faults.AddRange(named.Where(name => !tests.Contains(name)).Select(name => $"{row[0]} names {name}, which is no test"));
            if (row[1] is not ("client" or "broker" or "both") || row[2].Length == 0)
                faults.Add($"{row[0]} does not say whom it binds, or to what");
        }
        Assert.True(faults.Count == 0, string.Join("\n", faults));
    }

    /// <summary>The cells of a version's table, row by row.</summary>
    private static IEnumerable<string[]> Rows(string heading) => File.ReadLines(Path.Combine(Root(), "docs", "mqtt-conformance.md"))
        .SkipWhile(line => line != heading).Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
        .Where(line => Row().IsMatch(line)).Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries));

    private static IEnumerable<string> Expand(string sections)
    {
        foreach (string section in sections.Split(' '))
        {
            string[] parts = section.Split('=');
            string[] range = parts[1].Split("..");
            int first = range.Length == 1 ? 1 : int.Parse(range[0], System.Globalization.CultureInfo.InvariantCulture);
            int last = int.Parse(range[^1], System.Globalization.CultureInfo.InvariantCulture);
            for (int i = first; i <= last; i++)
                yield return $"{parts[0]}-{i}";
        }
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EdgeFL.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No EdgeFL.sln above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex(@"^\| \d")]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
