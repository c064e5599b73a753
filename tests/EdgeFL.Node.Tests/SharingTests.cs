using EdgeFL.Identity;
using EdgeFL.Numerics;
using EdgeFL.Wire;

namespace EdgeFL.Node.Tests;

/// <summary>In which bytes a model goes out, to whom, and what becomes of one that cannot be read.</summary>
public sealed class SharingTests
{
    private const int P = 98;
    private ulong sequence;

    [Fact]
    public void Push_IsWholeUntilANeighbourIsHeard_ThenALatticeThatWhoIsNearReads()
    {
        Host host = Training();
        Assert.Equal(UpdateCodec.Int8Block64, NextPush(host).Header.Codec);
        host.Update(2, Near(host, 0.01f));
        UpdateFrame frame = NextPush(host);
        Assert.Equal(UpdateCodec.Lattice4, frame.Header.Codec);
        Assert.True(frame.DataLength < P, $"{frame.DataLength} bytes");

        float[] own = Host.Parameters(host.Node), read = new float[P];
        float[] theirs = Array.ConvertAll(own, v => v + 0.005f);
        Assert.Equal(RejectionReason.None, Decode(frame, Synthetic.Id(1), theirs, read));
        Assert.True(Distance(read, own) < 0.5f * Distance(theirs, own), $"{Distance(read, own)} after reading, {Distance(theirs, own)} before");
        Assert.Equal(RejectionReason.TooFar, Decode(frame, Synthetic.Id(1), Array.ConvertAll(own, v => v + 100 * v), read));
    }

    [Fact]
    public void Lattice_TooFarToRead_IsAskedForInMoreBits_ThenWhole_AtABoundedRate()
    {
        Host host = Training();
        host.Update(2, Near(host, 0.01f));
        float[] far = Array.ConvertAll(Host.Parameters(host.Node), v => v + 3);
        host.Effects.Clear();
        host.Update(2, Lattice(far, 0.0001f));
        Assert.Equal((Synthetic.Id(2), UpdateCodec.Lattice4), Requests(host).Select(r => (r.Of, r.Unread)).Single());
        Assert.Equal((1, 1), (host.Node.Unread, host.Node.Requested));
        host.Update(2, Lattice(far, 0.0001f));
        Assert.Equal(UpdateCodec.Lattice6, Requests(host).Last().Unread); // Nothing was read since: a little further will not do.
        for (int i = 0; i < 20; i++)
            host.Update(2, Lattice(far, 0.0001f));
        Assert.InRange(Requests(host).Count(), 2, 9);
        Assert.Equal(0, host.Node.Rejections.Total);
        Assert.Equal(1, host.Node.Received);

        host.Update(2, Synthetic.Frame(Synthetic.Id(2), far, sequence: ++sequence));
        host.NowMs += 10_000;
        host.Update(2, Lattice(far, 0.0001f));
        Assert.Equal(UpdateCodec.Lattice4, Requests(host).Last().Unread);
    }

    [Fact]
    public void Request_IsAnsweredInMoreBits_ThenWhole_AndAFloodOfThemRefused()
    {
        Host host = Training();
        host.Update(2, Near(host, 0.01f));
        NextPush(host);
        host.Effects.Clear();
        host.Update(2, Request(UpdateCodec.Lattice4));
        host.Update(2, Request(UpdateCodec.Lattice6));
        Assert.Equal([UpdateCodec.Lattice6, UpdateCodec.Int8Block64], Frames(host).Select(f => f.Header.Codec));
        Assert.All(host.Sent, s => Assert.Equal([Synthetic.Id(2)], s.To));
        for (int i = 0; i < 40; i++)
            host.Update(2, Request(UpdateCodec.Lattice4));
        Assert.InRange(Frames(host).Count(), 2, 17);
        Assert.True(host.Node.Rejections.Of(RejectionReason.RateLimited) >= 17);
    }

