using EdgeFL.EndToEnd.Tests.Programs;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>A recording that breaks while it is played: what was read stays learned, people are told where it broke, and the agent lives on.</summary>
public sealed class BrokenRecordingTests(RefusalFixture fixture) : IClassFixture<RefusalFixture>
{
    private const int Rows = 4000, BadLine = 2500;

    [Theory]
    [InlineData("walk.csv", "oops", "sensor-not-a-number")]
    [InlineData("walk.csv", "NaN", "sensor-not-finite")]
    [InlineData("walk.csv.gz", null, "sensor-gzip-cut")]
    public async Task BadRow_IsTold_AndTheAgentLearnsOn(string name, string? cell, string code)
    {
        string folder = fixture.Copy(c => RefusalFixture.Replaying(c, name));
        RefusalFixture.Recording(folder, name, Rows, (line, text) => cell is not null && line == BadLine ? text.Replace(",1,", $",{cell},", StringComparison.Ordinal) : text);
        string file = Path.Combine(folder, name);
        if (cell is null)
        {
            byte[] bytes = File.ReadAllBytes(file);
            File.WriteAllBytes(file, bytes[..(bytes.Length * 2 / 3)]);
        }

        using Agent agent = fixture.Fleet.Start(Path.GetFileName(folder));
        using Listener heard = fixture.Fleet.Listen(await agent.ListensAsync());
        await heard.UntilAsync(l => l.HasEvent("alpha", code) || !agent.IsRunning, $"event {code}; log: {agent.Log}");
        Heard told = heard.Of("alpha", "event").Single(h => h.Json.GetProperty("code").GetString() == code);
        Payloads.AssertDocumented(told);
        Assert.Equal("error", told.Json.GetProperty("severity").GetString());
        Assert.Contains(cell is null ? file : $"{file}:{BadLine}:", told.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEqual("", told.Json.GetProperty("fix").GetString());
        if (cell is not null)
            Assert.Contains(cell, told.Json.GetProperty("message").GetString(), StringComparison.Ordinal);

        long round = heard.Round("alpha");
        await heard.UntilRoundAsync("alpha", round + 20);
        Assert.True(agent.IsRunning, agent.Said);
        Assert.Equal(0, await agent.StopAsync(Wait.Patience));
    }
}
