using System.Buffers.Binary;
using System.Collections;
using System.Diagnostics;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttLoad;

/// <summary>What one subscribed client has got. Written by its handler alone, which the client never calls twice at once.</summary>
/// <param name="share">Messages after which <paramref name="shareIsIn"/> is called again.</param>
/// <param name="shareIsIn">Called by the handler.</param>
/// <param name="count">How many messages will be published, where each is to be known by its number; 0 for none of that.</param>
internal sealed class Receiver(int share, Action shareIsIn, int count)
{
    private const int SamplesMax = 200_000;

    private readonly BitArray seen = new(count);
    private long[] samples = [];
    private long received;
    private int sampled;

    /// <summary>Messages that came, each once where they are known by number.</summary>
    public long Received => Volatile.Read(ref received);

    /// <summary>Messages that came again.</summary>
    public long Duplicates { get; private set; }

    /// <summary>How long the sampled messages took, in ticks of the monotonic clock.</summary>
    public ReadOnlySpan<long> Samples => samples.AsSpan(0, sampled);

    /// <summary>From now on it is kept how long each message took.</summary>
    public void Sample() => Volatile.Write(ref samples, new long[SamplesMax]);

    public ValueTask Take(MqttMessage message)
    {
        ReadOnlySpan<byte> payload = message.Payload.Span;
        if (sampled < Volatile.Read(ref samples).Length)
            samples[sampled++] = Stopwatch.GetTimestamp() - BinaryPrimitives.ReadInt64LittleEndian(payload[8..]);
        if (count > 0 && !IsNew((int)BinaryPrimitives.ReadInt64LittleEndian(payload)))
        {
            Duplicates++;
            return ValueTask.CompletedTask;
        }

        long now = received + 1;
        Volatile.Write(ref received, now);
        if (now % share == 0)
            shareIsIn();
        return ValueTask.CompletedTask;
    }

    private bool IsNew(int number)
    {
        bool isNew = !seen[number];
        seen[number] = true;
        return isNew;
    }
}
