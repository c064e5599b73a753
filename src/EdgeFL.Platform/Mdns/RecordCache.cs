namespace EdgeFL.Platform.Mdns;

/// <summary>A record of another host, as heard on one link.</summary>
internal sealed class CachedRecord(DnsRecord record, int linkIndex)
{
    /// <summary>Shares of the life time after which a record that is still wanted is asked for again (RFC 6762, 5.2).</summary>
    private static readonly int[] RefreshPercent = [80, 85, 90, 95];

    public DnsRecord Record { get; private set; } = record;

    public int LinkIndex { get; } = linkIndex;

    public long HeardMs { get; private set; }

    public long ExpiresMs { get; private set; }

    public long RefreshMs { get; private set; }

    private int Refreshes { get; set; }

    private int JitterPermille { get; set; }

    public void Hear(DnsRecord heard, long nowMs, uint ttlSecondsMax, int jitterPermille)
    {
        Record = heard;
        HeardMs = nowMs;
        ExpiresMs = nowMs + (1000L * Math.Min(heard.TtlSeconds, ttlSecondsMax));
        Refreshes = -1;
        JitterPermille = jitterPermille;
        PlanRefresh();
    }

    /// <summary>Keeps the record one more second (goodbye: RFC 6762, 10.1; superseded: 10.2), in which it may be heard again.</summary>
    public void Doom(long nowMs)
    {
        ExpiresMs = Math.Min(ExpiresMs, nowMs + RecordCache.GraceMs);
        RefreshMs = long.MaxValue;
    }

    /// <summary>Plans the next of the four refreshes, each up to 2 % of the life time later than its share, so that not all ask at once.</summary>
    public void PlanRefresh()
    {
        Refreshes++;
        RefreshMs = Refreshes < RefreshPercent.Length
            ? HeardMs + ((ExpiresMs - HeardMs) * ((RefreshPercent[Refreshes] * 10) + JitterPermille) / 1000)
            : long.MaxValue;
    }

    /// <summary>Whether more than half of its life is left, so that it is worth listing as a known answer.</summary>
    public bool IsFresh(long nowMs) => ExpiresMs - nowMs > (ExpiresMs - HeardMs) / 2;

    /// <summary>The record with the seconds it has left.</summary>
    public DnsRecord Remaining(long nowMs) => Record.With((uint)Math.Max(1, (ExpiresMs - nowMs) / 1000), false);
}

/// <summary>
/// Records of other hosts by name, type and link, bounded in all and for each key (RFC 6762, 10). Links are kept apart: a record that
/// replaces others does so only on the link it came by.
/// </summary>
internal sealed class RecordCache(MdnsOptions options, MdnsCounters counters, Random random)
{
    public const int GraceMs = 1000;

    /// <summary>Life times are believed up to a day.</summary>
    private const uint TtlSecondsMax = 86_400;

    /// <summary>Addresses of one host on one link. Of SRV and TXT the newest counts, so few are enough.</summary>
    private const int RecordsPerNameMax = 8;

    private readonly Dictionary<(DnsName Name, DnsType Type, int Link), List<CachedRecord>> records = [];

    public int Count { get; private set; }

    public IEnumerable<CachedRecord> All => records.Values.SelectMany(list => list);

    public IReadOnlyList<CachedRecord> Get(DnsName name, DnsType type, int link) =>
        records.TryGetValue((name, type, link), out var list) ? list : [];

    /// <summary>Keeps, renews, replaces or dooms, as the record says. False when a bound is reached.</summary>
    public bool Hear(DnsRecord record, int link, long nowMs)
    {
        var key = (record.Name, record.Type, link);
        var list = records.GetValueOrDefault(key);
        var known = list?.Find(cached => cached.Record.Equals(record));
        if (record.TtlSeconds == 0)
        {
            known?.Doom(nowMs);
            return true;
        }
        if (record.CacheFlush && list is not null)
        {
            // Records of the same burst are a second old at most and stay.
            foreach (var other in list.Where(other => other != known && nowMs - other.HeardMs > GraceMs))
                other.Doom(nowMs);
        }
        if (known is null)
        {
            var max = record.Type == DnsType.Ptr ? options.InstancesMax : RecordsPerNameMax;
            if (Count >= options.CacheRecordsMax || (list?.Count ?? 0) >= max)
            {
                counters.Add(MdnsCount.CacheRefused);
                return false;
            }
            known = new CachedRecord(record, link);
            if (list is null)
                records[key] = list = [];
            list.Add(known);
            Count++;
        }
        known.Hear(record, nowMs, TtlSecondsMax, random.Next(20));
        return true;
    }

    /// <summary>Drops what has expired; returns when the next record will expire.</summary>
    public long Expire(long nowMs)
    {
        Remove(cached => cached.ExpiresMs <= nowMs);
        return Count == 0 ? long.MaxValue : All.Min(cached => cached.ExpiresMs);
    }

    public void Remove(Predicate<CachedRecord> match)
    {
        foreach (var (key, list) in records.ToList())
        {
            Count -= list.RemoveAll(match);
            if (list.Count == 0)
                records.Remove(key);
        }
    }
}
