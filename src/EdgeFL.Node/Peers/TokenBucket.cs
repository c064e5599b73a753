namespace EdgeFL.Node.Peers;

/// <summary>Lets a bounded number of things through in a second, with a burst of twice that.</summary>
public struct TokenBucket
{
    private readonly int perSecond;
    private long milliTokens;
    private long lastMs;

    /// <summary>Makes a full bucket.</summary>
    /// <param name="perSecond">Tokens that come back each second, at least 1.</param>
    /// <param name="nowMs">The time.</param>
    public TokenBucket(int perSecond, long nowMs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perSecond, 1);
        this.perSecond = perSecond;
        milliTokens = perSecond * 2000L;
        lastMs = nowMs;
    }

    /// <summary>Takes one token; false when there is none. A clock that runs backwards gives none back.</summary>
    /// <param name="nowMs">The time.</param>
    public bool TryTake(long nowMs)
    {
        long passed = Math.Clamp(nowMs - lastMs, 0, 2000);
        lastMs = nowMs;
        milliTokens = Math.Min(perSecond * 2000L, milliTokens + passed * perSecond);
        if (milliTokens < 1000)
            return false;
        milliTokens -= 1000;
        return true;
    }
}
