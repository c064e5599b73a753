using EdgeFL.Identity;

namespace EdgeFL.MqttLoad;

/// <summary>
/// Clients that are connected, subscribed to a topic each, and silent: some to begin with, all when the parent gives the word. One process opens both
/// parts, so that the pages which a broker has in common with it are shared by as many before and after.
/// </summary>
internal static class IdleRole
{
    private const int AtOnce = 16;

    /// <param name="settings">port, tls, first and connections: how many.</param>
    public static async Task RunAsync(Settings settings)
    {
        using DeviceCredentials? credentials = settings.Text("tls") is { } folder ? DeviceCredentials.Load(folder) : null;
        var clients = new List<LoadClient>();
        async Task OpenAsync(int count)
        {
            while (clients.Count < count)
            {
                IEnumerable<int> next = Enumerable.Range(clients.Count, Math.Min(AtOnce, count - clients.Count));
                clients.AddRange(await Task.WhenAll(next.Select(i => LoadClient.ConnectAsync(settings, $"idle-{i}", $"idle/{i}/#", credentials: credentials))));
            }
        }

        await OpenAsync(settings.Number("first", 20));
        Parent.Say("first", $"{clients.Count}");
        await Parent.GaveTheWord;
        await OpenAsync(settings.Number("connections", 1000));
        Parent.Say("connected", $"{clients.Count(client => client.Mqtt.IsConnected)}");
        await Parent.Gone;
    }
}
