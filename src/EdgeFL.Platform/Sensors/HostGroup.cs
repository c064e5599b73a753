using EdgeFL.Learning;

namespace EdgeFL.Platform.Sensors;

/// <summary>The channels that come from one kernel file.</summary>
internal abstract class HostGroup(string path)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>What it gives; may shrink in <see cref="Start"/> to what is really there.</summary>
    public abstract IReadOnlyList<ChannelDescription> Channels { get; }

    /// <summary>Looks at the file once; false when it holds nothing of use.</summary>
    public virtual bool Start(ReadOnlySpan<byte> text) => TrySample(text, 0, new float[Channels.Count]);

    /// <summary>Takes the values; on false the slots keep what they had.</summary>
    public abstract bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots);

    /// <summary>Growth of a counter; false when it ran backwards (a device went away, a counter wrapped).</summary>
    protected static bool TryGrowth(double now, ref double last, out double growth)
    {
        growth = now - last;
        last = now;
        return growth >= 0;
    }
}

/// <summary>One number, e.g. a temperature in m°C.</summary>
internal sealed class ScaledGroup(string path, string name, string unit, double scale) : HostGroup(path)
{
    public override IReadOnlyList<ChannelDescription> Channels { get; } = [new(name, unit)];

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        if (!ProcFile.TryNumber(ProcFile.Word(ref text), out double value))
            return false;
        slots[0] = (float)(value * scale);
        return true;
    }
}

/// <summary>Load average over one minute: the first word of /proc/loadavg (proc(5)).</summary>
internal sealed class LoadGroup(string path) : HostGroup(path)
{
    public override IReadOnlyList<ChannelDescription> Channels { get; } = [new("load1", "")];

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        if (!ProcFile.TryNumber(ProcFile.Word(ref text), out double value))
            return false;
        slots[0] = (float)value;
        return true;
    }
}

/// <summary>Busy and waiting share of all processors, from the first line of /proc/stat (proc(5)).</summary>
internal sealed class CpuGroup(string path) : HostGroup(path)
{
    private double lastTotal;
    private double lastIdle;
    private double lastWait;

    public override IReadOnlyList<ChannelDescription> Channels { get; } = [new("cpu_load", "%"), new("cpu_iowait", "%")];

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        if (!ProcFile.Line(ref text, out var line) || !ProcFile.Word(ref line).SequenceEqual("cpu"u8))
            return false;
        double total = 0, idle = 0, wait = 0;
        // user nice system idle iowait irq softirq steal; guest times are in user and nice already.
        for (int i = 0; i < 8 && ProcFile.TryNumber(ProcFile.Word(ref line), out double ticks); i++)
        {
            total += ticks;
            if (i == 3)
                idle = ticks;
            else if (i == 4)
                wait = ticks;
        }
        bool forward = TryGrowth(total, ref lastTotal, out double all) & TryGrowth(idle, ref lastIdle, out double unused);
        // iowait may run backwards a little (proc(5)): that is no growth, not an error.
        TryGrowth(wait, ref lastWait, out double waited);
        waited = Math.Max(0, waited);
        if (seconds == 0)
            return total > 0;
        if (!forward || all == 0)
            return forward;
        slots[0] = (float)Math.Clamp(100 * (all - unused - waited) / all, 0, 100);
        slots[1] = (float)Math.Clamp(100 * waited / all, 0, 100);
        return true;
    }
}

/// <summary>Memory and swap in use, from /proc/meminfo (proc(5)).</summary>
internal sealed class MemoryGroup(string path) : HostGroup(path)
{
    private static readonly ChannelDescription Memory = new("mem_used", "%");

    private IReadOnlyList<ChannelDescription> channels = [Memory, new("swap_used", "%")];

    public override IReadOnlyList<ChannelDescription> Channels => channels;

    public override bool Start(ReadOnlySpan<byte> text)
    {
        Span<float> slots = stackalloc float[2];
        slots[1] = -1;
        if (!TrySample(text, 0, slots))
            return false;
        if (slots[1] < 0)
            channels = [Memory];
        return true;
    }

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        double total = 0, available = -1, swap = 0, swapFree = 0;
        while (ProcFile.Line(ref text, out var line))
        {
            var name = ProcFile.Word(ref line);
            if (!ProcFile.TryNumber(ProcFile.Word(ref line), out double kib))
                continue;
            if (name.SequenceEqual("MemTotal:"u8))
                total = kib;
            else if (name.SequenceEqual("MemAvailable:"u8))
                available = kib;
            else if (name.SequenceEqual("SwapTotal:"u8))
                swap = kib;
            else if (name.SequenceEqual("SwapFree:"u8))
                swapFree = kib;
        }
        if (total <= 0 || available < 0)
            return false;
        slots[0] = (float)(100 * (total - available) / total);
        if (slots.Length > 1 && swap > 0)
            slots[1] = (float)(100 * (swap - swapFree) / swap);
        return true;
    }
}

/// <summary>Bytes in and out of all interfaces but the loopback, from /proc/net/dev (proc(5)).</summary>
internal sealed class NetworkGroup(string path) : HostGroup(path)
{
    private double lastIn;
    private double lastOut;

