using System.Globalization;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttLoad;

/// <summary>Our broker with its publisher and its subscriber in one process, as on a device that is all three.</summary>
internal static class TogetherRole
{
    /// <param name="settings">As for the publisher and the subscriber, without a port.</param>
    public static async Task RunAsync(Settings settings)
    {
        await using MqttBroker broker = BrokerRole.Make(null, settings.Number("in-flight", 64));
        await broker.StartAsync();
        Settings both = settings.With("port", broker.LocalEndPoint.Port.ToString(CultureInfo.InvariantCulture));
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task receiving = SubscribeRole.RunAsync(both, ready.SetResult);
        await Task.WhenAny(ready.Task, receiving);
        await Task.WhenAll(receiving, PublishRole.RunAsync(both));
        Parent.Say("done", $"{broker.Counters.PublishesOut}");
        await Parent.Gone;
    }
}
