namespace EdgeFL.Platform.Sensors;

/// <summary>Sine and cosine from additions and multiplications alone: the same bits on every processor and every libc.</summary>
internal static class Wave
{
    /// <summary>sin(2π·<paramref name="turns"/>), error below 1e-9 for |turns| up to 1e6.</summary>
    public static double Sin(double turns)
    {
        double t = turns - Math.Floor(turns + 0.5);
        // To [-1/4, 1/4] by sin(π - x) = sin(x).
        if (t > 0.25)
            t = 0.5 - t;
        else if (t < -0.25)
            t = -0.5 - t;
        double x = t * (2 * Math.PI);
        double s = x * x;
        // Taylor to x^15: the remainder at π/2 is 6e-12.
        double sum = -1.0 / 1307674368000;
        sum = (sum * s) + (1.0 / 6227020800);
        sum = (sum * s) - (1.0 / 39916800);
        sum = (sum * s) + (1.0 / 362880);
        sum = (sum * s) - (1.0 / 5040);
        sum = (sum * s) + (1.0 / 120);
        sum = (sum * s) - (1.0 / 6);
        return x * ((sum * s) + 1);
    }

    /// <summary>cos(2π·<paramref name="turns"/>), error below 1e-9 for |turns| up to 1e6.</summary>
    public static double Cos(double turns) => Sin(turns + 0.25);
}
