using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Numerics;

namespace EdgeFL.Node;

// The round loop: merge what the neighbours sent, make H minibatch steps (one for each tick), share the result.
public sealed partial class NodeCore
{
    private long lastReportMs = long.MinValue / 2;
    private long lastInferenceMs = long.MinValue / 2;
    private long startMs = long.MinValue;
    private long lastPersistMs;
    private int lastPersistRound;
    private long lastPushMs;
    private int mergesBehind;
    private int lastMixedRound = int.MinValue / 2;
    private long mixedArrivals;

    private void OnSamples(SampleBatch batch, long nowMs, Outbox outbox)
    {
        made.Clear();
        windows.Add(batch, made);
        foreach (SampleWindow window in made)
            data.Add(window);
        if (made.Count > 0 && nowMs - lastInferenceMs >= options.InferenceIntervalMs)
        {
            lastInferenceMs = nowMs;
            outbox.Add(new NodeEffect.Inferred(Infer(made[^1])));
        }
    }

    private Inference Infer(SampleWindow window)
    {
        data.Prepare(window.Values, input, target);
        network.Predict(parameters, input, 1, output);
        if (model.Task != TaskKind.Classify)
            return new Inference(window.TimeMs, -1, model.Task.ToString().ToLowerInvariant(), Vectors.SquaredDistance(output, target) / output.Length, round);
        int best = Network.LargestOf(output);
        float sum = 0;
        foreach (float logit in output)
            sum += Elementary.Exp(logit - output[best]);
        return new Inference(window.TimeMs, best, model.Classes[best], 1 / sum, round);
    }

    private void OnTick(long nowMs, Outbox outbox)
    {
        if (startMs == long.MinValue)
            startMs = lastPersistMs = nowMs;
        ExpireChunks(nowMs, outbox);
        if (phase == NodePhase.Done)
        {
            MixWhenDone(nowMs, outbox);
            if (nowMs - lastPushMs >= options.IdlePushMs)
                Share(peers.Draw(options.FanOut, ref random), nowMs, outbox);
        }
        else if (data.TrainingCount >= options.MinimumWindows && !HoldsOff(nowMs))
        {
            MoveTo(NodePhase.Training, nowMs, outbox);
            TrainOneStep(nowMs, outbox);
        }
        else if (replicas.Count > 0)
        {
            MoveTo(NodePhase.Following, nowMs, outbox);
            if (++stepInRound >= options.StepsPerRound)
            {
                stepInRound = 0;
                if (Merge(nowMs, outbox))
                    round = Math.Max(round, MedianRound());
                FinishRound(nowMs, outbox);
            }
        }

        if (nowMs - lastReportMs >= options.ReportIntervalMs)
            Report(nowMs, outbox);
        if (nowMs - lastPersistMs >= options.CheckpointIntervalMs)
            Persist(nowMs, outbox);
    }

    private bool HoldsOff(long nowMs) => round == 0 && steps == 0 && nowMs - startMs < options.StartDelayMs;

    private void TrainOneStep(long nowMs, Outbox outbox)
    {
        if (stepInRound == 0)
        {
            Merge(nowMs, outbox);
            parameters.CopyTo(roundStart, 0);
            if (plan.IsOver(round))
            {
                FinishRound(nowMs, outbox); // Catching up has taken the node past its last round.
                return;
            }
        }

        bool trains = plan.Trains(round);
        float eta = plan.LearningRate(round);
        if (trains && !TryStep(eta, nowMs, outbox))
            return;
        if (++stepInRound < options.StepsPerRound)
            return;

        stepInRound = 0;
        if (trains)
            optimiser.EndRound(parameters, eta, options.StepsPerRound);
        if (plan.Averages(round))
            average.Add(parameters);
        Vectors.Subtract(parameters, roundStart, roundStart);
        replicas.Advance(round + 1, roundStart);
        CountTo(round + 1);
        Share(peers.Draw(options.FanOut, ref random), nowMs, outbox);
        if (options.ViewShuffleRounds > 0 && round % options.ViewShuffleRounds == 0)
            peers.Shuffle(outbox, ref random);
        FinishRound(nowMs, outbox);
    }

    private bool TryStep(float eta, long nowMs, Outbox outbox)
    {
        float stepLoss = trainer.Step(parameters, optimiser, eta);
        if (!float.IsFinite(stepLoss))
        {
            // A step that would poison the model is undone back to the last anchor, counted and told.
            refusedSteps++;
            optimiser.Previous.CopyTo(parameters);
            optimiser.Momentum.Clear();
            stepInRound = 0;
            Raise("step-refused", EventSeverity.Warning, $"A training step gave a loss that is not finite ({refusedSteps} so far); the model of round {round} was kept.",
                "Look at the sensor's values, or lower the learning rate.", null, nowMs, outbox);
            return false;
        }

        steps++;
        loss = float.IsNaN(loss) ? stepLoss : loss + 0.05f * (stepLoss - loss);
        return true;
    }

