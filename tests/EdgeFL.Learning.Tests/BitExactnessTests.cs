using System.Diagnostics;
using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

/// <summary>A training run gives the same bits whatever the machine can do: what makes it possible to re-execute and dispute one.</summary>
[Collection("lane widths")]
public sealed class BitExactnessTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    [InlineData(128)]
    [InlineData(32)]
    public void Training_AtAnyVectorWidth_GivesTheSameBits(int bits)
    {
        var before = Lanes.WidestBits;
        Lanes.WidestBits = bits;
        try
        {
            Assert.True(Program.WidestInUse <= bits);
            AssertFingerprints(Fingerprint.OfTrainings(), Fingerprint.OfIntegers());
        }
        finally
        {
            Lanes.WidestBits = before;
        }
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVXVNNI", 512)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    [InlineData("DOTNET_EnableAVX", 128)]
    [InlineData("DOTNET_EnableHWIntrinsic", 32)]
    public async Task Training_WithInstructionSetsSwitchedOff_GivesTheSameBits(string variable, int widest)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", typeof(Program).Assembly.Location])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[variable] = "0";
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEndAsync();
        var errors = child.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            Assert.Fail($"The child with {variable}=0 did not end.");
        }
        Assert.True(child.ExitCode == 0, await errors);
        var words = (await output).Trim().Split(' ');
        Assert.True(int.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture) <= widest, $"{variable}=0 left {words[0]} bits in use.");
        AssertFingerprints(words[1], words[2]);
    }

    [Fact]
    public void Integers_WithoutVnni_GiveTheSameBits()
    {
        LevelLanes.MayUseVnni = false;
        try
        {
            Assert.False(LevelLanes.UseVnni);
            Assert.Equal(Fingerprint.ExpectedInIntegers, Fingerprint.OfIntegers());
        }
        finally
        {
            LevelLanes.MayUseVnni = true;
        }
    }

    private static void AssertFingerprints(string training, string integers)
    {
        Assert.True(training == Fingerprint.Expected, $"Training gave {training}, not {Fingerprint.Expected}.");
        Assert.True(integers == Fingerprint.ExpectedInIntegers, $"Inference in integers gave {integers}, not {Fingerprint.ExpectedInIntegers}.");
    }
}

/// <summary>Tests that change the kernels' width run alone.</summary>
[CollectionDefinition("lane widths", DisableParallelization = true)]
public sealed class LaneWidths;
