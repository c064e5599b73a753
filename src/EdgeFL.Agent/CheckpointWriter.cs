using System.Threading.Channels;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Agent;

/// <summary>Writes checkpoints beside the host loop, so that a slow card never holds up the inbox. Only the newest one waiting is written.</summary>
internal sealed class CheckpointWriter
{
    private readonly Channel<ReadOnlyMemory<byte>> waiting = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Task writing;

    public CheckpointWriter(CheckpointStore store) => writing = WriteAsync(store);

    public void Write(ReadOnlyMemory<byte> state) => waiting.Writer.TryWrite(state);

    /// <summary>Writes what waits, and no more after that.</summary>
    public async Task FlushAsync()
    {
        waiting.Writer.TryComplete();
        await writing.ConfigureAwait(false);
    }

    private async Task WriteAsync(CheckpointStore store)
    {
        await foreach (ReadOnlyMemory<byte> state in waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                store.Save(state.Span);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                AgentLog.Error("checkpoint-failed", $"The checkpoint could not be written: {error.Message} The one before it is still whole.", "edgefl check");
            }
        }
    }
}
