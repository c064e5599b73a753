using System.Threading.Channels;
using EdgeFL.Node;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Agent;

/// <summary>Writes checkpoints beside the host loop, so that a slow card never holds up the inbox. Only the newest one waiting is written.</summary>
internal sealed class CheckpointWriter
{
    private readonly Channel<NodeEffect.Persist> waiting = Channel.CreateBounded<NodeEffect.Persist>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Task writing;

    /// <summary>Begins to wait for checkpoints.</summary>
    /// <param name="store">Where they go.</param>
    /// <param name="quantized">File of the model in integers.</param>
    public CheckpointWriter(CheckpointStore store, string quantized) => writing = WriteAsync(store, quantized);

    public void Write(NodeEffect.Persist checkpoint) => waiting.Writer.TryWrite(checkpoint);

    /// <summary>Writes what waits, and no more after that.</summary>
    public async Task FlushAsync()
    {
        waiting.Writer.TryComplete();
        await writing.ConfigureAwait(false);
    }

    private async Task WriteAsync(CheckpointStore store, string quantized)
    {
        await foreach (NodeEffect.Persist checkpoint in waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                store.Save(checkpoint.State.Span);
                if (!checkpoint.Quantized.IsEmpty)
                    AtomicFile.Write(quantized, checkpoint.Quantized.Span, AtomicFile.Private);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                AgentLog.Error("checkpoint-failed", $"The checkpoint could not be written: {error.Message} The one before it is still whole.", "edgefl check");
            }
        }
    }
}
