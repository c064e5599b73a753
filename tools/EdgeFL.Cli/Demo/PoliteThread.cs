using System.Runtime.InteropServices;

namespace EdgeFL.Cli.Demo;

/// <summary>Work that lets others go first.</summary>
internal static class PoliteThread
{
    private const int Process = 0; // PRIO_PROCESS: of one thread, on Linux.
    private const int Nice = 5; // A third of the weight of others: the nicest, 19, would never come to an end on a busy machine.

    /// <summary>Runs the work on a thread of its own that is nice (setpriority(2)): agents beside it should not stand still for it.</summary>
    /// <param name="work">What is to be done.</param>
    public static Task RunAsync(Action work) => Task.Factory.StartNew(
        () =>
        {
            _ = SetPriority(Process, 0, Nice); // Refused, the work is merely less polite.
            work();
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning, // No thread of the pool: it would stay nice.
        TaskScheduler.Default);

    [DllImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, int who, int priority);
}
