using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>Answering queries (RFC 6762, 6 and 7).</summary>
internal sealed partial class Responder
{
    /// <summary>Answers to a truncated query wait for the rest of its known answers (RFC 6762, 7.2).</summary>
    private const int TruncatedDelayMs = 400;
    private const int TruncatedJitterMs = 100;

    /// <summary>Answers that several hosts may give are spread in time (RFC 6762, 6).</summary>
    private const int SharedDelayMs = 20;
    private const int SharedJitterMs = 100;

    /// <summary>A record is multicast at most once a second; to defend a name four times (RFC 6762, 6).</summary>
    private const int RepeatMs = 1000;
    private const int DefendRepeatMs = 250;

    /// <summary>Resolvers that do not speak multicast DNS keep answers this long at most (RFC 6762, 6.7).</summary>
    private const uint LegacyTtlSeconds = 10;

    private readonly Dictionary<int, Bucket> buckets = [];

    public void OnQuery(DnsMessage query, MdnsLink link, IPEndPoint from, long nowMs)
    {
        var isProbe = query.Authorities.Count > 0;
        if (isProbe)
            BreakTie(query, link.Index, nowMs);
        if (query.Questions.Count == 0)
        {
            // The rest of a truncated query: what the asker knows need not be answered.
            foreach (var own in Live(link.Index).Where(own => own.DueMs != OwnRecord.NotPending && IsKnown(query, own.Record)))
                Suppress(own);
            return;
        }
        var legacy = from.Port != MdnsSocket.Port;
        var direct = new List<OwnRecord>();
        foreach (var question in query.Questions)
        {
            var matches = Match(question, link.Index);
            var delay = matches.Any(own => !own.IsUnique) ? SharedDelayMs + random.Next(SharedJitterMs) : 0;
            if (query.Truncated)
                delay = TruncatedDelayMs + random.Next(TruncatedJitterMs);
            foreach (var own in matches)
            {
                if (IsKnown(query, own.Record))
                    counters.Add(MdnsCount.Suppressed);
                else if (legacy || (question.UnicastWanted && MayAnswerDirectly(own, from, nowMs)))
                    direct.Add(own);
                else
                    own.Schedule(nowMs + delay, isProbe ? DefendRepeatMs : RepeatMs);
            }
        }
        if (direct.Count > 0)
            AnswerDirectly(query, direct, legacy, link, from, nowMs);
    }

    /// <summary>
    /// The asker wants a unicast answer. It gets one if it is on another machine (on ours the port is shared and the answer might reach
    /// the wrong program) and if all others heard the record in the last quarter of its life (RFC 6762, 5.4).
    /// </summary>
    private bool MayAnswerDirectly(OwnRecord own, IPEndPoint from, long nowMs) =>
        !ownAddresses.Contains(from.Address) && nowMs - own.SentMs < own.Record.TtlSeconds * 250L;

    private void AnswerDirectly(DnsMessage query, List<OwnRecord> answers, bool legacy, MdnsLink link, IPEndPoint from, long nowMs)
    {
        // Whoever is not on the link gets nothing: a forged sender must not turn us into an amplifier (RFC 6762, 11).
        if (!link.IsLocal(from.Address) && !ownAddresses.Contains(from.Address))
        {
            counters.Add(MdnsCount.Ignored);
            return;
        }
        if (!TakeToken(link.Index, nowMs))
            return;
        var message = new DnsMessage { IsResponse = true, Id = legacy ? query.Id : (ushort)0 };
        if (legacy)
            message.Questions.AddRange(query.Questions);
        DnsRecord Shape(DnsRecord record) => legacy ? record.With(Math.Min(record.TtlSeconds, LegacyTtlSeconds), false) : record;
        foreach (var own in answers.Where(own => !message.Answers.Contains(own.Record)))
            message.Answers.Add(Shape(own.Record));
        foreach (var own in Additional(answers, link.Index).Where(own => !message.Answers.Contains(own.Record)))
            message.Additionals.Add(Shape(own.Record));
        outbox.Send(link.Index, message, from);
    }

