namespace EdgeFL.Numerics;

public static partial class Elementary
{
    /// <summary>cos(2π·u): an angle in turns is brought into one turn without error, however large. Worst error below 0.51 ulp.</summary>
    /// <param name="u">Any float; NaN and infinity give NaN.</param>
    public static float CosineOfTurns(float u)
    {
        if (!float.IsFinite(u))
            return float.NaN;
        return (float)CosinePi(2.0 * Math.Abs(u - Math.Round((double)u)));
    }

    /// <summary>sin(2π·u); worst error below 0.51 ulp.</summary>
    /// <param name="u">Any float; NaN and infinity give NaN.</param>
    public static float SineOfTurns(float u)
    {
        if (!float.IsFinite(u))
            return float.NaN;
        var turn = u - Math.Round((double)u);
        var part = Math.Abs(turn);
        part = part > 0.25 ? 0.5 - part : part;
        var sine = part <= 0.125 ? SineSeries(2.0 * Math.PI * part) : CosineSeries(2.0 * Math.PI * (0.25 - part));
        return (float)Math.CopySign(sine, turn);
    }
}
