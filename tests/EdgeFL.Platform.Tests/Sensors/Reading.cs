using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

internal sealed record Row(long TimeMs, int Segment, int Label, float[] Values, float Target);

/// <summary>Takes rows out of a sensor, with a bound on rows and time.</summary>
internal static class Reading
{
    public static async Task<(List<Row> Rows, SensorException? Failure)> Take(ISensor sensor, int rowsMax = int.MaxValue, Action<Row>? seen = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var rows = new List<Row>();
        try
        {
            await foreach (var batch in sensor.ReadAsync(limit.Token))
            {
                for (int i = 0; i < batch.Count && rows.Count < rowsMax; i++)
                {
                    rows.Add(new Row(batch.TimeMs(i), batch.Segment(i), batch.Label(i), batch.Values(i).ToArray(), batch.Target(i)));
                    seen?.Invoke(rows[^1]);
                }
                if (rows.Count >= rowsMax)
                    break;
            }
        }
        catch (SensorException e)
        {
            return (rows, e);
        }
        return (rows, null);
    }
}
