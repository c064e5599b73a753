namespace EdgeFL.Mqtt;

/// <summary>What <see cref="MessageRouter.Attach"/> found.</summary>
/// <param name="Session">The session, null when there is no room for one more.</param>
/// <param name="Present">It was there before and goes on.</param>
/// <param name="Displaced">The connection that it was taken from.</param>
/// <param name="Will">A will that is due because of it.</param>
/// <param name="EvictedWill">The will of a session that had to make room, which is due with its end.</param>
internal readonly record struct Attachment(Session? Session, bool Present, BrokerConnection? Displaced, RoutedMessage? Will, RoutedMessage? EvictedWill);

internal sealed partial class MessageRouter
{
    private readonly Dictionary<string, int> connectedOf = new(StringComparer.Ordinal);

    /// <summary>The connection that a session has now, which a newer one would take it from. Called with the lock held.</summary>
    public BrokerConnection? ConnectionOf(string principal, string clientId) =>
        sessions.TryGetValue((principal, clientId), out Session? session) ? session.Connection : null;

    /// <summary>Whether a principal may have one connection more. Called with the lock held.</summary>
    public bool HasRoomFor(string principal) =>
        options.ConnectionsPerPrincipalMax == 0 || principal.Length == 0 || connectedOf.GetValueOrDefault(principal) < options.ConnectionsPerPrincipalMax;

    /// <summary>Binds a connection to its session, taking it over from an older one (3.1.4). Called with the lock held.</summary>
    /// <remarks>Sessions belong to a principal and a client identifier together: nobody takes over somebody else's by its name.</remarks>
    public Attachment Attach(BrokerConnection connection, string principal, string clientId, bool cleanStart)
    {
        (string, string) key = (principal, clientId);
        BrokerConnection? displaced = null;
        RoutedMessage? will = null;
        if (sessions.TryGetValue(key, out Session? session))
        {
            displaced = session.Connection;
            // One without an expiry ends with its connection, and so with being taken over (3.1.1, 3.1.2.4; 5.0, 3.1.2.11.2).
            bool ends = cleanStart || session.ExpirySeconds == 0;
            // The session goes on, so a delayed will is withdrawn; without a delay, or when the session ends, it is due (5.0, 3.1.2.5).
            if (session.Will is not null && (ends || (displaced is not null && session.WillDelaySeconds == 0)))
                will = session.Will;
            session.Will = null;
            session.WillDueAtMs = 0;
            if (ends)
            {
                // The older connection is still to end: it must not find its session bound, and forget the new one under the same name.
                Bind(session, null);
                Forget(session);
                session = null;
            }
        }
        bool present = session is not null;
        RoutedMessage? evictedWill = null;
        if (session is null)
        {
            if (sessions.Count >= options.SessionsMax && !TryEvict(out evictedWill))
                return new Attachment(null, false, displaced, will, null);
            session = new Session(principal, clientId, options);
            sessions.Add(key, session);
        }
        Bind(session, connection);
        session.EndsAtMs = 0;
        session.Resume();
        return new Attachment(session, present, displaced, will, evictedWill);
    }

    /// <summary>Unbinds a connection that has ended.</summary>
    /// <returns>The will that is due now, if any.</returns>
    public RoutedMessage? Detach(BrokerConnection connection, Session session)
    {
        lock (Gate)
        {
            if (session.Connection != connection)
                return null;
            Bind(session, null);
            RoutedMessage? will = session.Will;
            if (session.ExpirySeconds == 0)
            {
                Forget(session);
                return will;
            }
            session.EndsAtMs = clock.NowMs + session.ExpirySeconds * 1000L;
            if (will is null || session.WillDelaySeconds == 0)
            {
                session.Will = null;
                return will;
            }
            session.WillDueAtMs = clock.NowMs + session.WillDelaySeconds * 1000L;
            return null;
        }
    }

    /// <summary>Ends sessions whose time is over and forgets expired retained messages.</summary>
    /// <param name="dueWills">Gets the wills whose delay has passed or whose session has ended.</param>
    public void Sweep(List<RoutedMessage> dueWills)
    {
        lock (Gate)
        {
            long now = clock.NowMs;
            int expired = retained.Sweep(now);
            if (expired > 0)
                Interlocked.Add(ref tally.Expired, expired);
            foreach (Session session in sessions.Values)
            {
                if (session.Connection is not null)
                    continue;
                bool ends = session.EndsAtMs != 0 && now >= session.EndsAtMs;
                if (session.Will is not null && (ends || now >= session.WillDueAtMs))
                {
                    dueWills.Add(session.Will);
                    session.Will = null;
                }
                if (ends)
                    Forget(session);
            }
        }
    }

    /// <summary>Forgets a principal's sessions and gives back the connections that they had.</summary>
    public List<BrokerConnection> Expel(string principal)
    {
        List<BrokerConnection> cut = [];
        lock (Gate)
        {
            foreach (Session session in sessions.Values)
            {
                if (session.Principal != principal)
                    continue;
                if (session.Connection is null)
                {
                    Forget(session);
                    continue;
                }
                session.ExpirySeconds = 0;
                cut.Add(session.Connection);
            }
        }
        return cut;
    }

    private bool TryEvict(out RoutedMessage? will)
    {
        will = null;
        Session? oldest = null;
        foreach (Session session in sessions.Values)
        {
            if (session.Connection is null && (oldest is null || session.EndsAtMs < oldest.EndsAtMs))
                oldest = session;
        }
        if (oldest is null)
            return false;
        will = oldest.Will;
        Forget(oldest);
        return true;
    }

    /// <summary>Gives a session its connection or takes it away, and keeps count of what its principal has.</summary>
    private void Bind(Session session, BrokerConnection? connection)
    {
        int more = (connection is null ? 0 : 1) - (session.Connection is null ? 0 : 1);
        session.Connection = connection;
        int count = connectedOf.GetValueOrDefault(session.Principal) + more;
        if (count == 0)
            connectedOf.Remove(session.Principal);
        else
            connectedOf[session.Principal] = count;
    }

    private void Forget(Session session)
    {
        foreach ((string filter, Subscription subscription) in session.Subscriptions)
            Remove(subscription, filter);
        session.Subscriptions.Clear();
        Interlocked.Add(ref tally.Dropped, session.QueuedMessages);
        session.Clear();
        sessions.Remove((session.Principal, session.ClientId));
    }
}
