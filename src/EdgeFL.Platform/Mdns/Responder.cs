using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>
/// Advertises services: probing, announcing, defending names and goodbye (RFC 6762, 8 to 10). Synchronous: packets and time come in,
/// packets go out through the outbox. Answering is in the other part.
/// </summary>
internal sealed partial class Responder(MdnsOptions options, MdnsCounters counters, Outbox outbox, Random random)
{
    public const int ProbeCount = 3;
    public const int ProbeIntervalMs = 250;
    public const int AnnounceCount = 2;
    public const int AnnounceIntervalMs = 1000;

    /// <summary>After this many conflicts, <see cref="SlowProbeMs"/> pass before the next probe (RFC 6762, 8.1).</summary>
    public const int ConflictsFast = 15;
    public const int SlowProbeMs = 5000;

    /// <summary>Pause after a lost tie-break (RFC 6762, 8.2).</summary>
    public const int DeferMs = 1000;

    private readonly List<Advertised> services = [];
    private IReadOnlyList<MdnsLink> links = [];
    private HashSet<IPAddress> ownAddresses = [];

    public IReadOnlyList<Advertised> Services => services;

    /// <summary>Takes the links as they are now. Services are probed and announced anew when they changed (RFC 6762, 8).</summary>
    public void SetLinks(IReadOnlyList<MdnsLink> now, HashSet<IPAddress> machineAddresses, long nowMs)
    {
        links = now;
        ownAddresses = machineAddresses;
        foreach (var index in buckets.Keys)
        {
            if (links.All(link => link.Index != index))
                buckets.Remove(index); // Allowed while going through a dictionary.
        }
        foreach (var service in services.Where(service => service.State != AdvertisementState.Refused))
            StartProbing(service, nowMs, random.Next(ProbeIntervalMs));
    }

    public void Add(Advertised service, long nowMs)
    {
        services.Add(service);
        StartProbing(service, nowMs, random.Next(ProbeIntervalMs));
    }

    /// <summary>
    /// Takes a service back and says goodbye for it (RFC 6762, 10.1). Not for what other services or other programs of this machine may
    /// still need: the addresses of the host and the name of the type.
    /// </summary>
    public void Remove(Advertised service, long nowMs, bool goodbye = true)
    {
        if (!services.Remove(service))
            return;
        var wasLive = service.IsLive;
        service.Settled?.Invoke(new MdnsException(
            "mdns-withdrawn", $"The service '{service.Service.InstanceName}' was withdrawn before it was announced.",
                "Advertise it again."));
        service.Settled = null;
        SetState(service, AdvertisementState.Withdrawn);
        if (!wasLive || !goodbye)
            return;
        var kept = services.Where(other => other.IsLive).SelectMany(other => other.Records).Select(own => own.Record).ToHashSet();
        SendAll(service, record => kept.Contains(record) || !IsOfTheService(service, record) ? null : record.With(0, record.CacheFlush));
    }

    /// <summary>Changes the TXT record; a live service announces it without probing again (RFC 6762, 8.4).</summary>
    public void UpdateText(Advertised service, IReadOnlyDictionary<string, string> text, long nowMs)
    {
        if (!services.Contains(service))
            return;
        service.Rename(service.Service with { Txt = text });
        service.Build(links);
        if (service.IsLive)
        {
            service.State = AdvertisementState.Announcing;
            service.Steps = 0;
            service.NextStepMs = nowMs;
        }
    }

    /// <summary>Does what is due and returns when something will be due next; <see cref="long.MaxValue"/> for never.</summary>
    public long Tick(long nowMs)
    {
        var next = long.MaxValue;
        foreach (var service in services)
        {
            while (service.State is AdvertisementState.Probing or AdvertisementState.Announcing && service.NextStepMs <= nowMs)
                Step(service, nowMs);
            if (service.State is AdvertisementState.Probing or AdvertisementState.Announcing)
                next = Math.Min(next, service.NextStepMs);
        }
        return Math.Min(next, SendDueAnswers(nowMs));
    }

    /// <summary>Looks for names of ours in other hosts' answers.</summary>
    public void OnResponse(DnsMessage message, int linkIndex, long nowMs)
    {
        foreach (var record in message.Answers.Concat(message.Additionals))
        {
            if (record.TtlSeconds == 0)
            {
                Rescue(record, linkIndex, nowMs);
                continue;
            }
            ForgetAnswered(record, linkIndex);
            foreach (var service in services)
            {
                if (service.State != AdvertisementState.Refused && IsConflict(service, record))
                    Conflict(service, record.Name, nowMs);
            }
        }
    }

    private static bool IsOfTheService(Advertised service, DnsRecord record) =>
        record.Type is DnsType.Srv or DnsType.Txt || (record.Type == DnsType.Ptr && record.Target!.Equals(service.InstanceName));

    /// <summary>Another program said goodbye for a record that is ours as well: within the second of grace, say that it lives.</summary>
    private void Rescue(DnsRecord gone, int linkIndex, long nowMs)
    {
        foreach (var own in Live(linkIndex).Where(own => own.Record.Equals(gone)))
            own.Schedule(nowMs + SharedDelayMs + random.Next(SharedJitterMs), DefendRepeatMs);
    }

    /// <summary>A name of ours with a type of ours and data that is not ours on any link. Our own other addresses are not a
    /// conflict.</summary>
    private bool IsConflict(Advertised service, DnsRecord record)
    {
        if (!service.IsOurs(record.Name))
            return false;
        if (record.Type is DnsType.A or DnsType.Aaaa && ownAddresses.Contains(record.Address))
            return false;
        var sameType = false;
        foreach (var own in services.SelectMany(other => other.Records))
        {
            if (own.Record.Type != record.Type || own.Record.Type == DnsType.Nsec || !own.Record.Name.Equals(record.Name))
                continue;
            if (own.Record.Equals(record))
                return false;
            sameType = true;
        }
        return sameType;
    }

