using System.Net.Sockets;
using System.Text;
using EdgeFL.Platform.Systemd;

namespace EdgeFL.Platform.Tests.Systemd;

public sealed class SystemdNotifierTests
{
    private static Socket Listen(string address)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        socket.Bind(new UnixDomainSocketEndPoint(address));
        return socket;
    }

    private static string Receive(Socket socket)
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Notifier_WithASocket_SaysWhatSystemdReads(bool isAbstract)
    {
        using var folder = new Sensors.TestFolder();
        string path = isAbstract ? "edgefl-test-" + Guid.NewGuid() : folder["notify"];
        using var listener = Listen(isAbstract ? "\0" + path : path);
        using var notifier = new SystemdNotifier(isAbstract ? "@" + path : path, TimeSpan.FromSeconds(30));
        Assert.True(notifier.IsEnabled);
        Assert.True(notifier.Ready());
        Assert.Equal("READY=1", Receive(listener));
        Assert.True(notifier.Status("round 3\nREADY=0"));
        Assert.Equal("STATUS=round 3 READY=0", Receive(listener));
        Assert.True(notifier.Watchdog());
        Assert.Equal("WATCHDOG=1", Receive(listener));
        Assert.True(notifier.Stopping());
        Assert.Equal("STOPPING=1", Receive(listener));
        Assert.Equal(0, notifier.Failures);
    }

    [Fact]
    public void Notifier_WithoutASocket_DoesNothing()
    {
        using var notifier = new SystemdNotifier(null);
        Assert.False(notifier.IsEnabled);
        Assert.False(notifier.Ready());
        Assert.Equal(0, notifier.Failures);
    }

    [Fact]
    public void Notifier_WhoseListenerIsGone_CountsAndGoesOn()
    {
        using var folder = new Sensors.TestFolder();
        using var notifier = new SystemdNotifier(folder["nobody"]);
        Assert.False(notifier.Watchdog());
        Assert.False(notifier.Status("x"));
        Assert.Equal(2, notifier.Failures);
    }

    [Fact]
    public void Notifier_WhoseListenerReadsNothing_NeverBlocks()
    {
        using var folder = new Sensors.TestFolder();
        using var listener = Listen(folder["notify"]);
        using var notifier = new SystemdNotifier(folder["notify"]);
        int sent = 0;
        while (sent < 100_000 && notifier.Watchdog())
            sent++;
        Assert.InRange(sent, 1, 99_999);
        Assert.Equal(1, notifier.Failures);
    }

    [Theory]
    [InlineData("relative/path")]
    [InlineData("vsock:2:1234")]
    [InlineData("/a-path-that-is-longer-than-the-hundred-and-eight-bytes-that-a-unix-socket-address-has-room-for-on-linux-systems")]
    public void Address_ThatCannotBe_IsNoSocket(string address)
    {
        using var notifier = new SystemdNotifier(address);
        Assert.False(notifier.Ready());
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "77", 30)]
    [InlineData("30000000", "78", 0)]
    [InlineData("soon", null, 0)]
    [InlineData(null, null, 0)]
    public void Watchdog_FromTheEnvironment_IsForThisProcessOnly(string? microseconds, string? pid, int seconds)
    {
        using var notifier = SystemdNotifier.From(name => name switch { "WATCHDOG_USEC" => microseconds, "WATCHDOG_PID" => pid, _ => null }, 77);
        Assert.Equal(TimeSpan.FromSeconds(seconds), notifier.WatchdogInterval);
        Assert.False(notifier.IsEnabled);
    }
}
