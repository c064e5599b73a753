namespace EdgeFL.Platform.Mdns;

/// <summary>Queries of the browser (RFC 6762, 5.2 and 7.1).</summary>
internal sealed partial class Browser
{
    private const int FirstIntervalMs = 1000;

    private void StartAsking(BrowseState browse, long nowMs)
    {
        browse.NextQueryMs = nowMs + FirstDelay();
        browse.IntervalMs = FirstIntervalMs;
    }

    private long Ask(long nowMs)
    {
        var questions = new Dictionary<int, List<DnsQuestion>>();
        foreach (var link in links)
            questions[link.Index] = [];
        foreach (var browse in browses)
        {
            AskForInstances(browse, questions, nowMs);
            foreach (var found in browse.Instances.Values.Where(found => found.Reported is null && found.NextResolveMs <= nowMs))
                AskForParts(found, questions, nowMs);
        }
        foreach (var cached in cache.All.Where(cached => cached.RefreshMs <= nowMs))
        {
            cached.PlanRefresh();
            Put(questions, cached.LinkIndex, cached.Record.Name, cached.Record.Type);
        }
        foreach (var (link, list) in questions)
        {
            if (list.Count > 0)
                outbox.Send(link, new DnsMessage { Questions = list, Answers = KnownAnswers(list, link, nowMs) });
        }
        return NextAsk();
    }

    private void AskForInstances(BrowseState browse, Dictionary<int, List<DnsQuestion>> questions, long nowMs)
    {
        if (browse.NextQueryMs > nowMs)
            return;
        foreach (var link in links)
            Put(questions, link.Index, browse.Question, DnsType.Ptr);
        browse.NextQueryMs = nowMs + browse.IntervalMs;
        browse.IntervalMs = Math.Min(browse.IntervalMs * 2, options.BrowseIntervalMsMax);
    }

    private void AskForParts(FoundInstance found, Dictionary<int, List<DnsQuestion>> questions, long nowMs)
    {
        var host = Newest(found.Name, DnsType.Srv)?.Record.Target;
        var text = Newest(found.Name, DnsType.Txt);
        foreach (var link in links)
        {
            if (host is null)
                Put(questions, link.Index, found.Name, DnsType.Srv);
            else
                Put(questions, link.Index, host, DnsType.A);
            if (text is null)
                Put(questions, link.Index, found.Name, DnsType.Txt);
        }
        found.ResolveIntervalMs = Math.Clamp(found.ResolveIntervalMs * 2, FirstIntervalMs, options.BrowseIntervalMsMax);
        found.NextResolveMs = nowMs + found.ResolveIntervalMs;
    }

    private static void Put(Dictionary<int, List<DnsQuestion>> questions, int link, DnsName name, DnsType type)
    {
        // QU is never asked for: a unicast answer reaches only one of the programs that share this machine's port.
        var question = new DnsQuestion(name, type);
        if (questions.TryGetValue(link, out var list) && !list.Contains(question))
            list.Add(question);
    }

    private List<DnsRecord> KnownAnswers(List<DnsQuestion> questions, int link, long nowMs) =>
        questions
            .Where(question => question.Type == DnsType.Ptr)
            .SelectMany(question => cache.Get(question.Name, DnsType.Ptr, link))
            .Where(cached => cached.IsFresh(nowMs))
            .Select(cached => cached.Remaining(nowMs))
            .ToList();

    private long NextAsk()
    {
        var next = long.MaxValue;
        foreach (var browse in browses)
        {
            next = Math.Min(next, browse.NextQueryMs);
            foreach (var found in browse.Instances.Values.Where(found => found.Reported is null))
                next = Math.Min(next, found.NextResolveMs);
        }
        foreach (var cached in cache.All)
            next = Math.Min(next, cached.RefreshMs);
        return next;
    }
}
