using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace EdgeFL.Platform.Systemd;

/// <summary>Tells systemd how the service does: sd_notify(3), over the datagram socket that NOTIFY_SOCKET names.</summary>
/// <remarks>Does nothing where there is no such socket. Telling never throws and never blocks: a service manager that is away must not stop the learning.</remarks>
public sealed class SystemdNotifier : IDisposable
{
    private const int StatusCharsMax = 200;

    private readonly UnixDomainSocketEndPoint? endPoint;
    private readonly Socket? socket;
    private long failures;

    /// <summary>Makes a notifier.</summary>
    /// <param name="address">Path of the socket; a first @ stands for an abstract name; null or empty for none.</param>
    /// <param name="watchdogInterval">Time after which systemd takes the service for hung; zero for no watchdog.</param>
    public SystemdNotifier(string? address, TimeSpan watchdogInterval = default)
    {
        WatchdogInterval = watchdogInterval > TimeSpan.Zero ? watchdogInterval : TimeSpan.Zero;
        if (string.IsNullOrEmpty(address) || address[0] is not ('/' or '@'))
            return;
        try
        {
            endPoint = new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address);
            socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            endPoint = null;
            failures++;
        }
    }

    /// <summary>True when there is somebody to tell.</summary>
    public bool IsEnabled => socket is not null;

    /// <summary>Time after which systemd takes the service for hung; zero when it does not watch. Tell it twice as often.</summary>
    public TimeSpan WatchdogInterval { get; }

    /// <summary>Messages that could not be delivered.</summary>
    public long Failures => Volatile.Read(ref failures);

    /// <summary>Makes a notifier from NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)).</summary>
    public static SystemdNotifier FromEnvironment() => From(Environment.GetEnvironmentVariable, Environment.ProcessId);

    /// <summary>The start is finished; others may rely on the service.</summary>
    public bool Ready() => Send("READY=1");

    /// <summary>A line that <c>systemctl status</c> shows; line ends become blanks, at most 200 characters.</summary>
    /// <param name="text">What is going on.</param>
    public bool Status(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string line = text.Length > StatusCharsMax ? text[..StatusCharsMax] : text;
        return Send("STATUS=" + line.ReplaceLineEndings(" "));
    }

    /// <summary>The service is alive; to be said at least every half <see cref="WatchdogInterval"/>.</summary>
    public bool Watchdog() => Send("WATCHDOG=1");

    /// <summary>The shutdown has begun.</summary>
    public bool Stopping() => Send("STOPPING=1");

    /// <inheritdoc/>
    public void Dispose() => socket?.Dispose();

    internal static SystemdNotifier From(Func<string, string?> variable, int processId)
    {
        var interval = TimeSpan.Zero;
        string? watched = variable("WATCHDOG_PID");
        bool mine = string.IsNullOrEmpty(watched) || watched == processId.ToString(CultureInfo.InvariantCulture);
        if (mine && ulong.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong microseconds))
            interval = TimeSpan.FromMicroseconds(Math.Min(microseconds, 86_400_000_000));
        return new SystemdNotifier(variable("NOTIFY_SOCKET"), interval);
    }

    private bool Send(string message)
    {
        if (socket is null)
            return false;
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(message), endPoint!);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref failures);
            return false;
        }
    }
}