    private long SendDueAnswers(long nowMs)
    {
        var next = long.MaxValue;
        foreach (var link in links)
        {
            var due = Live(link.Index).Where(own => own.DueMs <= nowMs).ToList();
            if (due.Count > 0 && TakeToken(link.Index, nowMs))
            {
                var message = new DnsMessage { IsResponse = true };
                Put(message.Answers, due, message, nowMs);
                Put(message.Additionals, Additional(due, link.Index).Where(own => nowMs - own.SentMs >= RepeatMs), message, nowMs);
                outbox.Send(link.Index, message);
            }
            foreach (var own in due)
                own.DueMs = OwnRecord.NotPending;
            foreach (var own in Live(link.Index))
                next = Math.Min(next, own.DueMs);
        }
        return next;
    }

    private static void Put(List<DnsRecord> section, IEnumerable<OwnRecord> records, DnsMessage message, long nowMs)
    {
        foreach (var own in records)
        {
            own.SentMs = nowMs;
            own.DueMs = OwnRecord.NotPending;
            if (!message.Answers.Contains(own.Record) && !message.Additionals.Contains(own.Record))
                section.Add(own.Record);
        }
    }

    /// <summary>What the asker will ask for next (RFC 6763, 12): SRV and TXT after PTR, addresses after SRV, NSEC after addresses.</summary>
    private List<OwnRecord> Additional(List<OwnRecord> answers, int linkIndex)
    {
        var names = new HashSet<DnsName>();
        foreach (var own in answers)
        {
            if (own.Record.Target is { } target)
                names.Add(target);
            else if (own.Record.Type is DnsType.A or DnsType.Aaaa)
                names.Add(own.Record.Name);
        }
        var hosts = Live(linkIndex).Where(own => own.Record.Type == DnsType.Srv && names.Contains(own.Record.Name)).Select(own => own.Record.Target!);
        names.UnionWith(hosts.ToList());
        return Live(linkIndex).Where(own => own.IsUnique && names.Contains(own.Record.Name)).ToList();
    }

    private List<OwnRecord> Match(DnsQuestion question, int linkIndex)
    {
        var named = Live(linkIndex).Where(own => own.Record.Name.Equals(question.Name)).ToList();
        var typed = named.Where(own => question.Type == own.Record.Type || (question.Type == DnsType.Any && own.Record.Type != DnsType.Nsec)).ToList();
        // We own the name and know that it has no such record: say that (RFC 6762, 6.1).
        return typed.Count > 0 ? typed : named.Where(own => own.Record.Type == DnsType.Nsec).ToList();
    }

    private IEnumerable<OwnRecord> Live(int linkIndex) =>
        services.Where(service => service.IsLive).SelectMany(service => service.Records).Where(own => own.LinkIndex == linkIndex);

    /// <summary>Known with at least half of its life left (RFC 6762, 7.1).</summary>
    private static bool IsKnown(DnsMessage query, DnsRecord record) =>
        query.Answers.Any(known => known.Equals(record) && known.TtlSeconds >= record.TtlSeconds / 2);

    /// <summary>Another host has just given the answer that we were about to give (RFC 6762, 7.4).</summary>
    private void ForgetAnswered(DnsRecord heard, int linkIndex)
    {
        foreach (var own in Live(linkIndex))
        {
            if (own.DueMs != OwnRecord.NotPending && !own.IsUnique && heard.TtlSeconds >= own.Record.TtlSeconds && own.Record.Equals(heard))
                Suppress(own);
        }
    }

    private void Suppress(OwnRecord own)
    {
        own.DueMs = OwnRecord.NotPending;
        counters.Add(MdnsCount.Suppressed);
    }

    private bool TakeToken(int linkIndex, long nowMs)
    {
        if (!buckets.TryGetValue(linkIndex, out var bucket))
            buckets[linkIndex] = bucket = new Bucket { Tokens = options.ResponsesPerSecondMax, FilledMs = nowMs };
        bucket.Tokens = Math.Min(
            options.ResponsesPerSecondMax, bucket.Tokens + ((nowMs - bucket.FilledMs) * options.ResponsesPerSecondMax / 1000.0));
        bucket.FilledMs = nowMs;
        if (bucket.Tokens < 1)
        {
            counters.Add(MdnsCount.RateLimited);
            return false;
        }
        bucket.Tokens--;
        return true;
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long FilledMs { get; set; }
    }
}
