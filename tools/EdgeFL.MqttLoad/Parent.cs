namespace EdgeFL.MqttLoad;

/// <summary>The bench that runs this program, at the other end of stdin and stdout.</summary>
internal static class Parent
{
    private static readonly TaskCompletionSource Spoke = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static readonly TaskCompletionSource Left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the first byte on stdin.</summary>
    public static Task GaveTheWord => Spoke.Task;

    /// <summary>Ends when stdin does.</summary>
    public static Task Gone => Left.Task;

    /// <summary>From now on no role outlives its parent.</summary>
    public static void EndWithIt()
    {
        new Thread(Watch) { IsBackground = true, Name = "stdin" }.Start();
    }

    public static void Say(string name, FormattableString value)
    {
        Console.Out.WriteLine($"{name}={FormattableString.Invariant(value)}");
        Console.Out.Flush();
    }

    private static void Watch()
    {
        const int GraceMs = 5000;
        using Stream input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
            Spoke.TrySetResult();
        Left.SetResult();
        // A role that waits for this ends by itself; any other has lost the one who reads what it says.
        Thread.Sleep(GraceMs);
        Environment.Exit(1);
    }
}
