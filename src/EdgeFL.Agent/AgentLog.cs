using EdgeFL.Node;

namespace EdgeFL.Agent;

/// <summary>Lines on standard error, with the priority prefix that journald reads (sd-daemon(3)) when it listens.</summary>
internal static class AgentLog
{
    private static readonly bool Journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not null;

    public static void Info(string message) => Write(6, message);

    public static void Error(string code, string message, string fix) => Write(3, $"{code}: {message}{(fix.Length > 0 ? $" Next: {fix}" : "")}");

    public static void Event(NodeEvent raised)
    {
        int priority = raised.Severity switch { EventSeverity.Error => 3, EventSeverity.Warning => 4, _ => 6 };
        Write(priority, $"{raised.Code}: {raised.Message}{(raised.Fix.Length > 0 ? $" Next: {raised.Fix}" : "")}");
    }

    private static void Write(int priority, string message) => Console.Error.WriteLine(Journal ? $"<{priority}>{message}" : message);
}
