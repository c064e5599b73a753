namespace EdgeFL;

/// <summary>Says what a piece of code allocates, compiled into each test project.</summary>
internal static class Allocation
{
    /// <summary>
    /// The least that one of several runs allocates on this thread, bytes. The runtime itself allocates now and then, when it loads a type or replaces a
    /// method by a faster one; code that allocates does so in each run.
    /// </summary>
    /// <param name="run">Does the same work each time.</param>
    /// <param name="runs">How often.</param>
    public static long Least(Action run, int runs = 5)
    {
        long least = long.MaxValue;
        for (int i = 0; i < runs; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
