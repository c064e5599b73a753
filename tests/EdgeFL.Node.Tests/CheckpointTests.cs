using EdgeFL.Node.Peers;

namespace EdgeFL.Node.Tests;

public sealed class CheckpointTests
{
    private static readonly Checkpoint Sample = new()
    {
        ModelHash = 0x0123456789ABCDEF,
        Round = 7,
        Steps = 36,
        Loss = 0.75f,
        Parameters = [1f, -0f, float.Epsilon, 3.4e38f],
        Momentum = [0.1f, 0.2f, 0.3f, -0.4f],
        Previous = [5f, 6f, 7f, 8f],
        Normaliser = [1f, 2f],
        AverageCount = 3,
        Average = [1f, 2f, 3f, -4f],
        Marks = [KeyValuePair.Create(Synthetic.Id(1), new HighWater(3, 9)), KeyValuePair.Create(Synthetic.Id(2), new HighWater(uint.MaxValue, ulong.MaxValue))],
    };

    [Fact]
    public void RoundTrip_GivesTheSameBits()
    {
        byte[] bytes = Sample.ToArray();
        Assert.Equal(CheckpointError.None, Checkpoint.Read(bytes, out Checkpoint? read));
        Assert.Equal(bytes, read!.ToArray());
        Assert.Equal(Bits(Sample.Parameters), Bits(read.Parameters));
        Assert.Equal(Bits(Sample.Momentum), Bits(read.Momentum));
        Assert.Equal(Bits(Sample.Previous), Bits(read.Previous));
        Assert.Equal(Sample.Normaliser, read.Normaliser);
        Assert.Equal(Sample.Average, read.Average);
        Assert.Equal(Sample.Marks, read.Marks);
        Assert.Equal((Sample.ModelHash, Sample.Round, Sample.Steps, Sample.Loss, Sample.AverageCount), (read.ModelHash, read.Round, read.Steps, read.Loss, read.AverageCount));
    }

    [Fact]
    public void RoundTrip_BeforeTheFirstStep_HasNoLoss()
    {
        Assert.Equal(CheckpointError.None, Checkpoint.Read((Sample with { Loss = float.NaN }).ToArray(), out Checkpoint? read));
        Assert.True(float.IsNaN(read!.Loss));
    }

    [Fact]
    public void Read_EveryTruncationAndAnExtraByte_IsMalformed()
    {
        byte[] bytes = Sample.ToArray();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(CheckpointError.Malformed, Checkpoint.Read(bytes.AsSpan(0, length), out Checkpoint? read));
            Assert.Null(read);
        }

        Assert.Equal(CheckpointError.Malformed, Checkpoint.Read([.. bytes, 0], out _));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Read_ValueThatIsNotFinite_IsRefused(float bad)
    {
        float[] poisoned = [0f, 0f, bad, 0f];
        foreach (Checkpoint checkpoint in new[] { Sample with { Parameters = poisoned }, Sample with { Momentum = poisoned }, Sample with { Previous = poisoned }, Sample with { Normaliser = [bad] }, Sample with { Average = poisoned } })
            Assert.Equal(CheckpointError.NotFinite, Checkpoint.Read(checkpoint.ToArray(), out _));
    }

    [Fact]
    public void Read_PartsOfDifferentLength_IsMalformed()
    {
        Assert.Equal(CheckpointError.Malformed, Checkpoint.Read((Sample with { Momentum = [1f] }).ToArray(), out _));
        Assert.Equal(CheckpointError.Malformed, Checkpoint.Read((Sample with { Previous = [1f] }).ToArray(), out _));
        Assert.Equal(CheckpointError.Malformed, Checkpoint.Read((Sample with { Average = [] }).ToArray(), out _));
        Assert.Equal(CheckpointError.Malformed, Checkpoint.Read((Sample with { AverageCount = 0 }).ToArray(), out _));
    }

    [Fact]
    public void Read_RandomChanges_NeverThrow()
    {
        const int Seed = 5150;
        var random = new Random(Seed);
        byte[] bytes = Sample.ToArray();
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. bytes];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            CheckpointError error = Checkpoint.Read(changed, out Checkpoint? read);
            Assert.True(error == CheckpointError.None == read is not null, $"seed {Seed} case {i}");
        }
    }

    [Fact]
    public void Restore_OfAnotherModel_IsRefusedAndTheNodeStaysNew()
    {
        NodeCore node = Synthetic.Node(Synthetic.Options());
        float[] before = node.Parameters.ToArray();
        Assert.Equal(CheckpointError.WrongModel, node.Restore(Sample.ToArray()));
        Assert.Equal(CheckpointError.Malformed, node.Restore([1, 2, 3]));
        Assert.Equal(before, node.Parameters.ToArray());
        Assert.Equal(0, node.Round);
    }

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
}
