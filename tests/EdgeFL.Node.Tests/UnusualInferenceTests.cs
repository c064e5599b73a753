using EdgeFL.Learning;
using EdgeFL.Numerics;

namespace EdgeFL.Node.Tests;

/// <summary>What a node says with models that have no classes: is a window unusual, and what comes next.</summary>
public sealed class UnusualInferenceTests
{
    private const int Rows = 20;

    [Fact]
    public void Reconstruct_AWindowUnlikeTheRest_IsUnusual()
    {
        ModelSpec model = ModelSpec.Parse("""{"name":"auto","task":"reconstruct","channels":2,"length":20,"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":4},{"type":"dense","outputs":0}]}"""u8);
        NodeCore node = Synthetic.Node(Synthetic.Options() with { InferenceIntervalMs = 0, LearningRate = 0.1f }, model);
        var random = new Philox(5, 5);
        List<Inference> said = [];
        for (int window = 0; window < 200; window++)
            said.AddRange(Feed(node, window, ref random));
        Assert.Equal(float.PositiveInfinity, said[0].Threshold);
        Assert.Equal("usual", said[0].Label);
        Assert.True(float.IsFinite(said[^1].Threshold));
        Assert.True(said[^50..].Count(inference => inference.Label == "unusual") <= 3);

        Inference wild = Assert.Single(Feed(node, 200, ref random, wild: 30));
        Assert.Equal("unusual", wild.Label);
        Assert.True(wild.Score > wild.Threshold);
        Assert.Equal(-1, wild.Class);
        Assert.Empty(wild.Forecast);
        Assert.Equal("usual", Assert.Single(Feed(node, 201, ref random)).Label);

        // It is judged before it is learned from: what is large enough to change what is known of the channel does not hide itself.
        Assert.Equal("unusual", Assert.Single(Feed(node, 202, ref random, wild: 1e30f)).Label);
    }

    [Fact]
    public void Forecast_OfALevel_SaysTheRowsToComeAsMeasured()
    {
        ModelSpec model = ModelSpec.Parse("""{"name":"next","task":"forecast","channels":2,"length":20,"horizon":3,"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}"""u8);
        NodeCore node = Synthetic.Node(Synthetic.Options() with { InferenceIntervalMs = 0, LearningRate = 0.1f }, model);
        var random = new Philox(6, 6);
        Inference said = null!;
        for (int window = 0; window < 400; window++)
        {
            said = Assert.Single(Feed(node, window, ref random));
        }

        // Two channels of three rows; the second stands at about 1,000 and must come back in its own unit.
        Assert.Equal(6, said.Forecast.Length);
        Assert.All(said.Forecast[..3], value => Assert.InRange(value, -4f, 4f));
        Assert.All(said.Forecast[3..], value => Assert.InRange(value, 940f, 1060f));
    }

    /// <summary>Gives a node one window and time to learn; returns what it says of it.</summary>
    private static List<Inference> Feed(NodeCore node, int window, ref Philox random, float wild = 0)
    {
        var batch = new SampleBatch(2, Rows);
        float level = random.NextGaussian();
        for (int t = 0; t < Rows; t++)
            batch.TryAdd((window * 1000L) + t, window, 0, [wild > 0 ? wild * ((t % 2) - 0.5f) : level + (0.1f * random.NextGaussian()), 1000 + (10 * level)], float.NaN);
        var outbox = new Outbox();
        node.Handle(new NodeInput.SamplesRead(batch), window * 1000L, outbox);
        for (int tick = 0; tick < 5; tick++)
            node.Handle(new NodeInput.Tick(), (window * 1000L) + 10 + tick, new Outbox());
        return [.. outbox.Effects.OfType<NodeEffect.Inferred>().Select(effect => effect.Inference)];
    }
}
