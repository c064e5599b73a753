namespace EdgeFL.Platform.Storage;

/// <summary>How loading a checkpoint went.</summary>
public enum CheckpointStatus
{
    /// <summary>There is none: a first start.</summary>
    None,

    /// <summary>The newest one was read.</summary>
    Loaded,

    /// <summary>One generation could not be read; the other one was. The reason says which and why.</summary>
    FellBack,

    /// <summary>There are files but none can be read. The reason says why.</summary>
    Unreadable,
}

/// <summary>What loading a checkpoint gave.</summary>
/// <param name="Status">How it went.</param>
/// <param name="Generation">Number of the generation read; 0 when none was.</param>
/// <param name="Payload">What was saved; empty when none was read.</param>
/// <param name="Reason">Why a generation could not be read, for people; empty when all could.</param>
public sealed record CheckpointLoad(CheckpointStatus Status, ulong Generation, ReadOnlyMemory<byte> Payload, string Reason);