    private void FinishRound(long nowMs, Outbox outbox)
    {
        if (plan.IsOver(round))
        {
            MoveTo(NodePhase.Done, nowMs, outbox);
            Persist(nowMs, outbox);
        }
        else if (options.CheckpointRounds > 0 && round - lastPersistRound >= options.CheckpointRounds)
        {
            Persist(nowMs, outbox);
        }
    }

    /// <summary>Mixes the neighbours' newest models into the own one; true unless the node is too far behind and still waits for enough of them.</summary>
    private bool Merge(long nowMs, Outbox outbox)
    {
        mergedModels = 0;
        mixedArrivals = replicas.Arrivals;
        int median = MedianRound();
        if (phase != NodePhase.Done && median - round > options.MaxAgeRounds)
        {
            if (round - lastMixedRound > options.MaxAgeRounds)
                return TryCatchUp(median, nowMs, outbox);
            replicas.Shift(median - round); // It has mixed all along, so it is only slower than most: its model is as good as theirs, its count is not.
            CountTo(median);
        }

        mergesBehind = 0;
        ReadOnlySpan<PeerModel> fresh = Fresh(median);
        mergedModels = fresh.Length;
        if (fresh.IsEmpty)
            return true;
        rule.Aggregate(parameters, fresh, merged);
        merged.CopyTo(parameters, 0);
        lastMixedRound = round;
        return true;
    }

    /// <summary>
    /// A node that starts late, or comes back, is too far behind to be of use to the mean: it takes the neighbours' robust mean and their median
    /// round instead of its own. With three or more neighbours one liar can move neither, so it waits for three models, or for one of each link
    /// where it has fewer, but not for long: a neighbour may be linked one way only.
    /// </summary>
    private bool TryCatchUp(int median, long nowMs, Outbox outbox)
    {
        if (replicas.Count < Math.Min(3, peers.UpCount) && ++mergesBehind <= options.MaxAgeRounds)
            return false;
        int behind = median - round;
        replicas.Shift(behind);
        CountTo(median);
        ReadOnlySpan<PeerModel> fresh = Fresh(median);
        rule.Aggregate(fresh[0].Parameters.Span, fresh[1..], merged);
        merged.CopyTo(parameters, 0);
        mergedModels = fresh.Length;
        mergesBehind = 0;
        lastMixedRound = round;
        stepInRound = 0;
        optimiser.Momentum.Clear();
        optimiser.Anchor(parameters);
        Raise("caught-up", EventSeverity.Info, $"Was {behind} rounds behind: took the mean of {fresh.Length} neighbours and goes on at round {round}.", "", null, nowMs, outbox);
        return true;
    }

    /// <summary>A node that is done trains no more, but the models of neighbours that end later are still worth mixing in.</summary>
    private void MixWhenDone(long nowMs, Outbox outbox)
    {
        if (++stepInRound < options.StepsPerRound)
            return;
        stepInRound = 0;
        if (replicas.Arrivals > mixedArrivals)
            Merge(nowMs, outbox);
    }

    private int MedianRound() => replicas.MedianRound(round, options.MaxAgeRounds);

    /// <summary>
    /// What may be mixed in: while the node trains, what came lately from neighbours not far behind most; after that what is final, however old,
    /// because a model that is still training would undo the average.
    /// </summary>
    private ReadOnlySpan<PeerModel> Fresh(int median) => plan.Trains(round)
        ? replicas.Fresh(round, options.MaxAgeRounds, median - options.MaxAgeRounds)
        : replicas.Fresh(round, int.MaxValue, plan.TrainedRounds);

    /// <summary>Sets the count of rounds; past the last that trains the average becomes the model.</summary>
    private void CountTo(int next)
    {
        if (plan.Trains(round) && !plan.Trains(next))
            average.CopyTo(parameters);
        round = next;
    }

    private void MoveTo(NodePhase next, long nowMs, Outbox outbox)
    {
        if (phase == next)
            return;
        phase = next;
        if (next is NodePhase.Training or NodePhase.Following)
            stepInRound = 0;
        Report(nowMs, outbox);
    }

    private void Report(long nowMs, Outbox outbox)
    {
        lastReportMs = nowMs;
        outbox.Add(new NodeEffect.Trained(Describe()));
    }
}
