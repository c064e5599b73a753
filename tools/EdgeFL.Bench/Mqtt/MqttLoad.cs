using System.Globalization;

namespace EdgeFL.Bench.Mqtt;

/// <summary>A load on a broker: messages of one size and QoS from one publisher to one or several subscribed clients.</summary>
/// <param name="Size">Bytes of a payload.</param>
/// <param name="Qos">0 or 1.</param>
/// <param name="Receivers">Subscribed clients; all in one process.</param>
/// <param name="Rate">Messages a second; 0 for as many as the window lets through.</param>
internal sealed record MqttLoad(int Size, int Qos, int Receivers = 1, int Rate = 0)
{
    private const int WindowBytes = 1024 * 1024, WindowMin = 16, WindowMax = 1024;

    /// <summary>Messages between the publisher and the slowest receiver: 1 MiB, and never more than our broker's defaults hold at QoS 0.</summary>
    private int Window => Math.Clamp(WindowBytes / Size, WindowMin, WindowMax);

    /// <summary>Puts it on a broker once.</summary>
    /// <param name="pace">How long, and what makes it.</param>
    /// <param name="port">The broker's.</param>
    public MqttFigures Run(MqttPace pace, int port)
    {
        using var flow = new FlowPath();
        string[] both = ["--port", Text(port), .. Both(flow)];
        using LoadProcess subscriber = LoadProcess.Start(pace.Program, ["subscribe", .. both, .. Receiving(pace)]);
        subscriber.Text("ready");
        using LoadProcess publisher = LoadProcess.Start(pace.Program, ["publish", .. both, .. Publishing()]);
        MqttFigures figures = MqttFigures.From(subscriber);
        publisher.End();
        subscriber.End();
        return figures;
    }

    /// <summary>The same with our broker, all in one process; gives the most memory that it held, too, in 10^6 bytes.</summary>
    public (MqttFigures Figures, double PeakMb) RunTogether(MqttPace pace)
    {
        using var flow = new FlowPath();
        using LoadProcess all = LoadProcess.Start(pace.Program, ["together", .. Both(flow), .. Receiving(pace), .. Publishing()]);
        MqttFigures figures = MqttFigures.From(all);
        all.Text("done");
        return (figures, all.PeakMb);
    }

    /// <summary>Sends so many messages, cutting the connections of both clients at random, until all are there or no more come.</summary>
    /// <param name="program">edgefl-mqttload.</param>
    /// <param name="port">The broker's.</param>
    /// <param name="count">Messages.</param>
    /// <param name="seed">What the cuts follow from.</param>
    public MqttLosses RunWithCuts(string program, int port, int count, int seed)
    {
        using var flow = new FlowPath();
        string[] both = ["--port", Text(port), .. Both(flow), "--count", Text(count)];
        using LoadProcess subscriber = LoadProcess.Start(program, ["subscribe", .. both, "--cuts", Text(seed)]);
        subscriber.Text("ready");
        using LoadProcess publisher = LoadProcess.Start(program, ["publish", .. both, "--size", Text(Size), "--cuts", Text(seed + 1)]);
        publisher.End(count);
        subscriber.End(count);
        return new MqttLosses((long)subscriber.Number("missing"), (long)subscriber.Number("duplicates"), (int)publisher.Number("cuts"), (int)subscriber.Number("cuts"));
    }

    private string[] Both(FlowPath flow) => ["--qos", Text(Qos), "--window", Text(Window), "--in-flight", Text(MqttBench.InFlight), "--flow", flow.Path];

    private string[] Receiving(MqttPace pace) => ["--clients", Text(Receivers), "--warm-ms", Text(pace.WarmMs), "--measure-ms", Text(pace.MeasureMs)];

    private string[] Publishing() => ["--size", Text(Size), "--rate", Text(Rate)];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Where publisher and subscriber meet past the broker.</summary>
    private sealed class FlowPath : IDisposable
    {
        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"edgefl-flow-{Guid.NewGuid():N}");

        public void Dispose() => File.Delete(Path);
    }
}

/// <summary>How much is measured.</summary>
/// <param name="Program">edgefl-mqttload.</param>
/// <param name="Pairs">Turns of each broker.</param>
/// <param name="WarmMs">Time of a turn that is not counted, ms.</param>
/// <param name="MeasureMs">Time that is, ms.</param>
internal sealed record MqttPace(string Program, int Pairs, int WarmMs, int MeasureMs);

/// <summary>What came of a load.</summary>
/// <param name="Rate">Messages received a second.</param>
/// <param name="MedianUs">From the publisher's hands to the receiver's, microseconds.</param>
/// <param name="P99Us">What 99 of a hundred kept within.</param>
/// <param name="Missing">Messages that never came.</param>
internal sealed record MqttFigures(double Rate, double MedianUs, double P99Us, long Missing)
{
    public static MqttFigures From(LoadProcess subscriber) =>
        new(subscriber.Number("rate"), subscriber.Number("median-us"), subscriber.Number("p99-us"), (long)subscriber.Number("missing"));
}

/// <summary>What came of messages whose clients were cut off again and again.</summary>
/// <param name="Missing">Messages that never came.</param>
/// <param name="Duplicates">Messages that came again, as QoS 1 allows.</param>
/// <param name="PublisherCuts">Times that the publisher was cut off.</param>
/// <param name="SubscriberCuts">The same of the subscriber.</param>
internal sealed record MqttLosses(long Missing, long Duplicates, int PublisherCuts, int SubscriberCuts);
