using EdgeFL.Platform.Boards;

namespace EdgeFL.Platform.Tests.Boards;

public sealed class BoardInfoTests : IDisposable
{
    private readonly Sensors.TestFolder root = new();

    public void Dispose() => root.Dispose();

    [Fact]
    public void RaspberryPi5_IsKnownByItsTree()
    {
        root.Write("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0");
        root.Write("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd evtstrm aes sha2 crc32 asimdhp asimddp\nCPU architecture: 8\n\nSerial\t\t: 10000000abcdef01\nModel\t\t: Raspberry Pi 5\n");
        root.Write("sys/devices/system/cpu/online", "0-3\n");
        root.Write("proc/meminfo", "MemTotal:        8245056 kB\n");
        root.Write("proc/self/smaps", "5555-6666 r-xp 0 0:0 0 /bin/x\nSize: 16 kB\nKernelPageSize:       16 kB\n");
        root.Write("proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-2712\n");
        root.Write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");
        var board = BoardInfo.Detect(root.Path);
        Assert.Equal(("Raspberry Pi 5 Model B Rev 1.0", "arm64", 4, 8245056L * 1024, 16384), (board.Model, board.Architecture, board.Cores, board.MemoryBytes, board.PageBytes));
        Assert.Equal(("6.12.25+rpt-rpi-2712", "Debian GNU/Linux 13 (trixie)"), (board.Kernel, board.System));
        Assert.Equal(["asimd", "asimddp", "asimdhp", "crc32", "sha2"], board.CpuFeatures);
        Assert.DoesNotContain("abcdef01", board.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Pc_IsKnownByDmi()
    {
        root.Write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu lm sse4_2 avx2 fma\n\nprocessor\t: 1\n");
        root.Write("sys/class/dmi/id/sys_vendor", "Intel\n");
        root.Write("sys/class/dmi/id/product_name", "NUC\n");
        var board = BoardInfo.Detect(root.Path);
        Assert.Equal(("Intel NUC", "x64", 2), (board.Model, board.Architecture, board.Cores));
        Assert.Equal(["avx2", "fma", "sse4_2"], board.CpuFeatures);
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-3,6", 5)]
    [InlineData("3-0", 1)]
    [InlineData("many", 1)]
    public void Cores_AreCountedFromTheList(string online, int cores)
    {
        root.Write("sys/devices/system/cpu/online", online + "\n");
        Assert.Equal(cores, BoardInfo.Detect(root.Path).Cores);
    }

    [Fact]
    public void EmptyTree_GivesUnknownsAndDoesNotThrow()
    {
        var board = BoardInfo.Detect(root.Path);
        Assert.Equal(("unknown", "unknown", 1, 0L), (board.Model, board.Architecture, board.Cores, board.MemoryBytes));
        Assert.Empty(board.CpuFeatures);
    }

    [Fact]
    public void ThisMachine_HasCoresAndMemory()
    {
        var board = BoardInfo.Detect();
        Assert.InRange(board.Cores, 1, 4096);
        Assert.True(board.MemoryBytes > 1 << 20);
        Assert.Equal(Environment.SystemPageSize, board.PageBytes);
    }
}
