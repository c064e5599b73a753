using System.Globalization;
using EdgeFL.Learning;
using EdgeFL.Learning.Aggregation;
using EdgeFL.Numerics;

namespace EdgeFL.Node;

// The round loop: merge what the neighbours sent, make H minibatch steps (one for each tick), share the result.
public sealed partial class NodeCore
{
    /// <summary>Longest parameter vector that is taken for a model: trained ones are of length 1 to 10,000.</summary>
    private const float NormMax = 1e6f;

    /// <summary>How long a node that is far behind waits for a second or third model, in multiples of the oldest age.</summary>
    private const int PatienceRounds = 4;

    /// <summary>Rounds behind most at which a node that comes back takes the neighbours' model instead of its own: they went on together meanwhile.</summary>
    private const int BehindAtReturn = 2;

    /// <summary>How much further than usual a model may move the node, in usual distances.</summary>
    private const float FarthestShare = 3f;

    private long lastReportMs = long.MinValue / 2;
    private long lastInferenceMs = long.MinValue / 2;
    private long startMs = long.MinValue;
    private long lastPersistMs;
    private int lastPersistRound;
    private long lastPushMs;
    private int mergesBehind;
    private bool catchesUp; // waits for enough models to take over
    private bool rejoins; // from a checkpoint, and has not heard yet how far the others are
    private int lastMixedRound = int.MinValue / 2;
    private long mixedArrivals;

    private void OnSamples(SampleBatch batch, long nowMs, Outbox outbox)
    {
        made.Clear();
        windows.Add(batch, made);
        bool due = made.Count > 0 && nowMs - lastInferenceMs >= options.InferenceIntervalMs;
        for (int i = 0; i < made.Count; i++)
        {
            // A window is judged by what was known before it came, so that it cannot make itself usual; the very first is all that is known.
            bool says = due && i == made.Count - 1, known = data.TrainingCount > 0;
            if (says && known)
                Say(made[i]);
            data.Add(made[i]);
            if (says && !known)
                Say(made[i]);
        }

        void Say(SampleWindow window)
        {
            lastInferenceMs = nowMs;
            outbox.Add(new NodeEffect.Inferred(Infer(window)));
        }
    }

    private Inference Infer(SampleWindow window)
    {
        data.Prepare(window, input, target);
        int ofRound = round;
        if (integers is null)
            network.Predict(parameters.Span, input, 1, output);
        else
            ofRound = InferInIntegers(window);
        if (model.Target is { } number)
            return new Inference(window.TimeMs, -1, number.Name, number.FromOutput(output[0]), ofRound);
        if (model.Task == TaskKind.Cluster)
        {
            int nearest = Network.LeastOf(output);
            float distance = 2 * output[nearest] / model.Layers[^1].Input.Count;
            return new Inference(window.TimeMs, nearest, string.Create(CultureInfo.InvariantCulture, $"cluster {nearest}"), distance, ofRound) { Threshold = Threshold(distance) };
        }

        if (model.Task != TaskKind.Classify)
            return Judge(window, ofRound);
        int best = Network.LargestOf(output);
        float sum = 0;
        foreach (float logit in output)
            sum += Elementary.Exp(logit - output[best]);
        return new Inference(window.TimeMs, best, model.Classes[best], 1 / sum, ofRound);
    }

    /// <summary>How far what came is from what the model made of it, and whether that is unusual; a model that forecasts also says what comes next.</summary>
    private Inference Judge(SampleWindow window, int ofRound)
    {
        float error = Vectors.SquaredDistance(output, target) / output.Length, usual = Threshold(error);
        float[] forecast = [];
        if (model.Task == TaskKind.Forecast)
        {
            if (integers is null)
            {
                data.PrepareLatest(window, input);
                network.Predict(parameters.Span, input, 1, output);
            }
            else
            {
                InferInIntegers(window, model.Horizon);
            }

            forecast = [.. output];
            data.ToRows(forecast, window, model.Length - 1);
        }

        return new Inference(window.TimeMs, -1, error > usual ? "unusual" : "usual", error, ofRound) { Threshold = usual, Forecast = forecast };
    }

