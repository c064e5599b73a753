namespace EdgeFL.Platform.Mdns;

/// <summary>Spreads a message of any size over packets that each fit the link.</summary>
internal static class DnsPacking
{
    /// <summary>
    /// Writes the message into one packet after another and hands each to <paramref name="send"/>. Known answers of a query that do not
    /// fit go into further packets announced by the TC bit (RFC 6762, 7.2); answers that do not fit go into further responses; additional
    /// records that do not fit are left out, since they are hints. Authorities stay with their questions: they must fit one packet.
    /// </summary>
    public static void Pack(DnsMessage message, DnsWriter writer, Action<ReadOnlyMemory<byte>> send)
    {
        writer.Begin(message.Id, message.IsResponse);
        foreach (var question in message.Questions)
        {
            if (!writer.TryWrite(question))
            {
                Flush(message, writer, send);
                writer.TryWrite(question);
            }
        }
        foreach (var record in message.Answers)
        {
            if (!writer.TryWrite(DnsSection.Answer, record))
            {
                if (!message.IsResponse)
                    writer.MarkTruncated();
                Flush(message, writer, send);
                writer.TryWrite(DnsSection.Answer, record);
            }
        }
        foreach (var record in message.Authorities)
            writer.TryWrite(DnsSection.Authority, record);
        foreach (var record in message.Additionals)
            writer.TryWrite(DnsSection.Additional, record);
        if (writer.Entries > 0)
            send(writer.Packet);
    }

    private static void Flush(DnsMessage message, DnsWriter writer, Action<ReadOnlyMemory<byte>> send)
    {
        if (writer.Entries > 0)
            send(writer.Packet);
        writer.Begin(message.Id, message.IsResponse);
    }
}
