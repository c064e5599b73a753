using EdgeFL.Identity;

namespace EdgeFL.Wire.Tests;

public class ChunkAssemblerTests
{
    private const int Parameters = 200_000;

    private readonly byte[] data = Samples.Data(Parameters);
    private readonly ChunkAssembler assembler = new(new ChunkOptions { BytesPerPeerMax = 300_000, BytesMax = 500_000, TimeoutMs = 1000 });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Chunks_InAnyOrder_MakeTheData(int seed)
    {
        UpdateFrame frame = Samples.Frame(Parameters);
        Assert.Equal(4, frame.ChunkCount);
        Assert.Equal(RejectionReason.None, assembler.Begin(Samples.Pi1, frame, 0));
        Assert.Equal(data.Length, assembler.BytesHeld);
        int[] order = [0, 1, 2, 3];
        new Random(seed).Shuffle(order);
        AssembledUpdate? complete = null;
        foreach (int index in order)
        {
            Assert.Null(complete);
            Assert.Contains(index, assembler.Missing(Samples.Pi1, out ulong sequence));
            Assert.Equal(7UL, sequence);
            Assert.Equal(RejectionReason.None, Add(Samples.Pi1, index, out complete));
        }
        Assert.Equal(data, complete!.Data.ToArray());
        Assert.Same(frame, complete.Frame);
        Assert.Equal(Samples.Pi1, complete.From);
        Assert.Equal(0, assembler.BytesHeld);
        Assert.Equal(0, assembler.Count);
        Assert.Empty(assembler.Missing(Samples.Pi1, out _));
    }

