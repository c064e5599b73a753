using EdgeFL.Node;
using EdgeFL.Node.Recording;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Agent;

/// <summary>
/// The file of a node's recorded inputs. It holds what the sensor measured, so only its owner can read it. A node never stops for its recording: when it is full, or
/// the disk is, it ends there.
/// </summary>
internal sealed class InputRecording : IDisposable
{
    public const int MegabytesDefault = 256;

    private const int BufferBytes = 1 << 16;

    private readonly string path;
    private readonly FileStream file;
    private readonly InputRecorder recorder;
    private bool isOver;

    private InputRecording(string path, FileStream file, int megabytes)
    {
        this.path = path;
        this.file = file;
        recorder = new InputRecorder(megabytes * 1_000_000L);
    }

    /// <summary>Makes the file, in the place of one of that name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="megabytes">Most millions of bytes in it.</param>
    /// <exception cref="ConfigException">It cannot be made.</exception>
    public static InputRecording Open(string path, int megabytes)
    {
        try
        {
            File.Delete(path); // A new file is private whatever rights the old one had, and nobody still reads it.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = BufferBytes };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = AtomicFile.Private;
            return new InputRecording(path, new FileStream(path, options), megabytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException("recording-failed", $"The recording {path} cannot be written: {error.Message}", "Name a file in a folder that the agent may write with --record.", error);
        }
    }

    /// <summary>Writes what the node is made of.</summary>
    /// <exception cref="ConfigException">It is more than the file may hold.</exception>
    public void Begin(RecordedNode node)
    {
        try
        {
            file.Write(recorder.Begin(node));
        }
        catch (ArgumentException error)
        {
            throw new ConfigException("recording-failed", error.Message, "Give the recording more room: --record-max 1024", error);
        }
    }

    /// <summary>Writes an input that the node is about to take.</summary>
    /// <param name="input">The input.</param>
    /// <param name="nowMs">The time it is given with.</param>
    /// <param name="node">The node, before it takes it.</param>
    /// <returns>What there is to tell when the recording ends here; else null.</returns>
    public NodeEvent? Take(NodeInput input, long nowMs, NodeCore node)
    {
        if (isOver)
            return null;
        try
        {
            if (recorder.TryTake(input, nowMs, out ReadOnlySpan<byte> bytes))
            {
                file.Write(bytes);
                return null;
            }

            End(node);
            return new NodeEvent("recording-full", EventSeverity.Warning, $"The recording {path} is full and has ended; the node goes on.", "Give it more room: --record-max");
        }
        catch (IOException error)
        {
            isOver = true;
            return new NodeEvent("recording-failed", EventSeverity.Warning, $"The recording {path} has ended, the node goes on: {error.Message}", "df -h; then restart the agent.");
        }
    }

    /// <summary>Writes what the node has come to, unless the recording has ended before.</summary>
    /// <param name="node">The node, after its last input.</param>
    public void End(NodeCore node)
    {
        if (isOver)
            return;
        isOver = true;
        try
        {
            file.Write(recorder.End(node));
            file.Flush(flushToDisk: true);
        }
        catch (IOException error)
        {
            AgentLog.Error("recording-failed", $"The end of the recording {path} could not be written: {error.Message}", "df -h");
        }
    }

    public void Dispose()
    {
        try
        {
            file.Dispose();
        }
        catch (IOException error)
        {
            AgentLog.Error("recording-failed", $"The rest of the recording {path} could not be written: {error.Message}", "df -h");
        }
    }
}
