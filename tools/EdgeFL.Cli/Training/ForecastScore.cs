using System.Globalization;
using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>How far forecasts lie from what came, channel by channel in its own unit, beside the forecast that nothing changes.</summary>
internal sealed class ForecastScore : RecipeScore
{
    private readonly List<(ChannelDescription Channel, double Rms, double Unchanged)> channels = [];
    private readonly int horizon;

    /// <summary>Judges forecasts.</summary>
    /// <param name="model">A model that forecasts.</param>
    /// <param name="data">What brings outputs back to the channels' units.</param>
    /// <param name="windows">What tests.</param>
    /// <param name="outputs">What the model said, shape [N,C,horizon], in its own scale; as measured on return.</param>
    public ForecastScore(ModelSpec model, LocalData data, RecipeData windows, Span<float> outputs)
    {
        horizon = model.Horizon;
        double[] squares = new double[model.Channels], unchanged = new double[model.Channels];
        for (int n = 0; n < windows.Test.Count; n++)
        {
            Span<float> said = outputs.Slice(n * model.OutputCount, model.OutputCount);
            data.ToRows(said, windows.Test[n], model.InputLength - 1);
            for (int c = 0; c < model.Channels; c++)
            {
                ReadOnlySpan<float> rows = windows.Test[n].Values.AsSpan(c * model.Length, model.Length);
                for (int h = 0; h < horizon; h++)
                {
                    double came = rows[model.InputLength + h], error = said[(c * horizon) + h] - came, change = rows[model.InputLength - 1] - came;
                    squares[c] += error * error;
                    unchanged[c] += change * change;
                }
            }
        }

        double count = (double)windows.Test.Count * horizon;
        for (int c = 0; c < model.Channels; c++)
            channels.Add((windows.Channels[c], Math.Sqrt(squares[c] / count), Math.Sqrt(unchanged[c] / count)));
    }

    /// <summary>Mean, over the channels that change at all, of the share of the error that the model takes off; NaN when none does.</summary>
    private double Skill => channels.Where(channel => channel.Unchanged > 0).Select(channel => 1 - (channel.Rms / channel.Unchanged)).DefaultIfEmpty(double.NaN).Average();

    /// <inheritdoc/>
    public override string Summary => double.IsNaN(Skill)
        ? $"{horizon} rows ahead, nothing changes in any channel: there is nothing to foresee"
        : FormattableString.Invariant($"{horizon} rows ahead, the error is {100 * Skill:0.0} % below that of \"nothing changes\", mean of {channels.Count(channel => channel.Unchanged > 0)} channels");

    /// <inheritdoc/>
    public override void WriteFigures(Utf8JsonWriter json)
    {
        json.WriteNumber("horizon", horizon);
        json.WriteFinite("skill", Skill, 6);
    }

    /// <inheritdoc/>
    public override void WriteDetail(Utf8JsonWriter json) => json.WriteObjects("channels", channels, (channel, item) =>
    {
        channel.WriteString("channel", item.Channel.Name);
        channel.WriteString("unit", item.Channel.Unit);
        channel.WriteFinite("rmse", item.Rms, 6);
        channel.WriteFinite("rmse_unchanged", item.Unchanged, 6);
    });

    /// <inheritdoc/>
    public override Table ToTable(CliContext context)
    {
        Table table = context.NewTable("channel", "RMSE", "if nothing changed");
        foreach ((ChannelDescription channel, double rms, double unchanged) in channels)
            table.AddRow(new Text(channel.Unit.Length > 0 ? $"{channel.Name}, {channel.Unit}" : channel.Name), new Text(Written(rms)), new Text(Written(unchanged)));
        return table;

        static string Written(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
    }
}
