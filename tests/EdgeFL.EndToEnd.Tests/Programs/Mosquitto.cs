using System.Globalization;

namespace EdgeFL.EndToEnd.Tests.Programs;

/// <summary>A real mosquitto on a free port of loopback.</summary>
internal sealed class Mosquitto : IDisposable
{
    private readonly Child child;
    private readonly string folder;

    private Mosquitto(Child child, string folder, int port)
    {
        this.child = child;
        this.folder = folder;
        Port = port;
    }

    public int Port { get; }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{Port}");

    /// <summary>Starts one on a free port, or again where one was before.</summary>
    public static async Task<Mosquitto> StartAsync(int again = 0)
    {
        Assert.True(File.Exists("/usr/sbin/mosquitto"), "mosquitto is missing. Next: apt-get install mosquitto mosquitto-clients");
        string folder = Directory.CreateTempSubdirectory("edgefl-mosquitto-").FullName;
        for (int attempt = 0; ; attempt++)
        {
            int port = again > 0 ? again : Ports.Free(1)[0];
            string file = Path.Combine(folder, "mosquitto.conf");
            await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\npersistence false\nuser root\nallow_anonymous true\n"));
            var child = Child.Start(["/usr/sbin/mosquitto", "-c", file]);
            await Wait.UntilAsync(() => child.HasExited || Ports.Answers(port), "mosquitto listens", () => child.Said);
            if (!child.HasExited)
                return new Mosquitto(child, folder, port);
            Assert.True(attempt < 5, child.Said); // somebody else took the port in between
            child.Dispose();
        }
    }

    public void Dispose()
    {
        child.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
