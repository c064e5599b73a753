using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>
/// Finds services (RFC 6763, 4; RFC 6762, 5.2): asks with growing pauses, keeps what it needs of what it hears, and reports a service as
/// found while a PTR, an SRV, a TXT and an address record of it are alive. Synchronous, like <see cref="Responder"/>. Asking is in the
/// other part.
/// </summary>
internal sealed partial class Browser(MdnsOptions options, MdnsCounters counters, Outbox outbox, Random random)
{
    private readonly List<BrowseState> browses = [];
    private readonly RecordCache cache = new(options, counters, random);
    private IReadOnlyList<MdnsLink> links = [];

    public int BrowseCount => browses.Count;

    public int CachedRecords => cache.Count;

    /// <summary>Takes the links as they are now; what was heard on links that are gone is forgotten, and all are asked anew.</summary>
    public void SetLinks(IReadOnlyList<MdnsLink> now, long nowMs)
    {
        links = now;
        cache.Remove(cached => now.All(link => link.Index != cached.LinkIndex));
        foreach (var browse in browses)
            StartAsking(browse, nowMs);
        Evaluate(nowMs);
    }

    public void Add(BrowseState browse, long nowMs)
    {
        browses.Add(browse);
        StartAsking(browse, nowMs);
        foreach (var link in links)
        {
            foreach (var cached in cache.Get(browse.Question, DnsType.Ptr, link.Index))
                Note(browse, cached.Record.Target!, nowMs);
        }
        Evaluate(nowMs);
    }

    /// <summary>Ends a browse. Nothing more is reported to it; records that nobody else needs are dropped.</summary>
    public void Remove(BrowseState browse)
    {
        browses.Remove(browse);
        Forget();
    }

    /// <summary>
    /// Takes what is relevant to a browse: pointers first, then what they point to, then addresses of the hosts that these name. So the
    /// order within a packet does not matter and nothing else takes up room.
    /// </summary>
    public void OnResponse(DnsMessage message, int link, long nowMs)
    {
        if (browses.Count == 0)
            return;
        var records = message.Answers.Concat(message.Additionals).ToList();
        var relevant = false;
        foreach (var record in records.Where(record => record.Type == DnsType.Ptr))
        {
            foreach (var browse in browses
                .Where(browse => browse.Question.Equals(record.Name) && record.Target!.IsChildOf(browse.TypeName)))
            {
                relevant = true;
                if ((record.TtlSeconds == 0 || Note(browse, record.Target!, nowMs)) && !cache.Hear(record, link, nowMs))
                    break;
            }
        }
        foreach (var record in records.Where(record => record.Type is DnsType.Srv or DnsType.Txt))
        {
            if (!browses.Any(browse => browse.Instances.ContainsKey(record.Name)))
                continue;
            relevant = true;
            cache.Hear(record, link, nowMs);
        }
        var hosts = Hosts();
        foreach (var record in records.Where(record => record.Type is DnsType.A or DnsType.Aaaa && hosts.Contains(record.Name)))
        {
            relevant = true;
            cache.Hear(record, link, nowMs);
        }
        // Most of what is said on a link is about other things.
        if (relevant)
            Evaluate(nowMs);
    }

    /// <summary>Does what is due and returns when something will be due next; <see cref="long.MaxValue"/> for never.</summary>
    public long Tick(long nowMs)
    {
        var before = cache.Count;
        var next = cache.Expire(nowMs);
        if (cache.Count != before)
            Evaluate(nowMs);
        return Math.Min(next, Ask(nowMs));
    }

    /// <summary>Makes room for an instance if need be. False when all room is taken by resolved ones.</summary>
    private bool Note(BrowseState browse, DnsName instance, long nowMs)
    {
        if (browse.Instances.ContainsKey(instance))
            return true;
        if (browse.Instances.Count >= options.InstancesMax)
        {
            counters.Add(MdnsCount.InstanceDropped);
            // Forged pointers cost nothing to make; those that were never resolved must not crowd out real services.
            var oldest = browse.Instances.Values.Where(found => found.Reported is null).MinBy(found => found.SinceMs);
            if (oldest is null)
                return false;
            browse.Instances.Remove(oldest.Name);
            cache.RemovePointer(browse.Question, oldest.Name, links);
        }
        browse.Instances.Add(instance, new FoundInstance(instance, nowMs) { NextResolveMs = nowMs + FirstDelay() });
        return true;
    }

    /// <summary>Reports what has become complete, changed, or incomplete.</summary>
    private void Evaluate(long nowMs)
    {
        var forget = false;
        foreach (var browse in browses)
        {
            var targets = links.SelectMany(link => cache.Get(browse.Question, DnsType.Ptr, link.Index))
                .Select(cached => cached.Record.Target!).ToHashSet();
            foreach (var found in browse.Instances.Values.ToList())
            {
                var pointed = targets.Contains(found.Name);
                var now = pointed ? Assemble(browse, found.Name) : null;
                if (now is not null && !now.SameAs(found.Reported))
                {
                    found.Reported = now;
                    outbox.Call(() => browse.Found(now));
                }
                else if (now is null && found.Reported is not null)
                {
                    found.Reported = null;
                    found.NextResolveMs = nowMs + FirstDelay();
                    found.ResolveIntervalMs = 0;
                    outbox.Call(() => browse.Lost(found.Name.FirstLabel));
                }
                if (!pointed)
                    forget |= browse.Instances.Remove(found.Name);
            }
        }
        if (forget)
            Forget();
    }

    private ServiceInstance? Assemble(BrowseState browse, DnsName name)
    {
        var srv = Newest(name, DnsType.Srv);
        var txt = Newest(name, DnsType.Txt);
        if (srv is null || txt is null || srv.Record.Port == 0 || !TxtRecord.TryDecode(txt.Record.Data.Span, out var pairs))
            return null;
        var host = srv.Record.Target!;
        var addresses = links
            .SelectMany(link => cache.Get(host, DnsType.A, link.Index).Concat(cache.Get(host, DnsType.Aaaa, link.Index)))
            .Select(cached => cached.Record.Address)
            .Distinct()
            .ToList();
        if (addresses.Count == 0)
            return null;
        addresses.Sort(InOrder);
        return new ServiceInstance(name.FirstLabel, browse.ServiceType, host.ToString(), srv.Record.Port, addresses, pairs,
            browse.Subtypes);
    }

    private static int InOrder(IPAddress a, IPAddress b) =>
        a.AddressFamily != b.AddressFamily ? a.AddressFamily - b.AddressFamily : string.CompareOrdinal(a.ToString(), b.ToString());

    private CachedRecord? Newest(DnsName name, DnsType type) =>
        links.SelectMany(link => cache.Get(name, type, link.Index)).MaxBy(cached => cached.HeardMs);

    /// <summary>Drops records that no browse needs any more.</summary>
    private void Forget()
    {
        cache.Remove(cached => cached.Record.Type switch
        {
            DnsType.Ptr => !browses.Any(browse => browse.Question.Equals(cached.Record.Name)),
            DnsType.Srv or DnsType.Txt => !browses.Any(browse => browse.Instances.ContainsKey(cached.Record.Name)),
            _ => false,
        });
        var hosts = Hosts();
        cache.Remove(cached => cached.Record.Type is DnsType.A or DnsType.Aaaa && !hosts.Contains(cached.Record.Name));
    }

    private HashSet<DnsName> Hosts() =>
        cache.All.Where(cached => cached.Record.Type == DnsType.Srv).Select(cached => cached.Record.Target!).ToHashSet();

    private int FirstDelay() => 20 + random.Next(100);
}
