using System.Diagnostics;

namespace EdgeFL.MqttFuzz;

/// <summary>Watches a live part: memory, and exceptions of tasks that nobody waits for.</summary>
internal sealed class FaultWatch : IDisposable
{
    /// <summary>How long anything may take that must happen; a machine under load is slow.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private volatile Exception? unobserved;

    public FaultWatch() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    public static void CheckHeap(string part, int seed, long most)
    {
        long held = GC.GetTotalMemory(forceFullCollection: false);
        // What is not collected yet does not count.
        if (held > most && (held = GC.GetTotalMemory(forceFullCollection: true)) > most)
            throw new FuzzException($"{part}: seed {seed}: {held} bytes of managed memory, more than {most}");
    }

    /// <summary>Throws what a task of the code under test threw and nobody saw.</summary>
    public void CheckTasks(string part, int seed)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (unobserved is { } fault)
            throw new FuzzException($"{part}: seed {seed}: a task ended in {fault.Message}", fault);
    }

    /// <summary>Waits for what must come about.</summary>
    public static void Await(Func<bool> holds, string part, int seed, string what)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!holds())
        {
            if (watch.Elapsed > Patience)
                throw new FuzzException($"{part}: seed {seed}: did not come about: {what}");
            Thread.Sleep(5);
        }
    }

    public void Dispose() => TaskScheduler.UnobservedTaskException -= OnUnobserved;

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs told) => unobserved = told.Exception;
}
