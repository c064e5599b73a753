using System.Runtime.InteropServices;
using EdgeFL.Wire;

namespace EdgeFL.Node.Tests;

/// <summary>What one member of the fleet, with a valid certificate and signature, can do to a node by what it says.</summary>
public sealed class LiarTests
{
    private const uint Far = 1_000_000_000;
    private static readonly int P = Synthetic.Model.ParameterCount;

    [Fact]
    public void LoneFrame_OfAFarRound_DoesNotMoveANewNode_WhereOthersAreKnown()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1, 2, 3).Feed(1);
        host.Update(1, Frame(0.1f, Far, 1));
        host.Ticks(60);
        Assert.InRange(host.Node.Round, 1, 12);
        Honest(host, 20);
        Assert.InRange(host.Node.Round, 20, 60);
    }

    [Fact]
    public void LoneFrame_OfAFarRound_DoesNotMoveARunningNode_WhoseOthersAreSilent()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { LeadRounds = 1000 })).Connect(1, 2, 3).Feed(1);
        Honest(host, 10);
        host.Ticks(50);
        int round = host.Node.Round;
        host.Update(1, Frame(0.1f, Far, 1));
        host.Ticks(10);
        Assert.Equal(round + 2, host.Node.Round);
    }

    [Fact]
    public void LoneFrame_DoesNotEndARun_NorFillAPauseBeforeIt()
    {
        var finite = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 100 })).Feed(1);
        finite.Give(new NodeInput.PeerSeen(Synthetic.Id(1))).Give(new NodeInput.PeerSeen(Synthetic.Id(2)));
        finite.Update(1, Frame(0.1f, Far, 1));
        finite.Ticks(10);
        Assert.Equal((NodePhase.Training, 2), (finite.Node.Phase, finite.Node.Round));

        var waiting = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 500, StartDelayMs = 60_000 })).Connect(1, 2, 3).Feed(1);
        for (ulong sequence = 1; sequence < 100; sequence++)
        {
            waiting.Update(1, Frame(0.1f, 400, sequence));
            waiting.Ticks(5);
        }

        Assert.Equal(0, waiting.Node.Round);
    }

    [Theory]
    [InlineData(1e3f)]
    [InlineData(1e30f)]
    [InlineData(3e38f)]
    public void CatchUp_LiarOfTheLowestId_IsNotTheCentreOfTheMean(float value)
    {
        var host = new Host(Synthetic.Node(Synthetic.Options(5))).Connect(1, 2, 3).Feed(1);
        float[] honest = Host.Parameters(host.Node);
        float[] alike = [.. honest.Select((v, i) => v + (0.01f * MathF.Sin(i)))];
        host.Update(1, Frame(value, 100, 1));
        host.Update(2, Frame(honest, 100, 1));
        host.Update(3, Frame(alike, 100, 1));
        host.Ticks(1);
        for (ulong sequence = 2; host.Node.Round < 100 && sequence < 60; sequence++)
        {
            host.Update(2, Frame(honest, 100, sequence));
            host.Update(3, Frame(alike, 100, sequence));
            host.Ticks(5);
        }

        Assert.InRange(host.Node.Round, 100, 105);
        Assert.True(EdgeFL.Numerics.Vectors.SquaredDistance(honest, host.Node.Parameters) < 1);
    }

    [Theory]
    [InlineData(2e5f)]
    [InlineData(2.5e38f)]
    public void ModelOutOfAllMeasure_IsRefused_AndNeitherStallsNorCrashesANodeWithoutOthers(float value)
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1).Feed(1).Ticks(25);
        host.Refuses(RejectionReason.NotFinite, 1, Frame(value, 5, 1));
        int round = host.Node.Round;
        host.Ticks(50).Give(new NodeInput.LinkDown(Synthetic.Id(1))).Give(new NodeInput.LinkUp(Synthetic.Id(1))).Give(new NodeInput.Shutdown());
        Assert.Equal(round + 10, host.Node.Round);
        ReadOnlyMemory<byte> state = host.Effects.OfType<NodeEffect.Persist>().Last().State;
        Assert.Equal(CheckpointError.None, Synthetic.Node(Synthetic.Options()).Restore(state.Span));
    }

    [Fact]
    public void ModelThatMakesStepsFail_IsForgotten()
    {
        // As large as is let in: losses and gradients of it grow without bound.
        var host = new Host(Synthetic.Node(Synthetic.Options() with { LeadRounds = 1000 })).Connect(1).Feed(1).Ticks(25);
        int round = host.Node.Round;
        host.Update(1, Frame(9e5f / MathF.Sqrt(P), (uint)round, 1));
        host.Ticks(500);
        Assert.True(host.Node.Round >= round + 90, $"round {host.Node.Round} after {round}");
        Assert.True(EdgeFL.Numerics.Vectors.AllFinite(host.Node.Parameters));
    }

    [Fact]
    public void JunkChunks_InAnothersName_DoNotCostItItsFrames()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1).Feed(1);
        float[] model = Host.Parameters(host.Node);
        for (uint second = 1; second <= 10; second++)
        {
            for (ulong junk = 0; junk < 500; junk++)
                host.Give(new NodeInput.ChunkArrived(Synthetic.Id(1), 7_000 + junk, 0, new byte[10]));
            host.Update(1, Synthetic.Frame(Synthetic.Id(1), model, sequence: second));
            host.NowMs += 1000;
        }

        Assert.Equal(10, host.Node.Received);
        Assert.Equal(5000, host.Node.Rejections.Of(RejectionReason.ChunkUnexpected));
    }

    private static void Honest(Host host, int rounds)
    {
        for (ulong k = 0; k < (ulong)rounds; k++)
        {
            host.Update(2, Frame(Host.Parameters(host.Node), (uint)host.Node.Round, 1 + k));
            host.Update(3, Frame(Host.Parameters(host.Node), (uint)host.Node.Round, 1 + k));
            host.Ticks(5);
        }
    }

    private static byte[] Frame(float value, uint round, ulong sequence) => Frame(Enumerable.Repeat(value, P).ToArray(), round, sequence);

    private static byte[] Frame(float[] model, uint round, ulong sequence) =>
        Synthetic.FrameOf(MemoryMarshal.AsBytes(model.AsSpan()).ToArray(), P, (int)round, sequence, codec: UpdateCodec.Float32).ToArray();
}
