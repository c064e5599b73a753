using System.Buffers.Binary;
using System.Diagnostics;
using EdgeFL.Mqtt;

namespace EdgeFL.MqttLoad;

/// <summary>What one subscribed client has got. Written by its handler alone, which the client never calls twice at once.</summary>
internal sealed class Receiver(int share, Action shareIsIn)
{
    private readonly long[] samples = new long[200_000];
    private long received;
    private int sampled;

    public long Received => Volatile.Read(ref received);

    /// <summary>Whether to keep how long each message took.</summary>
    public bool Sampling { get; set; }

    /// <summary>How long the sampled messages took, in ticks of the monotonic clock.</summary>
    public ReadOnlySpan<long> Samples => samples.AsSpan(0, sampled);

    public ValueTask Take(MqttMessage message)
    {
        if (Sampling && sampled < samples.Length)
            samples[sampled++] = Stopwatch.GetTimestamp() - BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span[8..]);
        long count = received + 1;
        Volatile.Write(ref received, count);
        if (count % share == 0)
            shareIsIn();
        return ValueTask.CompletedTask;
    }
}
