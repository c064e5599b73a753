using EdgeFL.MqttFuzz;

namespace EdgeFL.Mqtt.Tests;

[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
public sealed class FuzzCollection;

/// <summary>The short form of <c>build/fuzz mqtt</c>: what the parts hold is said where they are.</summary>
[Collection(nameof(FuzzTests))]
public sealed class FuzzTests
{
    private const long HeapBytesMax = 256L << 20;

    [Theory]
    [InlineData(20261121)]
    [InlineData(4711)]
    public void Codec_Mutants_AreAnsweredWithAValueAndReadTheSameAgain(int seed)
    {
        const long Packets = 150_000;
        FuzzReport report = CodecFuzz.Run(seed, Packets, HeapBytesMax);
        // Mutants that are all refused would show nothing of what lies behind the first check.
        Assert.True(report.Accepted > Packets / 20, $"seed {seed}: only {report.Accepted} of {Packets} mutants got through");
        Assert.True(report.Kept > 100, $"seed {seed}: only {report.Kept} reached something new");
    }

    [Fact]
    public void Codec_AboveTheCeiling_IsAFaultWithItsSeed()
    {
        FuzzException fault = Assert.Throws<FuzzException>(() => CodecFuzz.Run(seed: 5, packets: 10, heapBytesMax: 1));
        Assert.Contains("seed 5", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_Mutants_LeaveItServing()
    {
        FuzzReport report = await BrokerFuzz.RunAsync(seed: 7, packets: 4_000, HeapBytesMax);
        Assert.True(report is { Packets: >= 4_000, Accepted: > 1_000, Kept: > 10 }, $"{report}");
    }

    [Fact]
    public async Task Client_Mutants_LeaveItServing()
    {
        FuzzReport report = await ClientFuzz.RunAsync(seed: 7, packets: 2_000, HeapBytesMax);
        Assert.True(report is { Packets: >= 2_000, Accepted: > 500, Kept: > 10 }, $"{report}");
    }
}
