using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>One message that mosquitto_sub printed.</summary>
internal sealed record Heard(string Topic, byte[] Payload)
{
    public string Fleet => Topic.Split('/')[2];

    public string Node => Topic.Split('/')[3];

    public string Suffix => string.Join('/', Topic.Split('/').Skip(4));

    public string Text => Encoding.UTF8.GetString(Payload);

    public JsonElement Json => JsonDocument.Parse(Payload).RootElement;
}

/// <summary>mosquitto_sub, which knows nothing of us: what it prints is what any MQTT tool reads. Payloads come in hexadecimal, so that frames do not break lines.</summary>
internal sealed class Listener : IDisposable
{
    private readonly List<Heard> heard = [];
    private readonly Child child;

    private Listener(IReadOnlyList<string> on, IReadOnlyList<string> arguments) =>
        child = Child.Start([.. on, "mosquitto_sub", "-h", "127.0.0.1", .. arguments, "-q", "1", "-F", "%t %x"], Take);

    public string Said => child.Errors + "\n" + string.Join('\n', All.TakeLast(40).Select(h => $"{h.Topic} {(h.Suffix.StartsWith("upd", StringComparison.Ordinal) ? "..." : h.Text)}"));

    public IReadOnlyList<Heard> All
    {
        get
        {
            lock (heard)
                return [.. heard];
        }
    }

    /// <summary>Listens at a node's own broker with an operator's certificate.</summary>
    /// <param name="port">The broker's.</param>
    /// <param name="operatorFolder">The certificate's.</param>
    /// <param name="filter">What is heard.</param>
    /// <param name="on">What runs a command on the node's host; nothing for this machine.</param>
    public static Listener At(int port, string operatorFolder, string filter = "edgefl/#", params IReadOnlyList<string> on) => new(on,
    [
        "-p", port.ToString(CultureInfo.InvariantCulture), "--cafile", Path.Combine(operatorFolder, "ca.pem"), "--cert", Path.Combine(operatorFolder, "cert.pem"),
        "--key", Path.Combine(operatorFolder, "key.pem"), "--insecure", "-t", filter,
    ]);

    /// <summary>Listens at a plain broker of this machine.</summary>
    public static Listener At(int port) => new([], ["-p", port.ToString(CultureInfo.InvariantCulture), "-t", "edgefl/#"]);

    public IEnumerable<Heard> Of(string node, string suffix) => All.Where(h => h.Node == node && h.Suffix == suffix);

    /// <summary>The newest message of a topic, or null.</summary>
    public Heard? Last(string node, string suffix) => Of(node, suffix).LastOrDefault();

    /// <summary>A whole number of the newest message of a topic; -1 before the first.</summary>
    public long Number(string node, string suffix, string member) => Last(node, suffix) is { } message ? message.Json.GetProperty(member).GetInt64() : -1;

    public long Round(string node) => Math.Max(Number(node, "train", "round"), Number(node, "telemetry", "round"));

    public bool HasEvent(string node, string code) => Of(node, "event").Any(h => h.Json.GetProperty("code").GetString() == code);

    public Task UntilAsync(Func<Listener, bool> condition, string what, TimeSpan? patience = null) =>
        Wait.UntilAsync(() => condition(this), what, () => Said, patience);

    public Task UntilRoundAsync(string node, long round) => UntilAsync(l => l.Round(node) >= round, $"{node} reaches round {round}");

    public void Dispose() => child.Dispose();

    private void Take(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        var message = new Heard(line[..space], Convert.FromHexString(line.AsSpan(space + 1)));
        lock (heard)
            heard.Add(message);
    }
}
