using System.Runtime.InteropServices;

namespace EdgeFL.Cli.Demo;

/// <summary>Work that takes only the processor time that nobody else wants.</summary>
internal static class LeftOverTime
{
    private const int Process = 0; // PRIO_PROCESS: of one thread, on Linux.
    private const int Nicest = 19;

    /// <summary>Runs the work on a thread of its own, the nicest there is (setpriority(2)): agents beside it must not stand still for it.</summary>
    /// <param name="work">What is to be done.</param>
    public static Task RunAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                _ = SetPriority(Process, 0, Nicest); // Refused, the work is merely less polite.
                work();
                done.SetResult();
            }
            catch (OperationCanceledException cancelled)
            {
                done.SetCanceled(cancelled.CancellationToken);
            }
            catch (Exception broken)
            {
                done.SetException(broken);
            }
        })
        { IsBackground = true, Name = "left-over" };
        thread.Start();
        return done.Task;
    }

    [DllImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, int who, int priority);
}
