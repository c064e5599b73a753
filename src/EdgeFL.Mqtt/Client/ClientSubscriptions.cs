using System.Text;

namespace EdgeFL.Mqtt;

/// <summary>Where a wish stands with the broker of now.</summary>
internal enum WishState
{
    /// <summary>To be asked for.</summary>
    Wanted,

    /// <summary>Asked for, not answered.</summary>
    Asked,

    /// <summary>Granted.</summary>
    Granted,

    /// <summary>Longer than this broker takes: not asked for, until a session begins anew.</summary>
    TooLong,
}

/// <summary>A filter that the client wants, or wants no longer.</summary>
internal sealed class Wish(MqttSubscription subscription, bool remove)
{
    public string Filter { get; } = subscription.Filter;
    public SubscribeEntry Entry { get; } = new(subscription.Filter, subscription.Qos, subscription.NoLocal, subscription.RetainAsPublished);
    public bool Remove { get; } = remove;
    public WishState State { get; set; }
    public bool EverGranted { get; set; }
    public TaskCompletionSource<MqttReason> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The filters that a client wants, kept over its connections. Used under the client's lock.</summary>
internal sealed class ClientSubscriptions
{
    private const int FiltersPerPacket = 16;

    /// <summary>Fixed header, identifier and no properties; then what a filter takes beside its text.</summary>
    private const int HeadBytesMax = 8;
    private const int EntryBytes = 3;
    private readonly Dictionary<string, Wish> wanted = new(StringComparer.Ordinal);
    private readonly List<Wish> unwanted = [];
    private readonly Dictionary<ushort, List<Wish>> asked = [];

    public bool IsAsked(ushort packetId) => asked.ContainsKey(packetId);

    public Wish Want(MqttSubscription subscription)
    {
        Wish wish = new(subscription, remove: false);
        if (wanted.TryGetValue(wish.Filter, out Wish? older))
        {
            wish.EverGranted = older.EverGranted;
            older.Done.TrySetResult(MqttReason.Success);
        }
        wanted[wish.Filter] = wish;
        return wish;
    }

    public Wish Unwant(string filter)
    {
        if (wanted.Remove(filter, out Wish? older))
            older.Done.TrySetResult(MqttReason.NoSubscriptionExisted);
        Wish wish = new(new MqttSubscription(filter), remove: true);
        unwanted.Add(wish);
        return wish;
    }

    /// <summary>A new connection. Without a remembered session everything is asked for again, and nothing is left to take back.</summary>
    public void Resume(bool sessionPresent)
    {
        asked.Clear();
        foreach (Wish wish in wanted.Values)
        {
            if (!sessionPresent || wish.State == WishState.Asked)
                wish.State = WishState.Wanted;
        }
        foreach (Wish wish in unwanted)
        {
            wish.State = WishState.Wanted;
            if (!sessionPresent)
                wish.Done.TrySetResult(MqttReason.NoSubscriptionExisted);
        }
        if (!sessionPresent)
            unwanted.Clear();
    }

    /// <summary>The next SUBSCRIBE or UNSUBSCRIBE to send, null when all is said.</summary>
    /// <param name="newPacketId">Gives an identifier.</param>
    /// <param name="bytesMax">Largest packet that the broker takes.</param>
    public MqttPacket? Next(Func<ushort> newPacketId, long bytesMax)
    {
        // Taken back first: a filter may be wanted again since.
        List<Wish> group = Gather(unwanted, bytesMax);
        if (group.Count > 0)
        {
            ushort id = newPacketId();
            asked.Add(id, group);
            return new UnsubscribePacket { PacketId = id, Filters = group.ConvertAll(wish => wish.Filter) };
        }
        group = Gather(wanted.Values, bytesMax);
        if (group.Count == 0)
            return null;
        ushort packetId = newPacketId();
        asked.Add(packetId, group);
        return new SubscribePacket { PacketId = packetId, Entries = group.ConvertAll(wish => wish.Entry) };
    }

    /// <summary>An answer came; false when it fits no question.</summary>
    public bool Answered(ushort packetId, bool removal, ReadOnlySpan<byte> codes)
    {
        if (!asked.TryGetValue(packetId, out List<Wish>? group) || group[0].Remove != removal || (codes.Length != group.Count && !(removal && codes.IsEmpty)))
            return false;
        asked.Remove(packetId);
        for (int i = 0; i < group.Count; i++)
        {
            Wish wish = group[i];
            MqttReason reason = codes.IsEmpty ? MqttReason.Success : (MqttReason)codes[i];
            if (removal)
                unwanted.Remove(wish);
            else if (reason < MqttReason.UnspecifiedError)
            {
                wish.State = WishState.Granted;
                wish.EverGranted = true;
            }
            else if (!wish.EverGranted && wanted.TryGetValue(wish.Filter, out Wish? current) && current == wish)
                wanted.Remove(wish.Filter);
            wish.Done.TrySetResult(reason);
        }
        return true;
    }

    public void Stop()
    {
        foreach (Wish wish in wanted.Values.Concat(unwanted))
            wish.Done.TrySetCanceled();
        wanted.Clear();
        unwanted.Clear();
        asked.Clear();
    }

    private static List<Wish> Gather(IEnumerable<Wish> wishes, long bytesMax)
    {
        List<Wish> group = [];
        long room = bytesMax - HeadBytesMax;
        foreach (Wish wish in wishes)
        {
            if (wish.State != WishState.Wanted || group.Count == FiltersPerPacket)
                continue;
            int bytes = Encoding.UTF8.GetByteCount(wish.Filter) + EntryBytes;
            if (bytes > bytesMax - HeadBytesMax)
            {
                wish.State = WishState.TooLong;
                wish.Done.TrySetResult(MqttReason.PacketTooLarge);
                continue;
            }
            if (bytes > room)
                break;
            room -= bytes;
            wish.State = WishState.Asked;
            group.Add(wish);
        }
        return group;
    }
}
