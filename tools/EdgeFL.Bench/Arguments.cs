using System.Globalization;

namespace EdgeFL.Bench;

/// <summary>The command line cannot be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The measurement could not be made.</summary>
internal sealed class BenchException(string message) : Exception(message);

/// <summary>What follows a benchmark's name. Each benchmark takes what it knows and then calls <see cref="End"/>.</summary>
internal sealed class Arguments(string[] args)
{
    private readonly List<string> left = [.. args];

    public bool Flag(string name) => left.Remove(name);

    public int Number(string name, int fallback, int least, int most)
    {
        int at = left.IndexOf(name);
        if (at < 0)
            return fallback;
        if (at + 1 == left.Count || !int.TryParse(left[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < least || value > most)
            throw new UsageException($"{name} wants a number from {least} to {most}");
        left.RemoveRange(at, 2);
        return value;
    }

    public string? Text(string name)
    {
        int at = left.IndexOf(name);
        if (at < 0)
            return null;
        if (at + 1 == left.Count)
            throw new UsageException($"{name} wants a value");
        string value = left[at + 1];
        left.RemoveRange(at, 2);
        return value;
    }

    public void End()
    {
        if (left.Count > 0)
            throw new UsageException($"unknown argument {left[0]}");
    }
}
