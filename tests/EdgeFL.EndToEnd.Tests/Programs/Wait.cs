namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>Every wait has an end; what was waited for, and what was seen instead, is in the failure.</summary>
internal static class Wait
{
    /// <summary>For things that take a moment on an idle machine and a while on a busy one.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public static async Task UntilAsync(Func<bool> condition, string what, Func<string>? seen = null, TimeSpan? patience = null)
    {
        long until = Environment.TickCount64 + (long)(patience ?? Patience).TotalMilliseconds;
        while (!condition())
        {
            if (Environment.TickCount64 > until)
                Assert.Fail($"Not seen within {(patience ?? Patience).TotalSeconds:0} s: {what}.{(seen is null ? "" : $" Instead:\n{seen()}")}");
            await Task.Delay(25);
        }
    }
}
