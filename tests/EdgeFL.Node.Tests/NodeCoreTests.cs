using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Wire;

namespace EdgeFL.Node.Tests;

public sealed class NodeCoreTests
{
    private const int P = 98;

    [Fact]
    public void NewNodes_OfOneModel_StartFromTheSameParameters()
    {
        Assert.Equal(P, Synthetic.Model.ParameterCount);
        Assert.Equal(Synthetic.Node(Synthetic.Options(1)).Parameters.ToArray(), Synthetic.Node(Synthetic.Options(2, seed: 9)).Parameters.ToArray());
    }

    [Fact]
    public void NewNode_GivenParameters_StartsFromThoseAndFromNoOthers()
    {
        float[] given = [.. Enumerable.Range(0, P).Select(i => i / 100f)];
        Assert.Equal(given, Synthetic.Node(Synthetic.Options() with { InitialParameters = given }).Parameters.ToArray());
        Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options() with { InitialParameters = given.AsMemory(1) }));
        given[3] = float.NaN;
        Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options() with { InitialParameters = given }));
    }

    [Fact]
    public void Node_WithData_LearnsAloneAndEndsAfterItsRounds()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 60 }));
        Assert.Equal(NodePhase.Waiting, host.Ticks(3).Node.Phase);
        double before = Synthetic.Accuracy(host.Node.Parameters);
        host.Feed(1).Ticks(1);
        Assert.Equal(NodePhase.Training, host.Node.Phase);
        host.Ticks(1000);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        Assert.Equal(60, host.Node.Round);
        double after = Synthetic.Accuracy(host.Node.Parameters);
        Assert.True(after > 0.8 && after > before, $"{before} -> {after}");
        Assert.Single(host.Effects.OfType<NodeEffect.Persist>());
        Assert.Empty(host.Sent);
    }

    [Fact]
    public void Node_ThatRegresses_LearnsTheSensorsNumberAndSaysItInItsUnit()
    {
        // The third channel is the number, in thousands.
        SampleBatch Batch(bool withTarget)
        {
            var batch = new SampleBatch(Synthetic.Channels, 300);
            for (int r = 0; r < 300; r++)
                batch.TryAdd(r * 20L, 0, SampleBatch.NoLabel, [1f, -1f, r / 1000f], withTarget ? r : SampleBatch.NoTarget);
            return batch;
        }

        var host = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 200, LearningRate = 0.02f }, Synthetic.NumberModel));
        host.Give(new NodeInput.SamplesRead(Batch(withTarget: false))).Ticks(5);
        Assert.Equal(NodePhase.Waiting, host.Node.Phase);
        host.Give(new NodeInput.SamplesRead(Batch(withTarget: true))).Ticks(2000);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        Assert.True(float.IsNaN(host.Node.Describe().Accuracy));

        host.Effects.Clear();
        host.Give(new NodeInput.SamplesRead(Batch(withTarget: false)));
        Inference said = host.Effects.OfType<NodeEffect.Inferred>().Single().Inference;
        Assert.Equal(("rows so far", -1, 299 * 20L), (said.Label, said.Class, said.TimeMs));
        Assert.InRange(said.Score, 280, 318);
    }

    [Fact]
    public void Node_OfAModelOfFeatures_LearnsFromTheStreamAndGoesOnFromItsCheckpoint()
    {
        NodeOptions options = Synthetic.Options() with { Rounds = 60, LearningRate = 0.05f, InferenceIntervalMs = 0 };
        var host = new Host(Synthetic.Node(options, Synthetic.FeatureModel)).Feed(1).Ticks(1000);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        Assert.True(host.Node.Describe().Accuracy > 0.9f, $"{host.Node.Describe().Accuracy}");

        host.Give(new NodeInput.Shutdown());
        NodeCore other = Synthetic.Node(options, Synthetic.FeatureModel);
        Assert.Equal(CheckpointError.None, other.Restore(host.Effects.OfType<NodeEffect.Persist>().Last().State.Span));
        host.Effects.Clear();
        // The sensors of both start anew.
        var restored = new Host(other);
        host.Feed(2);
        restored.Feed(2);
        Inference[] said = [.. host.Effects.OfType<NodeEffect.Inferred>().Select(effect => effect.Inference)];
        Assert.Equal(12, said.Length);
        // Other windows are held out, so the statistics that both go on with differ a little.
        Inference same = restored.Effects.OfType<NodeEffect.Inferred>().First().Inference;
        Assert.Equal((said[0].Label, said[0].Round), (same.Label, same.Round));
        Assert.Equal(said[0].Score, same.Score, 1e-2f);
        Assert.True(said.Where((inference, batch) => inference.Class == (batch + 2) % 3).Count() >= 11);
    }

    [Fact]
    public void Node_OfAModelThatClusters_SaysTheClusterAndHowFarItIs()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 200, LearningRate = 0.1f, InferenceIntervalMs = 0 }, Synthetic.ClusterModel)).Feed(1).Ticks(2000);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        Assert.True(float.IsNaN(host.Node.Describe().Accuracy));
        host.Effects.Clear();
        host.Feed(2);
        Inference[] said = [.. host.Effects.OfType<NodeEffect.Inferred>().Select(effect => effect.Inference)];
        Assert.Equal(12, said.Length);
        // No cluster takes in two classes; the class changes with each batch.
        Assert.All(said.Select((inference, batch) => (inference.Class, Label: batch % 3)).GroupBy(pair => pair.Class), cluster => Assert.Single(cluster.Select(pair => pair.Label).Distinct()));
        Assert.All(said, inference => Assert.Equal($"cluster {inference.Class}", inference.Label));
        Assert.All(said, inference => Assert.InRange(inference.Score, 0.01f, 2f));

        // What was never there is far from all.
        var wild = new SampleBatch(3, 20);
        while (wild.TryAdd(wild.Count, 99, SampleBatch.NoLabel, [wild.Count % 2 * 20, 5, -9]))
        {
        }

        host.Effects.Clear();
        host.Give(new NodeInput.SamplesRead(wild));
        Assert.True(host.Effects.OfType<NodeEffect.Inferred>().Single().Inference.Score > 3 * said.Max(inference => inference.Score));
    }

    [Fact]
    public void Node_WithPeers_SharesEachRoundWithItsFanOut()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { FanOut = 2 })).Connect(1, 2, 3).Feed(1);
        host.Ticks(50);
        Assert.Equal(10, host.Node.Round);
        Assert.Equal(10, host.Sent.Count());
        Assert.All(host.Sent, send => Assert.Equal(2, send.To.Distinct().Count()));
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (ulong)i), host.Sent.Select(send => send.Sequence));
        Assert.Equal(Enumerable.Range(1, 3).Select(Synthetic.Id), host.Sent.SelectMany(send => send.To).Distinct().Order());
    }

    [Fact]
    public void SharedModel_Decoded_IsTheModelWithinHalfAScale()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1).Feed(1);
        host.Ticks(5);
        Assert.Equal(FrameError.None, UpdateFrame.Read(host.Sent.Single().Payload, new UpdateLimits(), out UpdateFrame? frame));
        var decoded = new float[P];
        Assert.Equal(
            RejectionReason.None,
            SnapshotCodec.Decode(frame!.Header.Codec, frame.Data.Span, DitherSeed.Of(Synthetic.Id(0), frame.Header.BootEpoch, frame.Header.Sequence), decoded));
        float largest = host.Node.Parameters.ToArray().Max(MathF.Abs);
        for (int i = 0; i < P; i++)
            Assert.InRange(MathF.Abs(decoded[i] - host.Node.Parameters[i]), 0, 0.51f * largest / 126);
    }

    [Fact]
    public void BadFrames_AreRefusedForTheirReason_AndLearningGoesOn()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { FramesPerSecondMax = 5, LeadRounds = 1000 })).Connect(1, 2).Feed(1).Ticks(20);
        float[] model = Host.Parameters(host.Node);
        byte[] good = Synthetic.Frame(Synthetic.Id(1), model, sequence: 5);
        host.Update(1, good);
        Assert.Equal(1, host.Node.Received);

        host.Refuses(RejectionReason.Replayed, 1, good);
        host.Refuses(RejectionReason.Replayed, 1, Synthetic.Frame(Synthetic.Id(1), model, sequence: 4));
        host.Refuses(RejectionReason.Replayed, 1, Synthetic.Frame(Synthetic.Id(1), model, sequence: 9, bootEpoch: 0));
        for (int length = 0; length < good.Length; length += 7)
            host.Refuses(RejectionReason.Truncated, 2, good.AsMemory(0, length));
        host.Refuses(RejectionReason.Malformed, 2, (byte[])[.. good, 0]);
        host.Refuses(RejectionReason.WrongModel, 2, Synthetic.Frame(Synthetic.Id(2), model, model: Synthetic.LargeModel));
        host.Refuses(RejectionReason.WrongModel, 2, Synthetic.Frame(Synthetic.Id(2), new float[P - 1]));
        host.Refuses(RejectionReason.Oversized, 2, Synthetic.Frame(Synthetic.Id(2), new float[P + 1]));
        byte[] poison = new byte[4 * P];
        BitConverter.TryWriteBytes(poison.AsSpan(40), float.NaN);
        host.Refuses(RejectionReason.NotFinite, 2, Synthetic.FrameOf(poison, P, codec: UpdateCodec.Float32).ToArray());
        byte[] level = new byte[SnapshotCodec.EncodedLength(UpdateCodec.Int8Block64, P)];
        level[5] = 0x80;
        host.Refuses(RejectionReason.BadCodec, 2, Synthetic.FrameOf(level, P, sequence: 2).ToArray());

        // A flood from one sender spends that sender's tokens only.
        for (ulong i = 0; i < 30; i++)
            host.Update(1, Synthetic.Frame(Synthetic.Id(1), model, sequence: 100 + i));
        Assert.Equal(20, host.Node.Rejections.Of(RejectionReason.RateLimited));
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), model, sequence: 3));
        Assert.Equal(12, host.Node.Received);

        int round = host.Node.Round;
        host.Ticks(50);
        Assert.Equal(round + 10, host.Node.Round);
        Assert.True(EdgeFL.Numerics.Vectors.AllFinite(host.Node.Parameters));
    }

    [Fact]
    public void NodeAheadOfMost_WaitsForThem_AWhile()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1, 2, 3).Feed(1);
        for (int peer = 1; peer <= 3; peer++)
            host.Update(peer, Synthetic.Frame(Synthetic.Id(peer), Host.Parameters(host.Node), round: 1));
        Assert.Equal(4, host.Ticks(20).Node.Round);
        float[] model = Host.Parameters(host.Node);
        Assert.Equal(4, host.Ticks(10).Node.Round);
        Assert.Equal(model, Host.Parameters(host.Node));

        // One that goes on is not most; two are.
        host.Update(1, Synthetic.Frame(Synthetic.Id(1), model, round: 5, sequence: 2));
        Assert.Equal(4, host.Ticks(5).Node.Round);
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), model, round: 4, sequence: 2));
        Assert.Equal(7, host.Ticks(15).Node.Round);

        // They stand still: four rounds' time, then one round without them.
        Assert.Equal(7, host.Ticks(20).Node.Round);
        Assert.Equal(8, host.Ticks(5).Node.Round);
        Assert.Equal(8, host.Ticks(20).Node.Round);
        // And in the end they are too old to count.
        int round = host.Ticks(500).Node.Round;
        Assert.Equal(round + 20, host.Ticks(100).Node.Round);
    }

    [Fact]
    public void NodeFarAheadOfMost_WaitsForNobody()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1, 2, 3).Feed(1).Ticks(60);
        Assert.Equal(12, host.Node.Round);
        for (int peer = 1; peer <= 3; peer++)
            host.Update(peer, Synthetic.Frame(Synthetic.Id(peer), Host.Parameters(host.Node), round: 3));
        Assert.Equal(22, host.Ticks(50).Node.Round);
    }

    [Fact]
    public void NodeThatPushesToOneOfMany_HearsOfThemAsSeldom_AndWaitsLater()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { FanOut = 1 })).Connect(1, 2, 3, 4, 5).Feed(1);
        for (int peer = 1; peer <= 3; peer++)
            host.Update(peer, Synthetic.Frame(Synthetic.Id(peer), Host.Parameters(host.Node), round: 1));
        Assert.Equal(7, host.Ticks(40).Node.Round);
    }

    [Fact]
    public void RefusalsBeforeTheNode_AreCountedThereToo()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options()));
        host.Give(new NodeInput.FrameRefused(Synthetic.Id(1), RejectionReason.BadSignature)).Give(new NodeInput.FrameRefused(null, RejectionReason.BadEnvelope));
        Assert.Equal(2, host.Node.Rejections.Total);
        Assert.Equal(["refused-bad-signature", "refused-bad-envelope"], host.Events);
    }

    [Fact]
    public void Events_OfOneKind_AreToldOnceInTenSeconds()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options()));
        for (int i = 0; i < 50; i++)
            host.Update(1, new byte[] { 1 });
        Assert.Single(host.Events);
        host.NowMs += 10_000;
        host.Update(1, new byte[] { 1 });
        Assert.Equal(2, host.Events.Count());
        Assert.Equal(51, host.Node.Rejections.Total);
    }

    [Fact]
    public void LateNode_TakesTheNeighboursModelAndRound()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1, 2, 3).Feed(0);
        float[] theirs = Enumerable.Range(0, P).Select(i => MathF.Sin(i)).ToArray();
        for (int peer = 1; peer <= 3; peer++)
            host.Update(peer, Synthetic.Frame(Synthetic.Id(peer), theirs, round: 40 + peer));
        host.Ticks(1);
        Assert.Equal(42, host.Node.Round);
        Assert.Contains("caught-up", host.Events);
        Assert.True(EdgeFL.Numerics.Vectors.SquaredDistance(theirs, host.Node.Parameters) < 0.2f);
    }

    [Fact]
    public void LateNode_OneLiarAmongThree_MovesNeitherRoundNorModelFar()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1, 2, 3).Feed(0);
        float[] theirs = Enumerable.Range(0, P).Select(i => MathF.Sin(i)).ToArray();
        float[] alike = Enumerable.Range(0, P).Select(i => MathF.Sin(i) + (0.01f * MathF.Cos(7 * i))).ToArray();
        host.Update(1, Synthetic.Frame(Synthetic.Id(1), theirs, round: 41));
        host.Update(2, Synthetic.Frame(Synthetic.Id(2), alike, round: 42));
        host.Update(3, Synthetic.Frame(Synthetic.Id(3), Enumerable.Repeat(1000f, P).ToArray(), round: 1_000_000_000));
        host.Ticks(1);
        Assert.Equal(42, host.Node.Round);
        Assert.True(EdgeFL.Numerics.Vectors.SquaredDistance(theirs, host.Node.Parameters) < 0.2f);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LateNode_WaitsForMoreNeighbours_ButNotForLong(bool hasData)
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { MaxAgeRounds = 4 })).Connect(1, 2);
        if (hasData)
            host.Feed(0);
        float[] theirs = Enumerable.Range(0, P).Select(i => MathF.Sin(i)).ToArray();
        host.Update(1, Synthetic.Frame(Synthetic.Id(1), theirs, round: 40));
        host.Ticks(5);
        Assert.DoesNotContain("caught-up", host.Events);
        Assert.InRange(host.Node.Round, 0, 1);
        Assert.True(EdgeFL.Numerics.Vectors.SquaredDistance(theirs, host.Node.Parameters) > 1, "half of a far model is no model");

        for (ulong sequence = 2; sequence < 20; sequence++)
        {
            host.Update(1, Synthetic.Frame(Synthetic.Id(1), theirs, sequence: sequence, round: 40));
            host.Ticks(5);
        }

        Assert.Contains("caught-up", host.Events);
        Assert.InRange(host.Node.Round, 40, 43);
    }

    [Fact]
    public void SlowNode_TakesTheCount_AndKeepsItsOwnModel()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { MaxAgeRounds = 4 })).Connect(1, 2, 3).Feed(0).Ticks(5);
        ulong sequence = 0;
        for (int faster = 0; faster <= 8; faster++)
        {
            sequence++;
            for (int peer = 1; peer <= 3; peer++)
                host.Update(peer, Synthetic.Frame(Synthetic.Id(peer), Host.Parameters(host.Node), sequence: sequence, round: host.Node.Round + faster));
            float[] before = Host.Parameters(host.Node);
            int round = host.Node.Round;
            host.Ticks(5);
            Assert.Equal(round + 1 + (faster > 4 ? faster : 0), host.Node.Round);
            Assert.InRange(EdgeFL.Numerics.Vectors.SquaredDistance(before, host.Node.Parameters), 1e-9f, 1f);
        }

        Assert.DoesNotContain("caught-up", host.Events);
    }

    [Fact]
    public void NodeThatTrainsNoMore_MixesOnlyWithFinalModels_AlsoWhenDone()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 20, SettleRounds = 2 })).Connect(1, 2).Feed(0).Ticks(100);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        float[] own = Host.Parameters(host.Node);
        float[] theirs = [.. own.Select(v => v + 0.01f)];
        host.Update(1, Synthetic.Frame(Synthetic.Id(1), theirs, sequence: 1, round: 17));
        host.Ticks(5);
        Assert.Equal(own, Host.Parameters(host.Node));
        host.Update(1, Synthetic.Frame(Synthetic.Id(1), theirs, sequence: 2, round: 18));
        host.Ticks(5);
        Assert.InRange(Host.Parameters(host.Node)[0] - own[0], 0.003f, 0.007f);
        float[] mixed = Host.Parameters(host.Node);
        host.Ticks(50);
        Assert.Equal(mixed, Host.Parameters(host.Node));
        Assert.Equal(20, host.Node.Round);
    }

    [Fact]
    public void NewNode_HoldsOffAsLongAsItIsTold_AnOldOneDoesNot()
    {
        NodeOptions options = Synthetic.Options() with { StartDelayMs = 2000 };
        var host = new Host(Synthetic.Node(options)).Feed(0);
        host.Ticks(99);
        Assert.Equal((0, 0L), (host.Node.Round, host.Node.Describe().Steps));
        Assert.NotEqual(NodePhase.Training, host.Node.Phase);
        host.Ticks(10);
        Assert.InRange(host.Node.Round, 1, 2);
        host.Give(new NodeInput.Shutdown());

        var again = new Host(Synthetic.Node(options with { BootEpoch = 2 }));
        Assert.Equal(CheckpointError.None, again.Node.Restore(host.Effects.OfType<NodeEffect.Persist>().Single().State.Span));
        again.Feed(0).Ticks(5);
        Assert.Equal(host.Node.Round + 1, again.Node.Round);
    }

    [Fact]
    public void NodeWithoutData_FollowsItsNeighbours()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options())).Connect(1);
        float[] theirs = Enumerable.Range(0, P).Select(i => MathF.Cos(i)).ToArray();
        host.Update(1, Synthetic.Frame(Synthetic.Id(1), theirs, round: 3));
        host.Ticks(5);
        Assert.Equal(NodePhase.Following, host.Node.Phase);
        Assert.Equal(3, host.Node.Round);
        host.Feed(0).Ticks(1);
        Assert.Equal(NodePhase.Training, host.Node.Phase);
    }

    [Fact]
    public void Shutdown_AndRestore_GoOnFromTheSameBits()
    {
        NodeOptions options = Synthetic.Options();
        var first = new Host(Synthetic.Node(options)).Connect(1).Feed(0).Ticks(37);
        first.Update(1, Synthetic.Frame(Synthetic.Id(1), Host.Parameters(first.Node), sequence: 8));
        first.Give(new NodeInput.Shutdown());
        ReadOnlyMemory<byte> state = first.Effects.OfType<NodeEffect.Persist>().Single().State;

        var second = new Host(Synthetic.Node(options with { BootEpoch = 2 }));
        Assert.Equal(CheckpointError.None, second.Node.Restore(state.Span));
        Assert.Equal(Bits(first.Node), Bits(second.Node));
        Assert.Equal(first.Node.Round, second.Node.Round);
        second.Give(new NodeInput.Shutdown());
        Assert.Equal(state.ToArray(), second.Effects.OfType<NodeEffect.Persist>().Single().State.ToArray());

        // What was taken before the stop is still refused after it.
        second.Connect(1).Refuses(RejectionReason.Replayed, 1, Synthetic.Frame(Synthetic.Id(1), Host.Parameters(first.Node), sequence: 8));
        second.Feed(0).Ticks(5);
        Assert.Equal(first.Node.Round + 1, second.Node.Round);
    }

    [Fact]
    public void Restore_InTheAveragedPart_GoesOnWithTheAverageSoFar()
    {
        NodeOptions options = Synthetic.Options() with { Rounds = 40, SettleRounds = 0, TailAverage = 0.5f };
        var whole = new Host(Synthetic.Node(options)).Feed(0).Ticks(199);
        whole.Give(new NodeInput.Shutdown());
        Assert.Equal(CheckpointError.None, Checkpoint.Read(whole.Effects.OfType<NodeEffect.Persist>().Last().State.Span, out Checkpoint? before));
        Assert.Equal((39, 19), (before!.Round, before.AverageCount));

        var again = new Host(Synthetic.Node(options with { BootEpoch = 2 }));
        Assert.Equal(CheckpointError.None, again.Node.Restore(before.ToArray()));
        again.Feed(0).Ticks(5);
        Assert.Equal(NodePhase.Done, again.Node.Phase);
        // One model among twenty moves the mean by a twentieth of its distance.
        Assert.True(EdgeFL.Numerics.Vectors.SquaredDistance(before.Average, again.Node.Parameters) < 0.01f * EdgeFL.Numerics.Vectors.SquaredDistance(before.Average, before.Parameters));
    }

    [Fact]
    public void SameInputs_GiveTheSameBits()
    {
        Host Run() => new Host(Synthetic.Node(Synthetic.Options())).Connect(1, 2).Feed(3).Ticks(100);
        Host one = Run(), two = Run();
        Assert.Equal(Bits(one.Node), Bits(two.Node));
        Assert.Equal(one.Sent.Select(s => Convert.ToHexString(s.Payload.Span)), two.Sent.Select(s => Convert.ToHexString(s.Payload.Span)));
    }

    [Fact]
    public void DoneNode_StillServesWhoJoins()
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { Rounds = 2, IdlePushMs = 1000 })).Feed(0).Ticks(10);
        Assert.Equal(NodePhase.Done, host.Node.Phase);
        host.Connect(4);
        Assert.Equal([Synthetic.Id(4)], host.Sent.Single().To);
        host.Ticks(60);
        Assert.Equal(2, host.Sent.Count());
    }

    [Fact]
    public void ChunkedModel_IsTakenWhole_AndLateChunksAreRefused()
    {
        int count = Synthetic.LargeModel.ParameterCount;
        var host = new Host(Synthetic.Node(Synthetic.Options() with { ChunkTimeoutMs = 1000 }, Synthetic.LargeModel));
        var data = new byte[SnapshotCodec.EncodedLength(UpdateCodec.Int8Block64, count)];
        UpdateFrame frame = Synthetic.FrameOf(data, count, model: Synthetic.LargeModel);
        Assert.Equal(2, frame.ChunkCount);
        host.Update(1, frame.ToArray());
        NodeInput Chunk(int index, ulong sequence = 1) => new NodeInput.ChunkArrived(Synthetic.Id(1), sequence, index, Chunks.Of(data, index));
        host.Give(Chunk(1)).Give(Chunk(1));
        Assert.Equal(1, host.Node.Rejections.Of(RejectionReason.ChunkDuplicate));
        Assert.Equal(0, host.Node.Received);
        host.Give(Chunk(0));
        Assert.Equal(1, host.Node.Received);
        host.Give(Chunk(0));
        Assert.Equal(1, host.Node.Rejections.Of(RejectionReason.ChunkUnexpected));

        host.Update(1, Synthetic.FrameOf(data, count, sequence: 2, model: Synthetic.LargeModel).ToArray());
        host.Give(Chunk(0, 2)).Ticks(52);
        Assert.Equal(1, host.Node.Rejections.Of(RejectionReason.ChunkTimeout));
        host.Give(Chunk(1, 2));
        Assert.Equal(1, host.Node.Received);
    }

    [Theory]
    [InlineData(AggregationRule.GatedClip)]
    [InlineData(AggregationRule.TrimmedMean)]
    [InlineData(AggregationRule.NearestNeighbourTrimmedMean)]
    public void RobustRules_OneWildPeerOfSix_IsNotFollowed(AggregationRule rule)
    {
        var host = new Host(Synthetic.Node(Synthetic.Options() with { Rule = rule })).Connect(1, 2, 3, 4, 5, 6).Feed(0).Ticks(5);
        float[] model = Host.Parameters(host.Node);
        for (int peer = 1; peer <= 6; peer++)
        {
            float[] theirs = Array.ConvertAll(model, v => peer == 6 ? -50 * v : v + (0.001f * peer));
            host.Update(peer, Synthetic.Frame(Synthetic.Id(peer), theirs));
        }

        host.Ticks(1);
        Assert.True(EdgeFL.Numerics.Vectors.SquaredDistance(model, host.Node.Parameters) < 1f);
    }

    [Fact]
    public void Options_OutOfRange_AreNamed()
    {
        Assert.Contains("FanOut is 17", Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options() with { FanOut = 17 })).Message, StringComparison.Ordinal);
        Assert.Contains("Rule", Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options() with { Rule = (AggregationRule)7 })).Message, StringComparison.Ordinal);
        Assert.Contains("LearningRate", Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options() with { LearningRate = float.NaN })).Message, StringComparison.Ordinal);
    }

    private static int[] Bits(NodeCore node) => Array.ConvertAll(node.Parameters.ToArray(), BitConverter.SingleToInt32Bits);
}
