using EdgeFL.Platform.Storage;

namespace EdgeFL.Platform.Tests.Storage;

/// <summary>The process is gone: nothing after this runs.</summary>
internal sealed class KilledException : Exception;

/// <summary>A disk in memory that keeps apart what has been written and what would survive a power cut, and stops at a chosen step.</summary>
internal sealed class CrashingFiles : IStorageFiles
{
    private sealed class Node
    {
        public byte[] Seen = [];
        public byte[] Kept = [];
    }

    private Dictionary<string, Node> seen = [];
    private Dictionary<string, Node> kept = [];
    private readonly List<Action<Dictionary<string, Node>>> pending = [];
    private bool dead;

    /// <summary>Steps done so far; a step is any call that changes the disk.</summary>
    public int Steps { get; private set; }

    /// <summary>The step at which the process dies, half-way through it; -1 for never.</summary>
    public int DieAt { get; set; } = -1;

    /// <summary>The step that fails with this exception once; the process goes on.</summary>
    public (int Step, Func<Exception> Fault)? FailAt { get; set; }

    public IEnumerable<string> Names => seen.Keys;

    /// <summary>The machine starts again after a kill: all that was written is there.</summary>
    public void RestartAfterKill()
    {
        dead = false;
        DieAt = -1;
    }

    /// <summary>The machine starts again after a power cut.</summary>
    /// <param name="renames">How many of the changes of names that were not synced reached the disk anyway, in order.</param>
    /// <param name="content">Share of bytes not synced that reached the disk anyway, 0 to 1; the rest are zeros.</param>
    public void RestartAfterPowerCut(int renames, double content)
    {
        foreach (var change in pending.Take(renames))
            change(kept);
        pending.Clear();
        foreach (var node in kept.Values.Concat(seen.Values).Distinct())
        {
            if (!node.Seen.AsSpan().SequenceEqual(node.Kept))
            {
                var torn = new byte[node.Seen.Length];
                node.Seen.AsSpan(0, (int)(torn.Length * content)).CopyTo(torn);
                node.Seen = node.Kept = torn;
            }
        }
        seen = new Dictionary<string, Node>(kept);
        RestartAfterKill();
    }

    /// <summary>Changes of names that a power cut may lose.</summary>
    public int PendingNames => pending.Count;

    public IStorageFile Create(string path, UnixFileMode mode)
    {
        Step();
        var node = new Node();
        Change(names => names[path] = node);
        return new Open(this, node);
    }

    public void Rename(string from, string to)
    {
        Step();
        var node = seen[from];
        Change(names =>
        {
            names[to] = node;
            names.Remove(from);
        });
    }

    public void SyncFolder(string folder)
    {
        Step();
        foreach (var change in pending)
            change(kept);
        pending.Clear();
    }

    public void Delete(string path)
    {
        Step();
        Change(names => names.Remove(path));
    }

    public byte[]? Read(string path, int bytesMax) => seen.TryGetValue(path, out var node) ? [.. node.Seen] : null;

    public void Damage(string path, Func<byte[], byte[]> change) => seen[path].Seen = change(seen[path].Seen);

    private void Change(Action<Dictionary<string, Node>> change)
    {
        change(seen);
        pending.Add(change);
    }

    private void Step()
    {
        if (dead || Steps == DieAt)
        {
            dead = true;
            throw new KilledException();
        }
        int step = Steps++;
        if (FailAt is { } fail && fail.Step == step)
        {
            FailAt = null;
            throw fail.Fault();
        }
    }

    private sealed class Open(CrashingFiles disk, Node node) : IStorageFile
    {
        public void Write(ReadOnlySpan<byte> bytes)
        {
            // A kill or a full disk comes in the midst of a write.
            byte[] before = node.Seen;
            node.Seen = [.. before, .. bytes[..(bytes.Length / 2)]];
            disk.Step();
            node.Seen = [.. before, .. bytes];
        }

        public void Sync()
        {
            disk.Step();
            node.Kept = [.. node.Seen];
        }

        public void Dispose()
        {
        }
    }
}
