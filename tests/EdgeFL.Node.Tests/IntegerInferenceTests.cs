using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;

namespace EdgeFL.Node.Tests;

public sealed class IntegerInferenceTests
{
    [Fact]
    public void Checkpoint_OfANodeThatInfersInIntegers_BringsTheModelItInfersWith()
    {
        NodeCore node = Synthetic.Node(Synthetic.Options() with { Int8Inference = true, InferenceIntervalMs = 0 });
        Feed(node, 0);
        for (int tick = 0; tick < 200; tick++)
            node.Handle(new NodeInput.Tick(), 1000 + tick, new Outbox());
        var outbox = new Outbox();
        node.Handle(new NodeInput.Shutdown(), 2000, outbox);
        NodeEffect.Persist persist = outbox.Effects.OfType<NodeEffect.Persist>().Single();
        Assert.Equal(QuantizedModelError.None, QuantizedModelFile.Read(persist.Quantized.Span, Synthetic.Model, out _));

        // Another node that is given both says the same, of the round of the checkpoint.
        NodeCore other = Synthetic.Node(Synthetic.Options() with { Int8Inference = true, InferenceIntervalMs = 0 });
        Assert.Equal(CheckpointError.None, other.Restore(persist.State.Span));
        Assert.Equal(QuantizedModelError.None, other.RestoreIntegers(persist.Quantized.Span));
        List<Inference> own = Feed(node, 3000), same = Feed(other, 3000);
        Assert.NotEmpty(own);
        Assert.Equal(own, same);
        Assert.All(own, inference => Assert.Equal(node.Round, inference.Round));

        // In floats the scores are others, but hardly a label is.
        NodeCore floats = Synthetic.Node(Synthetic.Options() with { InferenceIntervalMs = 0 });
        Assert.Equal(CheckpointError.None, floats.Restore(persist.State.Span));
        List<Inference> exact = Feed(floats, 3000);
        Assert.NotEqual(exact.Select(inference => inference.Score), own.Select(inference => inference.Score));
        Assert.True(exact.Zip(own).Count(pair => pair.First.Label == pair.Second.Label) >= own.Count - 1);
    }

    [Fact]
    public void Checkpoint_OfANodeThatInfersInFloats_BringsNoModelInIntegers()
    {
        NodeCore node = Synthetic.Node(Synthetic.Options());
        Feed(node, 0);
        var outbox = new Outbox();
        node.Handle(new NodeInput.Shutdown(), 2000, outbox);
        Assert.True(outbox.Effects.OfType<NodeEffect.Persist>().Single().Quantized.IsEmpty);
        Assert.Throws<InvalidOperationException>(() => node.RestoreIntegers([]));
    }

    [Fact]
    public void Node_OfAModelThatDoesNotRunOnIntegers_IsRefused()
    {
        ModelSpec model = ModelSpec.Parse("""{"name":"m","task":"classify","channels":3,"length":20,"classes":["a","b","c"],"layers":[{"type":"gru","outputs":4},{"type":"dense","outputs":3}]}"""u8);
        var error = Assert.Throws<ArgumentException>(() => Synthetic.Node(Synthetic.Options() with { Int8Inference = true }, model));
        Assert.Contains("layer 0 (gru)", error.Message, StringComparison.Ordinal);
        Synthetic.Node(Synthetic.Options(), model);
    }

    [Fact]
    public void RestoreIntegers_OfAnotherModelOrGarbage_SaysSo()
    {
        NodeCore node = Synthetic.Node(Synthetic.Options() with { Int8Inference = true });
        ModelSpec large = Synthetic.LargeModel;
        byte[] file = QuantizedModelFile.Write(Quantizer.Quantize(large, new float[large.ParameterCount], new float[large.InputCount]));
        Assert.Equal(QuantizedModelError.WrongModel, node.RestoreIntegers(file));
        Assert.Equal(QuantizedModelError.Malformed, node.RestoreIntegers([1, 2, 3]));
    }

    /// <summary>Gives a node its stream; returns what it says of it.</summary>
    private static List<Inference> Feed(NodeCore node, long nowMs)
    {
        var outbox = new Outbox();
        foreach (SampleBatch batch in Synthetic.Stream(0))
            node.Handle(new NodeInput.SamplesRead(batch), nowMs++, outbox);
        return [.. outbox.Effects.OfType<NodeEffect.Inferred>().Select(effect => effect.Inference)];
    }
}