    /// <summary>What an error must exceed to be unusual, before it is taken in itself.</summary>
    private float Threshold(float error)
    {
        float usual = unusual.Value;
        unusual.Observe(error);
        return usual;
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
                Push(nowMs, outbox);
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
                {
                    // Where the fleet has gone before the node could learn is no way of its own.
                    optimiser.Anchor(parameters.Span);
                    int next = IsRoundSupported ? Math.Max(round, MedianRound()) : round;
                    JumpTo(next);
                }

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
            bool waited = waitedTicks > 0;
            if (WaitsForMost())
                return;
            if (waited)
                replicas.Align(round, roundStart.AsSpan(0, shared)); // Meanwhile neighbours may have sent the model of the next round.
            Merge(nowMs, outbox);
            parameters.Span.CopyTo(roundStart);
            if (plan.IsOver(round))
            {
                FinishRound(nowMs, outbox); // Catching up has taken the node past its last round.
                return;
            }
        }
        else if (options.ReuseRounds == 0)
        {
            MixArrivals();
        }

        bool trains = plan.Trains(round);
        float eta = plan.LearningRate(round);
        if (trains && !TryStep(eta, nowMs, outbox))
            return;
        if (++stepInRound < options.StepsPerRound)
            return;

        stepInRound = 0;
        if (trains)
            optimiser.EndRound(parameters.Span, eta, roundsGained * options.StepsPerRound, trainer.LongGradient);
        if (plan.Averages(round))
            average.Add(parameters.Span);
        Vectors.Subtract(parameters.Span, roundStart, roundStart);
        replicas.Align(round + 1, roundStart.AsSpan(0, shared));
        CountTo(round + 1);
        Push(nowMs, outbox);
        if (options.ViewShuffleRounds > 0 && round % options.ViewShuffleRounds == 0)
            peers.Shuffle(outbox, ref random);
        FinishRound(nowMs, outbox);
    }

    private bool TryStep(float eta, long nowMs, Outbox outbox)
    {
        float stepLoss = trainer.Step(parameters.Span, optimiser, eta);
        if (!float.IsFinite(stepLoss) || !IsSane(parameters.Span))
        {
            // A step that would poison the model is undone back to the last anchor, counted and told. What was mixed in before it may be the
            // cause: those models are forgotten, or the next try would fail as this one did.
            refusedSteps++;
            optimiser.Previous.CopyTo(parameters.Span);
            Array.Clear(roundStart);
            optimiser.Momentum.Clear();
            replicas.Clear();
            stepInRound = 0;
            Raise("step-refused", EventSeverity.Warning, $"A training step gave a loss or a model that is not finite ({refusedSteps} so far); the model of round {round} was kept.",
                "Look at the sensor's values, or lower the learning rate.", null, nowMs, outbox);
            return false;
        }

        steps++;
        loss = float.IsNaN(loss) ? stepLoss : loss + 0.05f * (stepLoss - loss);
        WatchForDrift(stepLoss, nowMs, outbox);
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
        int median = MedianRound();
        KeepPace(median);
        if (phase != NodePhase.Done && median - round > (rejoins ? BehindAtReturn : options.MaxAgeRounds))
        {
            if (round - lastMixedRound > options.MaxAgeRounds)
            {
                catchesUp = !TryCatchUp(median, nowMs, outbox);
                return !catchesUp;
            }
            if (IsRoundSupported)
            {
                JumpTo(median); // It has mixed all along, so it is only slower than most: its model is as good as theirs, its count is not.
                lag = 0;
            }
        }

        rejoins &= !IsRoundSupported;
        catchesUp = false;
        mergesBehind = 0;
        ReadOnlySpan<PeerModel> fresh = Fresh(median);
        if (!fresh.IsEmpty)
            Mix(Shared, fresh);
        return true;
    }

    /// <summary>Mixes in what came since the last time, in the middle of a round.</summary>
    private void MixArrivals()
    {
        if (catchesUp || replicas.Arrivals == mixedArrivals)
            return;
        int median = MedianRound();
        if (median - round > options.MaxAgeRounds)
            return; // To catch up is for the round's beginning, on several that are held against each other.
        ReadOnlySpan<PeerModel> fresh = Fresh(median);
        if (!fresh.IsEmpty)
            Mix(Shared, fresh);
    }

    private void Mix(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> fresh)
    {
        rule.Aggregate(own, fresh, merged);
        if (!IsSane(merged))
            return;
        if (options.ReuseRounds == 0)
            HoldToUsual(own, fresh.Length);
        merged.CopyTo(Shared);
        mergedModels = fresh.Length;
        lastMixedRound = round;
    }

    /// <summary>
    /// A model or two that come at once are too few to tell which of them lies: what they may move the node by follows from how far those before them were.
    /// </summary>
    private void HoldToUsual(ReadOnlySpan<float> own, int models)
    {
        float usual = distance.Usual * models / (models + 1), moved = MathF.Sqrt(Vectors.SquaredDistance(merged, own));
        if (moved > FarthestShare * usual)
            Vectors.Lerp(merged, own, 1 - (FarthestShare * usual / moved));
    }

    /// <summary>
    /// A node that starts late, or comes back, is too far behind to be of use to the mean: it takes the neighbours' robust mean and their median
    /// round instead of its own. With three or more neighbours one liar can move neither, so it waits for three models, or for one of each link
    /// where it has fewer, but not for ever: a neighbour may be linked one way only. One voice alone is heard at once only where no other is known.
    /// </summary>
    private bool TryCatchUp(int median, long nowMs, Outbox outbox)
    {
        int enough = peers.Count <= 1 ? 1 : Math.Clamp(peers.UpCount, 2, 3);
        if (replicas.CountFresh(round, options.MaxAgeRounds) < enough && (HoldsOff(nowMs) || ++mergesBehind <= PatienceRounds * options.MaxAgeRounds))
            return false;
        // Of those that are heard to be far ahead none may have been read yet: they are asked for more.
        ReadOnlySpan<PeerModel> fresh = plan.Trains(median)
            ? replicas.Fresh(round, options.MaxAgeRounds, median - options.MaxAgeRounds)
            : replicas.Fresh(round, int.MaxValue, plan.TrainedRounds);
        if (fresh.IsEmpty)
            return false;
        mixedArrivals = replicas.Arrivals;
        int behind = median - round;
        JumpTo(median);
        int centre = Medoid(fresh);
        PeerModel[] others = [.. fresh[..centre], .. fresh[(centre + 1)..]];
        Mix(fresh[centre].Parameters.Span, others);
        (mergesBehind, lag, roundsGained, rejoins) = (0, 0, 1, false);
        stepInRound = 0;
        optimiser.Momentum[..shared].Clear();
        optimiser.Anchor(parameters.Span);
        Raise("caught-up", EventSeverity.Info, $"Was {behind} rounds behind: took the mean of {fresh.Length} neighbours and goes on at round {round}.", "", null, nowMs, outbox);
        return true;
    }

    /// <summary>The model with the least sum of distances to the others: among three or more one that lies far off is never it.</summary>
    private static int Medoid(ReadOnlySpan<PeerModel> models)
    {
        int best = 0;
        double least = double.MaxValue;
        for (int i = 0; i < models.Length; i++)
        {
            double sum = 0;
            for (int j = 0; j < models.Length; j++)
                sum += Math.Sqrt(Vectors.SquaredDistance(models[i].Parameters.Span, models[j].Parameters.Span));
            if (sum < least)
                (best, least) = (i, sum);
        }

        return best;
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

    /// <summary>Whether more than one neighbour says how far the fleet is, where more than one is known: a single one could say anything.</summary>
    private bool IsRoundSupported => peers.Count <= 1 || replicas.CountFresh(round, options.MaxAgeRounds) >= 2;

    /// <summary>False when a model holds a value that is not finite, or is so large that distances and losses would soon not be.</summary>
    private static bool IsSane(ReadOnlySpan<float> model) => Vectors.SumOfSquares(model) <= NormMax * NormMax;

    /// <summary>
    /// What may be mixed in: while the node trains, what came lately from neighbours not far behind most; after that what is final, however old,
    /// because a model that is still training would undo the average.
    /// </summary>
    private ReadOnlySpan<PeerModel> Fresh(int median)
    {
        long mixedBefore = options.ReuseRounds == 0 ? mixedArrivals : 0;
        mixedArrivals = replicas.Arrivals;
        return plan.Trains(round)
            ? replicas.Fresh(round, Math.Min(options.MaxAgeRounds, options.ReuseRounds == 0 ? int.MaxValue : options.ReuseRounds), median - options.MaxAgeRounds, mixedBefore, oncePerRound: options.ReuseRounds == 0)
            : replicas.Fresh(round, int.MaxValue, plan.TrainedRounds, mixedBefore);
    }

    /// <summary>Sets the count of rounds; past the last that trains the average becomes the model.</summary>
    private void CountTo(int next)
    {
        if (plan.Trains(round) && !plan.Trains(next))
            average.CopyTo(parameters.Span);
        round = next;
    }

    /// <summary>Takes over the fleet's count: the models held are no older for it.</summary>
    private void JumpTo(int next)
    {
        replicas.Shift(next - round);
        CountTo(next);
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
