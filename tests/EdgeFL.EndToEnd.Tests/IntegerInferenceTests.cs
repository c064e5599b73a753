using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Learning;
using EdgeFL.Learning.Quantized;
using EdgeFL.Node;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Agents that infer in integers.</summary>
public sealed class IntegerInferenceTests
{
    private const string Always = "laying";

    [Fact]
    public async Task AgentThatInfersInIntegers_KeepsItsModelAndSaysWhatTheFileSays()
    {
        using TestFleet fleet = await TestFleet.CreateAsync("alpha");
        int[] ports = fleet.ConfigureStatic(c => c with { Training = c.Training with { Int8Inference = true } }, "alpha");
        Agent first = fleet.Start("alpha");
        await first.ListensAsync();
        using (Listener heard = fleet.Listen(ports[0]))
        {
            await heard.UntilRoundAsync("alpha", 30);
            Assert.Equal(0, await first.StopAsync(TimeSpan.FromSeconds(5)));
        }

        // Its own model stands beside the checkpoint.
        string file = Path.Combine(fleet.State("alpha"), "model.int8");
        ModelSpec model = ModelSpec.Parse(await File.ReadAllBytesAsync(Built.Model("activity-cnn")));
        Assert.Equal(QuantizedModelError.None, QuantizedModelFile.Read(await File.ReadAllBytesAsync(file), model, out _));

        // In its place one that says the same of everything, as no model in floats does.
        float[] parameters = new float[model.ParameterCount];
        parameters[^(model.Classes.Count - model.Classes.ToList().IndexOf(Always))] = 20;
        await File.WriteAllBytesAsync(file, QuantizedModelFile.Write(Quantizer.Quantize(model, parameters, new float[model.InputCount])));
        Agent second = fleet.Start("alpha");
        await second.ListensAsync();
        using Listener again = fleet.Listen(ports[0]);
        await again.UntilAsync(l => l.Of("alpha", "infer").Count() >= 20, "alpha infers");
        Assert.All(again.Of("alpha", "infer").Take(20), h => Assert.Equal((Always, true), (h.Json.GetProperty("label").GetString(), h.Json.GetProperty("score").GetDouble() > 0.99)));
        Assert.Equal(0, await second.StopAsync(TimeSpan.FromSeconds(5)));

        // The next checkpoint brings the learned model back.
        Assert.Equal(QuantizedModelError.None, QuantizedModelFile.Read(await File.ReadAllBytesAsync(file), model, out QuantizedModel? learned));
        Assert.Contains(learned!.Layers[0].Weights.ToArray(), weight => weight != 0);
        Assert.DoesNotContain("quantized-unusable", second.Log, StringComparison.Ordinal);
    }
}
