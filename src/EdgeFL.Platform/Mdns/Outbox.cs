using System.Net;

namespace EdgeFL.Platform.Mdns;

/// <summary>A message to send on one link: to the group, or to one host.</summary>
internal sealed record Outgoing(int LinkIndex, DnsMessage Message, IPEndPoint? To = null);

/// <summary>What the synchronous cores want done: packets to send, callbacks to make. Emptied after every input.</summary>
internal sealed class Outbox
{
    public List<Outgoing> Messages { get; } = [];

    public List<Action> Calls { get; } = [];

    public void Send(int linkIndex, DnsMessage message, IPEndPoint? to = null) => Messages.Add(new Outgoing(linkIndex, message, to));

    public void Call(Action action) => Calls.Add(action);
}
