using System.Runtime.InteropServices;
using EdgeFL.Arm64.Proof;

namespace EdgeFL.Arm64.Tests;

/// <summary>What the arm64 program answered (build/arm64): the words of each case, one size after the other.</summary>
public sealed class Arm64Answers
{
    public Arm64Answers()
    {
        var file = Path.Combine(Folder, "proof.bin");
        if (!File.Exists(file))
        {
            var why = Path.Combine(Folder, "missing.txt");
            throw new InvalidOperationException(
                $"There are no answers from arm64 at {file}. {(File.Exists(why) ? File.ReadAllText(why).Trim() : "Next: build/arm64")}");
        }
        var words = MemoryMarshal.Cast<byte, uint>(File.ReadAllBytes(file)).ToArray();
        var at = 0;
        foreach (var proof in Proof.Proof.Cases())
        {
            for (var size = 0; size < proof.Sizes; size++)
            {
                var count = at < words.Length ? (int)words[at] : words.Length;
                if (count > words.Length - at - 1)
                    throw new InvalidDataException($"{file} ends within '{proof.Name}', size {size}. Next: rm {file} && build/arm64");
                answers[(proof.Name, size)] = words.AsMemory(at + 1, count);
                at += 1 + count;
            }
        }
        if (at != words.Length)
            throw new InvalidDataException($"{file} goes on after the last case. Next: rm {file} && build/arm64");
    }

    private readonly Dictionary<(string Name, int Size), ReadOnlyMemory<uint>> answers = [];

    internal static string Folder { get; } = Path.Combine(Root(), "artifacts", "arm64");

    internal static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeFL.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No EdgeFL.sln above {AppContext.BaseDirectory}.");
    }

    internal ReadOnlySpan<uint> Of(string name, int size) => answers[(name, size)].Span;
}
