using EdgeFL.Node;

namespace EdgeFL.Agent;

/// <summary>Lets each code of event through a few times a minute: who floods the node must not fill its log. What is held back is counted and told with the next.</summary>
internal sealed class EventLimit
{
    private const int PerMinute = 10;
    private const int CodesMax = 256;

    private readonly Dictionary<string, (long WindowMs, int Told, int HeldBack)> codes = new(StringComparer.Ordinal);

    /// <summary>The event as it is to be told, or null when there were enough of its kind.</summary>
    public NodeEvent? Take(NodeEvent happened, long nowMs)
    {
        if (!codes.TryGetValue(happened.Code, out var seen))
        {
            if (codes.Count >= CodesMax)
                codes.Clear();
            seen = (nowMs, 0, 0);
        }

        int heldBack = 0;
        if (nowMs - seen.WindowMs >= 60_000)
        {
            heldBack = seen.HeldBack;
            seen = (nowMs, 0, 0);
        }

        bool isTold = seen.Told < PerMinute;
        codes[happened.Code] = isTold ? seen with { Told = seen.Told + 1 } : seen with { HeldBack = seen.HeldBack + 1 };
        if (!isTold)
            return null;
        return heldBack == 0 ? happened : happened with { Message = $"{happened.Message} ({heldBack} more like it were left out)" };
    }
}