    [Fact]
    public void PersonalLayer_IsNeitherSentNorTaken_NorMovedByWhatComes()
    {
        const int shared = 80; // without the dense layer of 6 * 3
        Host host = new Host(Synthetic.Node(Synthetic.Options(1) with { PersonalLayers = 1 })).Connect(2);
        float[] own = Host.Parameters(host.Node);
        host.Refuses(RejectionReason.WrongModel, 2, Synthetic.Frame(Synthetic.Id(2), own, sequence: 1));
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), new float[shared], sequence: 2)).Ticks(20);
        float[] mixed = Host.Parameters(host.Node);
        Assert.Equal(NodePhase.Following, host.Node.Phase);
        Assert.NotEqual(own[..shared], mixed[..shared]);
        Assert.Equal(own[shared..], mixed[shared..]);

        host.Feed(1).Ticks(20);
        Assert.All(Frames(host), f => Assert.Equal(shared, f.Header.ParameterCount));
        Assert.NotEmpty(Frames(host));
        Assert.NotEqual(own[shared..], Host.Parameters(host.Node)[shared..]);
        Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options(1) with { PersonalLayers = 2 }));
    }

    [Fact]
    public void Request_ToAnother_IsLeftToIt_AndABadOneRefused()
    {
        Host host = Training();
        host.Effects.Clear();
        host.Update(2, new ModelRequest(Hash, 1, ++sequence, Synthetic.Id(3), UpdateCodec.Lattice4).ToArray());
        Assert.Empty(host.Sent);
        byte[] request = Request(UpdateCodec.Lattice4);
        host.Refuses(RejectionReason.Truncated, 2, request.AsMemory(0, request.Length - 3));
        host.Refuses(RejectionReason.WrongModel, 2, new ModelRequest(Hash + 1, 1, ++sequence, Synthetic.Id(1), UpdateCodec.Lattice4).ToArray());
        host.Update(2, request);
        host.Refuses(RejectionReason.Replayed, 2, request);
    }

    [Fact]
    public void Lattice_OfStepsOutOfAllMeasure_OrGarbage_LeavesTheModelWhole()
    {
        Host host = Training();
        host.Update(2, Near(host, 0.01f));
        float[] before = Host.Parameters(host.Node);
        host.Update(2, Lattice(before, 1e20f));
        Assert.Equal(1, host.Node.Unread);
        var random = new Philox(5, 5);
        for (int i = 0; i < 200; i++)
        {
            byte[] data = new byte[LatticeCodec.EncodedLength(UpdateCodec.Lattice4, P)];
            foreach (ref byte b in data.AsSpan())
                b = (byte)random.NextUInt32();
            host.NowMs += 100;
            host.Update(2, Synthetic.FrameOf(data, P, sequence: ++sequence, codec: UpdateCodec.Lattice4).ToArray());
        }

        Assert.Equal(1, host.Node.Received);
        Assert.Equal(200, host.Node.Unread - 1 + host.Node.Rejections.Of(RejectionReason.BadCodec));
        host.Ticks(30);
        Assert.True(Vectors.AllFinite(host.Node.Parameters));
    }

    [Fact]
    public void ModelsMixedOnce_AreMixedAtTheNextTick_AndOneThatIsFarMovesTheNodeNoFurtherThanUsual()
    {
        NodeOptions options = Synthetic.Options(1) with { ReuseRounds = 0, LearningRate = 1e-9f, StepsPerRound = 10 };
        var host = new Host(Synthetic.Node(options)).Feed(1).Connect(2).Ticks(2);
        float[] own = Host.Parameters(host.Node), near = Array.ConvertAll(own, v => v + 0.01f);
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), near, sequence: ++sequence)).Ticks(1);
        Assert.Equal(0.5f, Distance(host.Node.Parameters, own) / Distance(near, own), 0.1f);
        float[] mixed = Host.Parameters(host.Node);
        host.Ticks(5);
        Assert.True(Distance(host.Node.Parameters, mixed) < 1e-4f);

        float usual = Distance(near, own);
        host.Ticks(10); // A neighbour is mixed in once a round.
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), Array.ConvertAll(mixed, v => v + 10), sequence: ++sequence)).Ticks(1);
        Assert.InRange(Distance(host.Node.Parameters, mixed), 0.5f * usual, 3 * usual);
    }

    [Fact]
    public void LiarThatFloods_NeitherMovesTheNodeFarNorCoarsensItsSteps()
    {
        NodeOptions options = Synthetic.Options(1) with { ReuseRounds = 0, LearningRate = 1e-9f, StepsPerRound = 44 };
        var host = new Host(Synthetic.Node(options)).Feed(1).Connect(2, 3, 4, 5, 9).Ticks(2);
        float[] start = Host.Parameters(host.Node);
        for (int second = 0; second < 20; second++)
        {
            for (int honest = 2; honest <= 5; honest++)
                host.Update(honest, Synthetic.Frame(Synthetic.Id(honest), Array.ConvertAll(start, v => v + (0.01f * (honest - 3.5f))), sequence: ++sequence)).Ticks(1);
            for (int lie = 0; lie < 40; lie++)
                host.Update(9, Synthetic.Frame(Synthetic.Id(9), Array.ConvertAll(start, v => v + 1000), sequence: ++sequence)).Ticks(1);
        }

        // Each of the liar's models moves it by three usual distances at most, and the honest ones take it back by halves.
        Assert.True(Distance(host.Node.Parameters, start) < 200, $"moved by {Distance(host.Node.Parameters, start)}; it was sent {Distance(Array.ConvertAll(start, v => v + 1000), start)} away");
    }

    [Fact]
    public void EchoOfTheOwnModel_DoesNotMakeTheNodeDeaf()
    {
        NodeOptions options = Synthetic.Options(1) with { ReuseRounds = 0, LearningRate = 1e-9f, StepsPerRound = 1 };
        var host = new Host(Synthetic.Node(options)).Feed(1).Connect(2, 3, 9).Ticks(2);
        float[] start = Host.Parameters(host.Node), other = Array.ConvertAll(start, v => v + 1);
        for (int i = 0; i < 20; i++)
            host.Update(9, Synthetic.Frame(Synthetic.Id(9), Host.Parameters(host.Node), sequence: ++sequence, codec: UpdateCodec.Float32)).Ticks(1);
        for (int i = 0; i < 100; i++)
        {
            for (int honest = 2; honest <= 3; honest++)
                host.Update(honest, Synthetic.Frame(Synthetic.Id(honest), other, round: host.Node.Round, sequence: ++sequence)).Ticks(1);
        }

        Assert.True(Distance(host.Node.Parameters, other) < 0.1f * Distance(start, other), $"{Distance(host.Node.Parameters, other)} of {Distance(start, other)} are left");
    }

    [Fact]
    public void JoinerThatMixesAtOnce_WaitsForSeveralBeforeItCatchesUp()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options(1) with { ReuseRounds = 0 })).Feed(1).Connect(2, 3, 9).Ticks(1);
        float[] start = Host.Parameters(host.Node);
        host.Update(9, Synthetic.Frame(Synthetic.Id(9), Array.ConvertAll(start, v => v + 100), round: 200, sequence: ++sequence)).Ticks(3);
        Assert.True(Distance(host.Node.Parameters, start) < 10, $"A lone voice moved it by {Distance(host.Node.Parameters, start)}.");
        float[] honest = Array.ConvertAll(start, v => v + 0.5f);
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), honest, round: 200, sequence: ++sequence));
        host.Update(3, Synthetic.Frame(Synthetic.Id(3), Array.ConvertAll(honest, v => v + 0.01f), round: 200, sequence: ++sequence)).Ticks(20);
        Assert.Contains("caught-up", host.Events);
        Assert.True(Distance(host.Node.Parameters, honest) < 20, $"{Distance(host.Node.Parameters, honest)} from the honest ones");
    }

    [Fact]
    public void Requests_AreAnsweredFromTheHoursBytesAsWell()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options(1) with { BytesPerHourMax = 1000 })).Feed(1).Connect(2).Ticks(1);
        host.Update(2, Near(host, 0.01f));
        for (int i = 0; i < 600; i++)
        {
            host.NowMs += 1000;
            host.Update(2, Request(UpdateCodec.Lattice4));
        }

        Assert.True(host.Sent.Sum(s => (long)s.Payload.Length) < 1500);
        Assert.True(host.Node.OverBudget > 100);
    }

    [Fact]
    public void NodeWithoutLattices_AsksForWhatItReads()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options(1) with { Codec = UpdateCodec.Int8Block64 })).Feed(1).Connect(2).Ticks(1);
        host.Update(2, Lattice(Host.Parameters(host.Node), 0.01f));
        host.NowMs += 5000;
        host.Update(2, Lattice(Host.Parameters(host.Node), 0.01f));
        Assert.Equal(UpdateCodec.Int8Block64, Requests(host).Last().Unread);
        Assert.Equal(0, host.Node.Rejections.Total);
    }

    [Fact]
    public void NodeThatIsDone_PushesToEachOfItsNeighboursInTurn_WhateverOthersAsk()
    {
        NodeOptions options = Synthetic.Options(1) with { Partners = PartnerChoice.Circle, FanOut = 1, Rounds = 3, IdlePushMs = 1000 };
        var host = new Host(Synthetic.Node(options)).Feed(1).Connect(2, 3, 4).Ticks(100);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        host.Effects.Clear();
        for (int second = 0; second < 30; second++)
        {
            host.Update(2, Request(UpdateCodec.Int8Block64));
            host.NowMs += 1000;
            host.Ticks(1);
        }

        Assert.Subset(host.Sent.SelectMany(s => s.To).ToHashSet(), new HashSet<NodeId> { Synthetic.Id(2), Synthetic.Id(3), Synthetic.Id(4) });
        Assert.True(host.Sent.Count(s => s.To[0] == Synthetic.Id(3)) >= 8, $"{host.Sent.Count(s => s.To[0] == Synthetic.Id(3))} pushes");
    }

    [Fact]
    public void Push_OfAModelThatHardlyMoved_WaitsForTheQuietRoundsToBeOver()
    {
        NodeOptions options = Synthetic.Options(1) with { PushThreshold = 0.5f, QuietRoundsMax = 4, LearningRate = 1e-9f };
        var host = new Host(Synthetic.Node(options)).Feed(1).Connect(2).Ticks(1);
        host.Update(2, Near(host, 0.1f));
        host.Ticks(5);
        host.Effects.Clear();
        for (int from = host.Node.Round; host.Node.Round < from + 12;)
            host.Ticks(1);
        Assert.InRange(host.Sent.Count(), 2, 4);
    }

    [Fact]
    public void BytesOfAnHour_WhenSpent_HoldPushesBackAndCountThem()
    {
        NodeOptions options = Synthetic.Options(1) with { BytesPerHourMax = 100_000 };
        var host = new Host(Synthetic.Node(options)).Feed(1).Connect(2).Ticks(5 * 100);
        long bytes = host.Sent.Sum(s => (long)s.Payload.Length * s.To.Count);
        Assert.True(bytes is > 200 and < 3000, $"{bytes} bytes");
        Assert.True(host.Node.OverBudget > 50, $"{host.Node.OverBudget} rounds held back");
        host.NowMs += 3_600_000;
        host.Effects.Clear();
        host.Ticks(5);
        Assert.NotEmpty(host.Sent);
    }

    [Fact]
    public void OptionsOfSharing_OutsideTheirRange_AreNamed()
    {
        foreach (NodeOptions wrong in new[]
        {
            Synthetic.Options() with { Codec = (UpdateCodec)99 }, Synthetic.Options() with { Partners = (PartnerChoice)7 }, Synthetic.Options() with { BytesPerHourMax = 10 },
            Synthetic.Options() with { PushThreshold = float.NaN }, Synthetic.Options() with { ReuseRounds = -1 }, Synthetic.Options() with { MomentumRenewal = 0 },
        })
            Assert.Throws<ArgumentException>(wrong.Validate);
    }

    private static ulong Hash => System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(Synthetic.Model.Hash.Span);

    private static Host Training() => new Host(Synthetic.Node(Synthetic.Options(1))).Feed(1).Connect(2).Ticks(1);

    private static UpdateFrame NextPush(Host host)
    {
        host.Effects.Clear();
        for (int i = 0; i < 20 && !host.Sent.Any(); i++)
            host.Ticks(1);
        return Frames(host).First();
    }

    private static IEnumerable<UpdateFrame> Frames(Host host) => host.Sent.Where(s => !ModelRequest.IsOne(s.Payload.Span)).Select(s =>
    {
        Assert.Equal(FrameError.None, UpdateFrame.Read(s.Payload, new UpdateLimits { ParametersMax = P }, out UpdateFrame? frame));
        return frame!;
    });

    private static IEnumerable<ModelRequest> Requests(Host host) => host.Sent.Where(s => ModelRequest.IsOne(s.Payload.Span)).Select(s =>
    {
        Assert.Equal(FrameError.None, ModelRequest.Read(s.Payload.Span, out ModelRequest? request));
        return request!;
    });

    private static RejectionReason Decode(UpdateFrame frame, NodeId from, float[] reference, float[] destination) => LatticeCodec.Decode(
        frame.Header.Codec, frame.Data.Span, reference, [float.PositiveInfinity], DitherSeed.Of(from, frame.Header.BootEpoch, frame.Header.Sequence), new float[ModuloLattice.ScratchLength(P)],
        destination);

    private static float Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => MathF.Sqrt(Vectors.SquaredDistance(a, b));

    private byte[] Request(UpdateCodec unread) => new ModelRequest(Hash, 1, ++sequence, Synthetic.Id(1), unread).ToArray();

    private byte[] Near(Host host, float by) => Synthetic.Frame(Synthetic.Id(2), Array.ConvertAll(Host.Parameters(host.Node), v => v + by), sequence: ++sequence);

    private byte[] Lattice(float[] parameters, float deviation)
    {
        var data = new byte[LatticeCodec.EncodedLength(UpdateCodec.Lattice4, P)];
        sequence++;
        LatticeCodec.Encode(UpdateCodec.Lattice4, parameters, [deviation], DitherSeed.Of(Synthetic.Id(2), 1, sequence), new float[ModuloLattice.ScratchLength(P)], data);
        return Synthetic.FrameOf(data, P, sequence: sequence, codec: UpdateCodec.Lattice4).ToArray();
    }
}