    public override IReadOnlyList<ChannelDescription> Channels { get; } = [new("net_rx", "MiB/s"), new("net_tx", "MiB/s")];

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        double received = 0, sent = 0;
        bool any = false;
        while (ProcFile.Line(ref text, out var line))
        {
            int colon = line.IndexOf((byte)':');
            if (colon < 0)
                continue;
            any = true;
            if (line[..colon].Trim((byte)' ').SequenceEqual("lo"u8))
                continue;
            line = line[(colon + 1)..];
            for (int i = 0; i < 9; i++)
            {
                if (!ProcFile.TryNumber(ProcFile.Word(ref line), out double count))
                    return false;
                if (i == 0)
                    received += count;
                else if (i == 8)
                    sent += count;
            }
        }
        bool forward = TryGrowth(received, ref lastIn, out double bytesIn) & TryGrowth(sent, ref lastOut, out double bytesOut);
        if (seconds == 0 || !any || !forward)
            return any && forward;
        slots[0] = (float)(bytesIn / seconds / (1 << 20));
        slots[1] = (float)(bytesOut / seconds / (1 << 20));
        return true;
    }
}

/// <summary>Bytes read and written by whole disks, from /proc/diskstats (the kernel's Documentation/admin-guide/iostats.rst; sectors of 512 bytes).</summary>
internal sealed class DiskGroup(string path, string blockFolder) : HostGroup(path)
{
    private readonly HashSet<string> disks = new(StringComparer.Ordinal);
    private double lastRead;
    private double lastWritten;

    public override IReadOnlyList<ChannelDescription> Channels { get; } = [new("disk_read", "MiB/s"), new("disk_write", "MiB/s")];

    public override bool Start(ReadOnlySpan<byte> text)
    {
        // Partitions are not in /sys/block; devices made of others (loop, ram, zram, dm, md) would be counted twice.
        if (Directory.Exists(blockFolder))
        {
            foreach (string folder in Directory.EnumerateFileSystemEntries(blockFolder))
            {
                string name = System.IO.Path.GetFileName(folder);
                if (!name.StartsWith("loop", StringComparison.Ordinal) && !name.StartsWith("ram", StringComparison.Ordinal) && !name.StartsWith("zram", StringComparison.Ordinal)
                    && !name.StartsWith("dm-", StringComparison.Ordinal) && !name.StartsWith("md", StringComparison.Ordinal))
                    disks.Add(name);
            }
        }
        return disks.Count > 0 && base.Start(text);
    }

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        Span<char> name = stackalloc char[64];
        var known = disks.GetAlternateLookup<ReadOnlySpan<char>>();
        double read = 0, written = 0;
        bool any = false;
        while (ProcFile.Line(ref text, out var line))
        {
            ProcFile.Word(ref line);
            ProcFile.Word(ref line);
            var device = ProcFile.Word(ref line);
            if (device.Length > name.Length || System.Text.Encoding.UTF8.GetChars(device, name) is var length && !known.Contains(name[..length]))
                continue;
            for (int i = 0; i < 7; i++)
            {
                if (!ProcFile.TryNumber(ProcFile.Word(ref line), out double count))
                    return false;
                if (i == 2)
                    read += count;
                else if (i == 6)
                    written += count;
            }
            any = true;
        }
        bool forward = TryGrowth(read, ref lastRead, out double sectorsRead) & TryGrowth(written, ref lastWritten, out double sectorsWritten);
        if (seconds == 0 || !any || !forward)
            return any && forward;
        slots[0] = (float)(sectorsRead * 512 / seconds / (1 << 20));
        slots[1] = (float)(sectorsWritten * 512 / seconds / (1 << 20));
        return true;
    }
}

/// <summary>Share of time that some or all tasks waited, from the totals of /proc/pressure (the kernel's Documentation/accounting/psi.rst).</summary>
internal sealed class PressureGroup(string path, string kind) : HostGroup(path)
{
    private double lastSome;
    private double lastFull;

    // "full" has no meaning for the processor as a whole (psi.rst).
    public override IReadOnlyList<ChannelDescription> Channels { get; } =
        kind == "cpu" ? [new("psi_cpu_some", "%")] : [new($"psi_{kind}_some", "%"), new($"psi_{kind}_full", "%")];

    public override bool TrySample(ReadOnlySpan<byte> text, double seconds, Span<float> slots)
    {
        bool any = false;
        bool all = true;
        while (ProcFile.Line(ref text, out var line))
        {
            bool some = line.StartsWith("some"u8);
            int at = line.IndexOf("total="u8);
            if (at < 0 || !ProcFile.TryNumber(line[(at + 6)..], out double microseconds))
                return false;
            if (!some && slots.Length == 1)
                continue;
            bool forward = TryGrowth(microseconds, ref some ? ref lastSome : ref lastFull, out double growth);
            if (seconds > 0 && forward)
                slots[some ? 0 : 1] = (float)Math.Clamp(growth / (seconds * 1e4), 0, 100);
            any = true;
            all &= forward;
        }
        return any && all;
    }
}
