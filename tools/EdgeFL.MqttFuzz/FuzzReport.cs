namespace EdgeFL.MqttFuzz;

/// <summary>What one part of a run did; one that found a fault throws <see cref="FuzzException"/> instead.</summary>
/// <param name="Part">codec, broker or client.</param>
/// <param name="Packets">Mutated packets tried.</param>
/// <param name="Accepted">Of them, well formed all the same: what lies behind the first checks is reached by these.</param>
/// <param name="Kept">Mutants that reached something new and became seeds.</param>
/// <param name="Seconds">Time taken.</param>
public sealed record FuzzReport(string Part, long Packets, long Accepted, int Kept, double Seconds);

/// <summary>A fault that was found: the message holds the seed and the bytes.</summary>
/// <param name="message">What happened, with what.</param>
/// <param name="inner">What was thrown, null for a broken rule.</param>
public sealed class FuzzException(string message, Exception? inner = null) : Exception(message, inner);
