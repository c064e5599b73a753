using System.Text.RegularExpressions;

namespace EdgeFL.Tidy.Tests;

public sealed partial class SourceTests
{
    private const int LinesMax = 450;

    private static string[] Shipped() => [.. Repository.Files("src", "*.cs"), .. Repository.Files("tools", "*.cs")];

    [Fact]
    public void Files_TellOneThing()
    {
        string[] tooLong = Shipped().Where(path => File.ReadLines(path).Count() > LinesMax).Select(Repository.Relative).ToArray();
        Assert.True(tooLong.Length == 0, $"Longer than {LinesMax} lines: {string.Join(", ", tooLong)}");
    }

    [Fact]
    public void Code_HasNoUnfinishedMarks()
    {
        string[] marked = Shipped().Where(path => Unfinished().IsMatch(File.ReadAllText(path))).Select(Repository.Relative).ToArray();
        Assert.True(marked.Length == 0, $"Unfinished marks in: {string.Join(", ", marked)}");
    }

    [Fact]
    public void Names_SayWhatThingsAre()
    {
        string[] vague = Shipped().Select(Path.GetFileNameWithoutExtension).Where(name => VagueName().IsMatch(name!)).ToArray()!;
        Assert.True(vague.Length == 0, $"Vague names: {string.Join(", ", vague)}");
    }

    [Fact]
    public void ReproducibleRooms_HaveNoAmbientTimeOrRandomness()
    {
        string[] rooms = ["EdgeFL.Numerics", "EdgeFL.Learning", "EdgeFL.Wire", "EdgeFL.Node", "EdgeFL.Simulation"];
        string[] ambient = rooms.SelectMany(room => Repository.Files($"src/{room}", "*.cs"))
            .Where(path => Ambient().IsMatch(File.ReadAllText(path))).Select(Repository.Relative).ToArray();
        Assert.True(ambient.Length == 0, $"Ambient time or randomness in: {string.Join(", ", ambient)}");
    }

    [Fact]
    public void Node_IsSynchronous()
    {
        string[] asynchronous = Repository.Files("src/EdgeFL.Node", "*.cs")
            .Where(path => Asynchronous().IsMatch(File.ReadAllText(path))).Select(Repository.Relative).ToArray();
        Assert.True(asynchronous.Length == 0, $"The node must stay synchronous: {string.Join(", ", asynchronous)}");
    }

    [Fact]
    public void Scripts_AreExecutable()
    {
        foreach (string script in new[] { "build/run", "build/test", "build/edgefl", "build/publish", "build/bench", "build/arm64", ".ci/run" })
        {
            string path = Path.Combine(Repository.Root, script);
            Assert.True(File.Exists(path), $"{script} is missing.");
            Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), $"{script} is not executable. Next: chmod +x {script}");
        }
    }

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b|\bXXX\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex("(Manager|Helper|Helpers|Utils|Util|Impl)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"DateTime(Offset)?\.(UtcNow|Now)|Random\.Shared|new Random\(|Guid\.NewGuid|Task\.Run\(|Environment\.TickCount")]
    private static partial Regex Ambient();

    [GeneratedRegex(@"\basync\b|\bawait\b|System\.Threading\.Tasks|System\.IO|System\.Net\.Sockets")]
    private static partial Regex Asynchronous();
}
