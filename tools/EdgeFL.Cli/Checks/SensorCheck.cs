using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Checks;

/// <summary>Opens the sensor that the configuration names and waits for its first row.</summary>
internal static class SensorCheck
{
    /// <summary>Runs the check.</summary>
    public static async Task<Finding> RunAsync(CheckScope scope, CancellationToken cancel)
    {
        if (scope.Device is not { } device)
            return Finding.Skip("no sensor named (--config agent.json)");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(scope.Timeout);
        try
        {
            await using var sensor = device.OpenSensor();
            var description = sensor.Description;
            await foreach (var batch in sensor.ReadAsync(limit.Token).ConfigureAwait(false))
            {
                if (batch.Count > 0)
                    return Finding.Ok($"{description.Name} ({description.Kind}): {description.Channels.Count} channels, rows come");
            }

            return Finding.Warn($"{description.Name} ({description.Kind}) opened and gave no row", "look at the sensor's source in agent.json");
        }
        catch (SensorException refused)
        {
            return Finding.Error($"{refused.Where}: {refused.Cause}", refused.Remedy);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Finding.Warn($"no row within {scope.Timeout.TotalSeconds:0.#} s", "a slow sensor needs a longer --timeout");
        }
    }
}
