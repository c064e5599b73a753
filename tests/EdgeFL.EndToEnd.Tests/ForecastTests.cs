using System.Text.Json;
using EdgeFL.EndToEnd.Tests.Programs;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Agents whose models foresee.</summary>
public sealed class ForecastTests
{
    [Fact]
    public async Task AgentThatForecasts_SaysTheNextRowsOfEachChannelAndWhatIsUnusual()
    {
        using TestFleet fleet = await TestFleet.CreateAsync("alpha");
        int[] ports = await ConfigureAsync(fleet, length: 30, horizon: 2);
        Agent agent = fleet.Start("alpha");
        await agent.ListensAsync();
        using Listener heard = fleet.Listen(ports[0]);
        await heard.UntilAsync(l => l.Of("alpha", "infer").Any(h => h.Json.TryGetProperty("threshold", out _)), "alpha knows what is usual");
        JsonElement said = heard.Of("alpha", "infer").First(h => h.Json.TryGetProperty("threshold", out _)).Json;
        Assert.Contains(said.GetProperty("label").GetString(), (string[])["usual", "unusual"]);
        JsonProperty[] channels = [.. said.GetProperty("forecast").EnumerateObject()];
        Assert.Equal(6, channels.Length);
        Assert.All(channels, channel => Assert.Equal(2, channel.Value.GetArrayLength()));
        Assert.Equal(0, await agent.StopAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task AgentWhoseForecastIsTooLongToSend_SaysSoAndGoesOn()
    {
        using TestFleet fleet = await TestFleet.CreateAsync("alpha");
        int[] ports = await ConfigureAsync(fleet, length: 2050, horizon: 2000);
        Agent agent = fleet.Start("alpha");
        await agent.ListensAsync();
        using Listener heard = fleet.Listen(ports[0]);
        await heard.UntilAsync(l => agent.Log.Contains("payload-too-large", StringComparison.Ordinal) && l.Of("alpha", "train").Count() > 5, "alpha says what it left out, and goes on");
        Assert.Empty(heard.Of("alpha", "infer"));
        Assert.Equal(0, await agent.StopAsync(TimeSpan.FromSeconds(5)));
    }

    private static async Task<int[]> ConfigureAsync(TestFleet fleet, int length, int horizon)
    {
        string model = Path.Combine(fleet.Node("alpha"), "model.json");
        await File.WriteAllTextAsync(model, $$"""{"format":1,"name":"forecast","task":"forecast","channels":6,"length":{{length}},"horizon":{{horizon}},"normalise":"running","layers":[{"type":"globalaverage"},{"type":"dense","outputs":0}]}""");
        return fleet.ConfigureStatic(c => c with { Training = c.Training with { InferenceIntervalMs = 0 } }, "alpha");
    }
}