    private void Conflict(Advertised service, DnsName name, long nowMs)
    {
        counters.Add(MdnsCount.Conflict);
        service.Conflicts++;
        var delay = service.Conflicts >= ConflictsFast ? SlowProbeMs : random.Next(ProbeIntervalMs);
        if (service.IsLive)
        {
            // Perhaps the other one is gone or gives way: ask again before giving up the name (RFC 6762, 9).
            StartProbing(service, nowMs, delay);
            return;
        }
        if (options.ConflictPolicy == MdnsConflictPolicy.Report)
        {
            SetState(service, AdvertisementState.Refused);
            service.Settled?.Invoke(new MdnsException(
                "mdns-name-conflict",
                $"Another host already advertises '{name}'.",
                "Give each node its own id; see who holds it with: avahi-browse -rt " + service.Service.ServiceType));
            service.Settled = null;
            return;
        }
        var current = service.Service;
        service.Rename(name.Equals(service.InstanceName)
            ? current with { InstanceName = Advertised.NextName(current.InstanceName) }
            : current with { HostName = Advertised.NextName(Advertised.TrimLocal(current.HostName)) });
        StartProbing(service, nowMs, delay);
    }

    private void StartProbing(Advertised service, long nowMs, int delayMs)
    {
        service.Build(links);
        service.Steps = 0;
        service.NextStepMs = nowMs + delayMs;
        SetState(service, AdvertisementState.Probing);
    }

    private void Step(Advertised service, long nowMs)
    {
        if (service.State == AdvertisementState.Probing && service.Steps < ProbeCount)
        {
            Probe(service);
            service.Steps++;
            service.NextStepMs = nowMs + ProbeIntervalMs;
            return;
        }
        if (service.State == AdvertisementState.Probing)
        {
            service.Steps = 0;
            SetState(service, AdvertisementState.Announcing);
        }
        SendAll(service, record => record.Type == DnsType.Nsec ? null : record);
        foreach (var own in service.Records)
            own.SentMs = nowMs;
        service.Settled?.Invoke(null);
        service.Settled = null;
        service.Steps++;
        service.NextStepMs = nowMs + AnnounceIntervalMs;
        if (service.Steps == AnnounceCount)
        {
            service.Conflicts = 0;
            SetState(service, AdvertisementState.Published);
        }
    }

    private void SetState(Advertised service, AdvertisementState state)
    {
        service.State = state;
        if (service.Changed is { } changed)
            changed();
    }

    /// <summary>
    /// Asks for everything under our names and shows what we would claim, for tie-breaks (RFC 6762, 8.1 and 8.2). The answer is wanted
    /// by multicast: a unicast one reaches only one of the programs that share this machine's port, perhaps not us.
    /// </summary>
    private void Probe(Advertised service)
    {
        foreach (var link in links)
        {
            var message = new DnsMessage();
            message.Questions.Add(new DnsQuestion(service.InstanceName, DnsType.Any));
            message.Questions.Add(new DnsQuestion(service.HostName, DnsType.Any));
            // The cache-flush bit is not set in probes (RFC 6762, 10.2).
            message.Authorities.AddRange(Claims(service, link.Index).Select(record => record.With(record.TtlSeconds, false)));
            outbox.Send(link.Index, message);
        }
    }

    private static IEnumerable<DnsRecord> Claims(Advertised service, int linkIndex) =>
        service.Records.Where(own => own.LinkIndex == linkIndex && own.IsUnique && own.Record.Type != DnsType.Nsec)
            .Select(own => own.Record);

    /// <summary>Two hosts probe for one name at the same time: the one with the lexicographically later records goes on (RFC 6762,
    /// 8.2).</summary>
    private void BreakTie(DnsMessage probe, int linkIndex, long nowMs)
    {
        foreach (var service in services.Where(service => service.State == AdvertisementState.Probing))
        {
            foreach (var name in new[] { service.InstanceName, service.HostName })
            {
                var theirs = Sorted(probe.Authorities.Where(record => record.Name.Equals(name)));
                var ours = Sorted(Claims(service, linkIndex).Where(record => record.Name.Equals(name)));
                if (theirs.Count == 0 || ours.Count == 0 || Compare(ours, theirs) >= 0)
                    continue;
                service.Steps = 0;
                service.NextStepMs = nowMs + DeferMs;
            }
        }
    }

    private static List<DnsRecord> Sorted(IEnumerable<DnsRecord> records)
    {
        var list = records.ToList();
        list.Sort(Compare);
        return list;
    }

    private static int Compare(List<DnsRecord> a, List<DnsRecord> b)
    {
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            var order = Compare(a[i], b[i]);
            if (order != 0)
                return order;
        }
        return a.Count.CompareTo(b.Count);
    }

    private static int Compare(DnsRecord a, DnsRecord b) =>
        a.Type != b.Type ? a.Type.CompareTo(b.Type) : a.Data.Span.SequenceCompareTo(b.Data.Span);

    private void SendAll(Advertised service, Func<DnsRecord, DnsRecord?> choose)
    {
        foreach (var link in links)
        {
            var message = new DnsMessage { IsResponse = true };
            message.Answers.AddRange(service.Records.Where(own => own.LinkIndex == link.Index)
                .Select(own => choose(own.Record)).OfType<DnsRecord>());
            outbox.Send(link.Index, message);
        }
    }
}
