using System.Globalization;

namespace EdgeFL.Cli.Plots;

/// <summary>Maps data to pixels along one axis and picks ticks that a person reads easily.</summary>
internal sealed class PlotScale
{
    private readonly bool _log;
    private readonly ValueFormat _format;
    private double _step;

    private PlotScale(bool log, ValueFormat format, double low, double high)
    {
        _log = log;
        _format = format;
        Low = low;
        High = high;
    }

    /// <summary>Lowest value shown.</summary>
    public double Low { get; private set; }

    /// <summary>Highest value shown.</summary>
    public double High { get; private set; }

    /// <summary>Values with a labelled tick and a grid line, ascending.</summary>
    public IReadOnlyList<double> Ticks { get; private set; } = [];

    /// <summary>Makes a scale for some values; values that cannot be shown are ignored, and no value at all gives 0 to 1 (1 to 10 when logarithmic).</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="values">The data along this axis.</param>
    /// <param name="wantedTicks">About how many ticks, 2 to 20.</param>
    /// <param name="tight">End exactly at the data instead of at a tick.</param>
    public static PlotScale For(PlotAxis axis, IEnumerable<double> values, int wantedTicks, bool tight)
    {
        var low = double.PositiveInfinity;
        var high = double.NegativeInfinity;
        foreach (var value in values)
        {
            if (!double.IsFinite(value) || (axis.Log && value <= 0))
                continue;
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        if (low > high)
            (low, high) = axis.Log ? (1, 10) : (0, 1);
        if (double.IsFinite(axis.Min) && !(axis.Log && axis.Min <= 0))
            low = axis.Min;
        if (double.IsFinite(axis.Max) && !(axis.Log && axis.Max <= 0))
            high = axis.Max;
        if (low > high)
            (low, high) = (high, low); // a bound that lies beyond all data
        if (axis.Log)
        {
            if (high / low < 1.5)
                (low, high) = (low / 1.5, high * 1.5);
            var scale = new PlotScale(log: true, axis.Format, low, high);
            scale.PickLogTicks(wantedTicks, tight);
            return scale;
        }

        if (!(high - low > Math.Max(Math.Abs(high), Math.Abs(low)) * 1e-9) || high - low < 1e-300)
        {
            var pad = low == 0 ? 1 : Math.Abs(low) * 0.1;
            (low, high) = (low - pad, high + pad);
        }

        var linear = new PlotScale(log: false, axis.Format, low, high);
        linear.PickLinearTicks(wantedTicks, tight, axis.WholeNumbers);
        return linear;
    }

    /// <summary>Position from 0 (low end) to 1 (high end); NaN for what cannot be shown.</summary>
    public double Position(double value)
    {
        if (!double.IsFinite(value) || (_log && value <= 0))
            return double.NaN;
        return _log ? (Math.Log(value) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low)) : (value - Low) / (High - Low);
    }

    /// <summary>A tick's label.</summary>
    public string Label(double tick) => _format switch
    {
        ValueFormat.Bytes => Bytes(tick),
        ValueFormat.Percent => Trim(tick * 100, _step * 100) + " %",
        _ => _log ? tick.ToString("0.######", CultureInfo.InvariantCulture) : Trim(tick, _step),
    };

    /// <summary>A value beside the plot: one figure finer than the ticks.</summary>
    public string Value(double value) => _format switch
    {
        ValueFormat.Bytes => Bytes(value),
        ValueFormat.Percent => Trim(value * 100, 0.1) + " %",
        _ => Trim(value, _log || !(_step > 0) ? Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1e-9, Math.Abs(value)))) - 2) : _step / 10),
    };

    /// <summary>Bytes in decimal units with at most three figures: <c>0 B</c>, <c>950 B</c>, <c>13.9 kB</c>, <c>5.4 MB</c>.</summary>
    public static string Bytes(double bytes)
    {
        if (!double.IsFinite(bytes))
            return "–";
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        var size = Math.Abs(bytes);
        var unit = 0;
        while (size >= 999.5 && unit < units.Length - 1)
        {
            size /= 1000;
            unit++;
        }

        var digits = unit == 0 || size >= 99.95 ? "0" : size >= 9.995 ? "0.#" : "0.##";
        return (bytes < 0 ? "-" : "") + size.ToString(digits, CultureInfo.InvariantCulture) + " " + units[unit];
    }

    private static string Trim(double value, double step)
    {
        var decimals = step > 0 ? Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 12) : 3;
        // A step of 2.5 needs one more figure than its size says.
        if (step > 0 && decimals < 12 && Math.Abs((Math.Round(step, decimals) / step) - 1) > 1e-6)
            decimals++;
        var text = value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text is "-0" ? "0" : text;
    }

    private void PickLinearTicks(int wanted, bool tight, bool whole)
    {
        var rough = (High - Low) / Math.Max(1, wanted - 1);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        _step = 10 * power;
        foreach (var factor in (ReadOnlySpan<double>)[1, 2, 2.5, 5])
        {
            if (factor * power >= rough * 0.999)
            {
                _step = factor * power;
                break;
            }
        }

        if (whole)
            _step = Math.Max(1, Math.Ceiling(_step));
        var first = Math.Ceiling((Low / _step) - 1e-6);
        var last = Math.Floor((High / _step) + 1e-6);
        if (!tight)
        {
            first = Math.Floor((Low / _step) + 1e-6);
            last = Math.Ceiling((High / _step) - 1e-6);
            Low = first * _step;
            High = last * _step;
        }

        var ticks = new List<double>();
        for (var i = first; i <= last && ticks.Count < 40; i++)
            ticks.Add(Math.Abs(i * _step) < _step * 1e-9 ? 0 : i * _step);
        Ticks = ticks;
    }

    private void PickLogTicks(int wanted, bool tight)
    {
        var decades = Math.Log10(High / Low);
        double[] factors = decades <= wanted / 3.0 ? [1, 2, 5] : decades <= wanted ? [1] : [];
        var every = factors.Length > 0 ? 1 : (int)Math.Ceiling(decades / wanted);
        if (factors.Length == 0)
            factors = [1];
        var ticks = new List<double>();
        var from = (int)Math.Floor(Math.Log10(Low)) - 1;
        var to = (int)Math.Ceiling(Math.Log10(High)) + 1;
        for (var power = from; power <= to && ticks.Count < 60; power++)
        {
            if (power % every != 0)
                continue;
            foreach (var factor in factors)
                ticks.Add(factor * Math.Pow(10, power));
        }

        if (!tight)
        {
            Low = ticks.LastOrDefault(t => t <= Low * 1.000001, Low);
            High = ticks.FirstOrDefault(t => t >= High * 0.999999, High);
        }

        Ticks = ticks.Where(t => t >= Low * 0.999999 && t <= High * 1.000001).ToList();
    }
}
