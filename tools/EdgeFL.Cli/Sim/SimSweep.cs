using System.Globalization;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Sim;

/// <summary>Members and the values that a sweep gives them.</summary>
internal static class SimSweep
{
    private const int RunsMax = 10_000;

    /// <summary>All combinations, the last member changing fastest.</summary>
    /// <param name="sweeps">Each like <c>node.fanOut=1,2,4</c> or <c>seed=1..10</c>.</param>
    /// <exception cref="CliException"><c>bad-usage</c>.</exception>
    public static IReadOnlyList<IReadOnlyList<(string Member, string Value)>> Combine(IEnumerable<string> sweeps)
    {
        List<List<(string Member, string Value)>> runs = [[]];
        foreach (string sweep in sweeps)
        {
            string[] sides = sweep.Split('=', 2);
            string[] values = sides.Length == 2 ? [.. sides[1].Split(',', StringSplitOptions.TrimEntries).SelectMany(Range)] : [];
            if (sides[0].Length == 0 || values.Length == 0 || values.Any(value => value.Length == 0) || runs.Count * values.Length > RunsMax)
                throw new CliException("bad-usage", $"--sweep {sweep} names no member with 1 to {RunsMax} values.", "--sweep node.fanOut=1,2,4 --sweep seed=1..10", ExitCodes.Usage);
            runs = [.. runs.SelectMany(run => values.Select(value => (List<(string, string)>)[.. run, (sides[0], value)]))];
        }

        return runs;
    }

    private static IEnumerable<string> Range(string value)
    {
        string[] ends = value.Split("..");
        if (ends.Length != 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            || !int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last < first || last - first >= RunsMax)
            return [value];
        return Enumerable.Range(first, last - first + 1).Select(number => number.ToString(CultureInfo.InvariantCulture));
    }
}
