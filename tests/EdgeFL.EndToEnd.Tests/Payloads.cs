using System.Text.Json;
using EdgeFL.EndToEnd.Tests.Programs;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>What each topic's JSON holds; members in brackets may be left out.</summary>
internal static class Payloads
{
    private static readonly Dictionary<string, string> Members = new()
    {
        ["info"] = "fleet node version kind board boot pid model modelHash parameters sensor fingerprint certificate",
        ["train"] = "state round rounds steps [loss] [heldOutLoss] [accuracy] samples peers merged",
        ["telemetry"] = "rss cpu [temperature] uptime round bytesIn bytesOut sent received rejected lost queue dropped",
        ["infer"] = "label score latencyMs [threshold] [forecast]",
        ["event"] = "code severity message fix [peer]",
    };

    /// <summary>Suffixes whose payload is JSON.</summary>
    public static IReadOnlyCollection<string> JsonSuffixes => Members.Keys;

    /// <summary>Holds a message against its topic's members.</summary>
    public static void AssertDocumented(Heard message)
    {
        if (message.Suffix == "status")
        {
            Assert.Contains(message.Text, new[] { "online", "offline" });
            return;
        }

        if (message.Suffix.StartsWith("upd/", StringComparison.Ordinal))
        {
            Assert.NotEqual((byte)'{', message.Payload[0]);
            return;
        }

        Assert.True(Members.TryGetValue(message.Suffix, out string? members), $"{message.Topic} is not documented: {message.Text}");
        JsonElement json = message.Json;
        Assert.Equal(JsonValueKind.Object, json.ValueKind);
        string[] said = json.EnumerateObject().Select(member => member.Name).ToArray();
        string[] all = members.Split(' ');
        Assert.Empty(said.Except(all.Select(member => member.Trim('[', ']'))));
        Assert.Empty(all.Where(member => member[0] != '[').Except(said));
    }
}