    [Fact]
    public void Chunk_Twice_IsADuplicate()
    {
        assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 0);
        Assert.Equal(RejectionReason.None, Add(Samples.Pi1, 1, out _));
        Assert.Equal(RejectionReason.ChunkDuplicate, Add(Samples.Pi1, 1, out _));
        Assert.Equal([0, 2, 3], assembler.Missing(Samples.Pi1, out _));
        Assert.Equal(1, assembler.Rejected(RejectionReason.ChunkDuplicate));
    }

    [Fact]
    public void Chunk_OfOtherBytesOrLength_IsAMismatchAndTheRightOneStillFits()
    {
        assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 0);
        byte[] chunk = Chunks.Of(data, 0).ToArray();
        foreach (int at in new[] { 0, chunk.Length / 2, chunk.Length - 1 })
        {
            chunk[at] ^= 1;
            Assert.Equal(RejectionReason.ChunkMismatch, assembler.Add(Samples.Pi1, 7, 0, chunk, 0, out _));
            chunk[at] ^= 1;
        }
        Assert.Equal(RejectionReason.ChunkMismatch, assembler.Add(Samples.Pi1, 7, 0, [], 0, out _));
        Assert.Equal(RejectionReason.ChunkMismatch, assembler.Add(Samples.Pi1, 7, 0, chunk.AsSpan(1), 0, out _));
        Assert.Equal(RejectionReason.ChunkMismatch, assembler.Add(Samples.Pi1, 7, 0, new byte[chunk.Length + 1], 0, out _));
        Assert.Equal(RejectionReason.ChunkMismatch, assembler.Add(Samples.Pi1, 7, 1, chunk, 0, out _));
        Assert.Equal(RejectionReason.ChunkMismatch, assembler.Add(Samples.Pi1, 7, 3, chunk, 0, out _));
        Assert.Equal(8, assembler.Rejected(RejectionReason.ChunkMismatch));
        Assert.Equal(RejectionReason.None, assembler.Add(Samples.Pi1, 7, 0, chunk, 0, out _));
    }

    [Theory]
    [InlineData(7, 4)]
    [InlineData(7, -1)]
    [InlineData(7, int.MaxValue)]
    [InlineData(7, int.MinValue)]
    [InlineData(6, 0)]
    [InlineData(8, 0)]
    public void Chunk_NobodyAnnounced_IsUnexpected(ulong sequence, int index)
    {
        Assert.Equal(RejectionReason.ChunkUnexpected, assembler.Add(Samples.Pi1, sequence, index, data, 0, out _));
        assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 0);
        Assert.Equal(RejectionReason.ChunkUnexpected, assembler.Add(Samples.Pi1, sequence, index, Chunks.Of(data, 0).Span, 0, out _));
        Assert.Equal(RejectionReason.ChunkUnexpected, Add(Samples.Pi2, 0, out _));
    }

    [Fact]
    public void Assembly_PastItsTime_IsGivenUp()
    {
        assembler.Begin(Samples.Pi2, Samples.Frame(Parameters), 5000);
        assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 5500);
        // A chunk does not prolong it.
        Assert.Equal(RejectionReason.None, assembler.Add(Samples.Pi2, 7, 0, Chunks.Of(data, 0).Span, 5999, out _));
        var expired = new List<NodeId>();
        Assert.Equal(0, assembler.Expire(5999, expired));
        Assert.Equal(1, assembler.Expire(6000, expired));
        Assert.Equal([Samples.Pi2], expired);
        Assert.Equal(data.Length, assembler.BytesHeld);
        Assert.Equal(RejectionReason.ChunkTimeout, assembler.Add(Samples.Pi1, 7, 0, Chunks.Of(data, 0).Span, 6500, out _));
        Assert.Equal(0, assembler.BytesHeld);
        Assert.Equal(2, assembler.Rejected(RejectionReason.ChunkTimeout));
        Assert.Equal(0, assembler.Expire(long.MaxValue / 2));
    }

    [Fact]
    public void Expired_Peers_ComeInOrderOfTheirIds()
    {
        var roomy = new ChunkAssembler(new ChunkOptions { TimeoutMs = 1 });
        foreach (NodeId from in new[] { Samples.Pi3, Samples.Pi1, Samples.Pi2 })
            roomy.Begin(from, Samples.Frame(Parameters), 0);
        var expired = new List<NodeId>();
        Assert.Equal(3, roomy.Expire(1, expired));
        Assert.Equal([Samples.Pi1, Samples.Pi2, Samples.Pi3], expired);
    }

    [Fact]
    public void Frame_BeyondThePeersShare_IsOversized()
    {
        Assert.Equal(RejectionReason.Oversized, assembler.Begin(Samples.Pi1, Samples.Frame(300_000), 0));
        Assert.Equal(0, assembler.BytesHeld);
        Assert.Equal(1, assembler.Rejected(RejectionReason.Oversized));
    }

    [Fact]
    public void Frames_BeyondAllMemory_AreOverBudgetUntilSomeIsFree()
    {
        Assert.Equal(RejectionReason.None, assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 0));
        Assert.Equal(RejectionReason.None, assembler.Begin(Samples.Pi2, Samples.Frame(Parameters), 0));
        Assert.Equal(RejectionReason.OverBudget, assembler.Begin(Samples.Pi3, Samples.Frame(Parameters), 0));
        Assert.Equal(2 * data.Length, assembler.BytesHeld);
        Assert.True(assembler.Drop(Samples.Pi1));
        Assert.False(assembler.Drop(Samples.Pi1));
        Assert.Equal(RejectionReason.None, assembler.Begin(Samples.Pi3, Samples.Frame(Parameters), 0));
        Assert.Equal(2, assembler.Count);
    }

    [Fact]
    public void Frame_NewerOfTheSamePeer_TakesThePlaceOfTheOlder()
    {
        assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 0);
        Add(Samples.Pi1, 0, out _);
        Assert.Equal(RejectionReason.Replayed, assembler.Begin(Samples.Pi1, Samples.Frame(Parameters), 0));
        Assert.Equal(RejectionReason.Replayed, assembler.Begin(Samples.Pi1, Samples.Frame(Parameters, sequence: 6), 0));
        Assert.Equal(RejectionReason.Replayed, assembler.Begin(Samples.Pi1, Samples.Frame(Parameters, sequence: 99, bootEpoch: 2), 0));
        Assert.Equal([1, 2, 3], assembler.Missing(Samples.Pi1, out _));
        Assert.Equal(RejectionReason.None, assembler.Begin(Samples.Pi1, Samples.Frame(Parameters, sequence: 8), 0));
        Assert.Equal(1, assembler.Rejected(RejectionReason.ChunkSuperseded));
        Assert.Equal(data.Length, assembler.BytesHeld);
        Assert.Equal([0, 1, 2, 3], assembler.Missing(Samples.Pi1, out ulong sequence));
        Assert.Equal(8UL, sequence);
        Assert.Equal(RejectionReason.None, assembler.Begin(Samples.Pi1, Samples.Frame(Parameters, sequence: 0, bootEpoch: 4), 0));
        // A newer frame that is too large takes nobody's place.
        Assert.Equal(RejectionReason.Oversized, assembler.Begin(Samples.Pi1, Samples.Frame(300_000, sequence: 1, bootEpoch: 4), 0));
        Assert.Equal(4, assembler.Missing(Samples.Pi1, out _).Count);
    }

    [Fact]
    public void Assembler_UnderRandomTraffic_KeepsItsBooks()
    {
        const int seed = 6144;
        var random = new Random(seed);
        UpdateFrame[] frames = [.. Enumerable.Range(1, 12).Select(i => Samples.Frame(i % 3 == 0 ? 70_000 : Parameters, sequence: (ulong)i))];
        byte[] small = Samples.Data(70_000);
        NodeId[] peers = [Samples.Pi1, Samples.Pi2, Samples.Pi3];
        int completed = 0;
        long now = 0;
        for (int i = 0; i < 5000; i++)
        {
            now += random.Next(20);
            NodeId from = peers[random.Next(peers.Length)];
            int sequence = random.Next(1, 13);
            switch (random.Next(10))
            {
                case 0:
                    assembler.Begin(from, frames[sequence - 1], now);
                    break;
                case 1:
                    assembler.Expire(now);
                    break;
                case 2 when random.Next(10) == 0:
                    assembler.Drop(from);
                    break;
                default:
                    assembler.Missing(from, out ulong awaited);
                    byte[] source = awaited % 3 == 0 ? small : data;
                    int index = random.Next(4);
                    if (index < Chunks.Count(source.Length)
                        && assembler.Add(from, awaited, index, Chunks.Of(source, index).Span, now, out AssembledUpdate? complete) == RejectionReason.None
                        && complete is not null)
                    {
                        completed++;
                        Assert.True(complete.Data.Span.SequenceEqual(source), $"seed {seed} step {i}");
                    }
                    break;
            }
            long held = peers.Sum(p => assembler.Missing(p, out ulong s).Count == 0 ? 0L : frames[(int)s - 1].DataLength);
            Assert.True(held == assembler.BytesHeld && held <= 500_000, $"seed {seed} step {i}: {held} {assembler.BytesHeld}");
        }
        Assert.True(completed > 20, $"only {completed} were completed");
    }

    [Fact]
    public void Begin_WithoutSenderOrChunks_IsAMistake()
    {
        Assert.Throws<ArgumentException>(() => assembler.Begin(default, Samples.Frame(Parameters), 0));
        Assert.Throws<ArgumentException>(() => assembler.Begin(Samples.Pi1, Samples.Frame(100), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkOptions { BytesPerPeerMax = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkOptions { BytesMax = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkOptions { TimeoutMs = 0 });
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(61_440, 1)]
    [InlineData(61_441, 2)]
    [InlineData(int.MaxValue, 34_953)]
    public void Chunks_Count_CoversTheData(int length, int count)
    {
        Assert.Equal(count, Chunks.Count(length));
        Assert.Equal(length, Enumerable.Range(0, count).Sum(i => (long)Chunks.LengthOf(length, i)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Chunks.LengthOf(length, count));
        Assert.Throws<ArgumentOutOfRangeException>(() => Chunks.LengthOf(length, -1));
    }

    private RejectionReason Add(NodeId from, int index, out AssembledUpdate? complete) =>
        assembler.Add(from, 7, index, Chunks.Of(data, index).Span, 0, out complete);
}
