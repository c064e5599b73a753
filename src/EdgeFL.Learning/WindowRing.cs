namespace EdgeFL.Learning;

/// <summary>The newest windows, by value, in a ring that grows up to its bound: a device with few windows pays for few.</summary>
internal sealed class WindowRing(int windowsMax)
{
    private readonly List<float[]> values = [];
    private readonly List<int> labels = [];
    private readonly List<float> targets = [];
    private readonly List<long> arrivals = [];
    private int next;

    internal int Count => values.Count;

    internal long Dropped { get; private set; }

    internal long Arrived { get; private set; }

    internal ReadOnlySpan<float> Values(int slot) => values[slot];

    internal int Label(int slot) => labels[slot];

    internal float Target(int slot) => targets[slot];

    /// <summary>Number of the window, by when it came.</summary>
    internal long Arrival(int slot) => arrivals[slot];

    internal void Add(ReadOnlySpan<float> window, int label, float target)
    {
        if (values.Count < windowsMax)
        {
            values.Add(window.ToArray());
            labels.Add(label);
            targets.Add(target);
            arrivals.Add(Arrived++);
            return;
        }
        window.CopyTo(values[next]);
        labels[next] = label;
        targets[next] = target;
        arrivals[next] = Arrived++;
        next = (next + 1) % windowsMax;
        Dropped++;
    }
}
