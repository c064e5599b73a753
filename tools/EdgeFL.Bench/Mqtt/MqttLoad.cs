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

    /// <summary>Messages between publisher and slowest receiver: as many as half the queue of our broker's defaults holds, or 1 MiB.</summary>
    private int Window => Math.Clamp(WindowBytes / Size, WindowMin, WindowMax);

    /// <summary>Puts it on a broker once.</summary>
    /// <param name="program">edgefl-mqttload.</param>
    /// <param name="broker">The broker.</param>
    /// <param name="warmMs">Time that is not counted, ms.</param>
    /// <param name="measureMs">Time that is, ms.</param>
    public MqttFigures Run(string program, BrokerProcess broker, int warmMs, int measureMs)
    {
        string flow = Path.Combine(Path.GetTempPath(), $"edgefl-flow-{Guid.NewGuid():N}");
        try
        {
            string[] both = ["--port", Text(broker.Port), "--qos", Text(Qos), "--window", Text(Window), "--in-flight", Text(MqttBench.InFlight), "--flow", flow];
            using LoadProcess subscriber = LoadProcess.Start(
                program, ["subscribe", .. both, "--clients", Text(Receivers), "--warm-ms", Text(warmMs), "--measure-ms", Text(measureMs)]);
            subscriber.Text("ready");
            using LoadProcess publisher = LoadProcess.Start(program, ["publish", .. both, "--size", Text(Size), "--rate", Text(Rate)]);
            var figures = new MqttFigures(subscriber.Number("rate"), subscriber.Number("median-us"), subscriber.Number("p99-us"), (long)subscriber.Number("missing"));
            publisher.End();
            subscriber.End();
            return figures;
        }
        finally
        {
            File.Delete(flow);
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What came of a load.</summary>
/// <param name="Rate">Messages received a second.</param>
/// <param name="MedianUs">From the publisher's hands to the receiver's, microseconds.</param>
/// <param name="P99Us">What 99 of a hundred kept within.</param>
/// <param name="Missing">Messages that never came.</param>
internal sealed record MqttFigures(double Rate, double MedianUs, double P99Us, long Missing);
