using System.Globalization;
using EdgeFL.Node;
using EdgeFL.Platform.Links;

namespace EdgeFL.Agent;

/// <summary>How the agent's process is, read from /proc now and then, with a tenth of jitter so that a fleet does not speak in chorus.</summary>
internal sealed class Telemetry(int intervalMs)
{
    private readonly long startedMs = Environment.TickCount64;
    private long nextMs = Environment.TickCount64;
    private long lastMs = Environment.TickCount64;
    private TimeSpan lastCpu = Environment.CpuUsage.TotalTime;

    public bool IsDue()
    {
        long now = Environment.TickCount64;
        if (now < nextMs)
            return false;
        nextMs = now + intervalMs + Random.Shared.Next(-intervalMs / 10, intervalMs / 10 + 1);
        return true;
    }

    public TelemetryPayload Read(NodeCore node, LinkCounters link, int queue, long dropped)
    {
        long now = Environment.TickCount64;
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        double share = now == lastMs ? 0 : 100 * (cpu - lastCpu).TotalMilliseconds / (now - lastMs);
        lastMs = now;
        lastCpu = cpu;
        return new TelemetryPayload(
            Math.Round(Environment.WorkingSet / 1048576.0, 1), Math.Round(share, 1), HottestZone(), (now - startedMs) / 1000, node.Round,
            link.BytesIn, link.BytesOut, link.ModelMessages, node.Received, node.Rejections.Total, link.ModelMessagesLost, queue, dropped);
    }

    private static double? HottestZone()
    {
        double? hottest = null;
        try
        {
            foreach (string zone in Directory.EnumerateDirectories("/sys/class/thermal", "thermal_zone*"))
            {
                if (int.TryParse(File.ReadAllText(Path.Combine(zone, "temp")), NumberStyles.Integer, CultureInfo.InvariantCulture, out int milli))
                    hottest = Math.Max(hottest ?? double.MinValue, milli / 1000.0);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A board without thermal zones has no temperature to tell.
        }

        return hottest;
    }
}
