namespace EdgeFL.Node.Rounds;

/// <summary>Lets a bounded number of bytes through in an hour, with a burst of a minute's share, or of one message where that is more.</summary>
public sealed class ByteBudget
{
    private const int HourMs = 3_600_000;
    private const int BurstShare = 60;

    private readonly long perHour;
    private double left;
    private long lastMs = long.MinValue;

    /// <summary>Makes it full.</summary>
    /// <param name="bytesPerHour">Bytes in an hour; 0 for any number.</param>
    public ByteBudget(long bytesPerHour)
    {
        perHour = bytesPerHour;
        left = perHour / BurstShare;
    }

    /// <summary>Takes the bytes of as many copies of a message as the rest covers. A clock that runs backwards gives none back.</summary>
    /// <param name="copies">Copies wanted.</param>
    /// <param name="bytes">Bytes of each.</param>
    /// <param name="nowMs">The time.</param>
    /// <returns>Copies that may go.</returns>
    public int Take(int copies, int bytes, long nowMs)
    {
        if (perHour == 0)
            return copies;
        long passed = lastMs == long.MinValue ? 0 : Math.Clamp(nowMs - lastMs, 0, HourMs);
        lastMs = nowMs;
        left = Math.Min(Math.Max(bytes, perHour / BurstShare), left + (passed * (double)perHour / HourMs));
        int taken = (int)Math.Min(copies, left / bytes);
        left -= (double)taken * bytes;
        return taken;
    }
}
