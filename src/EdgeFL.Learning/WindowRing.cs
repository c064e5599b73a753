namespace EdgeFL.Learning;

/// <summary>
/// The newest windows, by value, in a ring that grows up to its bound: a device with few windows pays for few. Where classes are told apart it is a queue of each: the oldest
/// of the largest class gives way, so that a class is kept however long it is not seen.
/// </summary>
/// <param name="windowsMax">Its bound.</param>
/// <param name="classes">K, labels then being 0 to K-1; 0 (default): the oldest of all gives way.</param>
internal sealed class WindowRing(int windowsMax, int classes = 0)
{
    private readonly List<float[]> values = [];
    private readonly List<int> labels = [];
    private readonly List<float> targets = [];
    private readonly List<long> arrivals = [];
    private readonly List<int> nextOfClass = []; // The slot of the class's window that came next.
    private readonly int[] oldestOf = new int[classes];
    private readonly int[] newestOf = new int[classes];
    private readonly int[] countOf = new int[classes];
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
        var slot = values.Count;
        if (slot < windowsMax)
        {
            values.Add(window.ToArray());
            labels.Add(label);
            targets.Add(target);
            arrivals.Add(Arrived++);
            if (classes > 0)
                nextOfClass.Add(slot);
        }
        else
        {
            slot = classes > 0 ? Dequeue(LargestClass(label)) : next;
            next = (slot + 1) % windowsMax;
            window.CopyTo(values[slot]);
            labels[slot] = label;
            targets[slot] = target;
            arrivals[slot] = Arrived++;
            Dropped++;
        }
        if (classes > 0)
            Enqueue(slot, label);
    }

    /// <summary>Among equals that of the window which comes: they stay equal.</summary>
    private int LargestClass(int label)
    {
        var largest = label;
        for (var k = 0; k < countOf.Length; k++)
        {
            if (countOf[k] > countOf[largest])
                largest = k;
        }
        return largest;
    }

    private int Dequeue(int label)
    {
        var slot = oldestOf[label];
        oldestOf[label] = nextOfClass[slot];
        countOf[label]--;
        return slot;
    }

    private void Enqueue(int slot, int label)
    {
        if (countOf[label]++ == 0)
            oldestOf[label] = slot;
        else
            nextOfClass[newestOf[label]] = slot;
        newestOf[label] = slot;
    }
}
