using System.Text.RegularExpressions;
using EdgeFL.Arm64.Proof;
using EdgeFL.Learning;

namespace EdgeFL.Arm64.Tests;

/// <summary>Real arm64 code gives the bits that this machine gives.</summary>
public sealed partial class BitsTests(Arm64Answers arm64) : IClassFixture<Arm64Answers>
{
    public static TheoryData<string> Names => [.. Proof.Proof.Cases().Select(proof => proof.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Case_OnArm64_GivesTheBitsOfThisMachine(string name)
    {
        var proof = Proof.Proof.Cases().Single(proof => proof.Name == name);
        var words = 0;
        for (var size = 0; size < proof.Sizes; size++)
        {
            var answer = new Words();
            proof.Compute(size, answer);
            ReadOnlySpan<uint> here = answer.Written, there = arm64.Of(name, size);
            var same = here.CommonPrefixLength(there);
            if (same < here.Length || same < there.Length)
                Assert.Fail($"{name}, size {size}: word {same} of {here.Length} is {At(here, same)} here and {At(there, same)} of {there.Length} on arm64.");
            words += here.Length;
        }
        Assert.True(words > 0, $"{name} answered nothing.");
    }

    [Fact]
    public void Training_OfTheShippedModelFile_IsWhatIsProven()
    {
        var file = Path.Combine(Arm64Answers.Root(), "firmware-config", "models", "activity-cnn.json");
        var answer = new Words();
        TrainingCases.Train(ModelSpec.Parse(File.ReadAllBytes(file)), answer);
        Assert.True(answer.Written.SequenceEqual(arm64.Of("training of the activity CNN", 0)));
    }

    [Fact]
    public void Arm64Code_OfTheKernels_IsNeonWithFusedMultiplyAdd()
    {
        var instructions = File.ReadAllText(Path.Combine(Arm64Answers.Folder, "fmla.txt"));
        Assert.True(VectorFma().Count(instructions) >= 50, $"fmla of four floats in the arm64 code: {VectorFma().Count(instructions)}.");
    }

    [GeneratedRegex(@"\bfmla\s+v\d+\.4s")]
    private static partial Regex VectorFma();

    private static string At(ReadOnlySpan<uint> words, int index) => index < words.Length ? $"0x{words[index]:X8}" : "none";
}
