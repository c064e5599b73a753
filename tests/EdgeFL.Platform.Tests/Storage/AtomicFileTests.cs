using System.Text;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Platform.Tests.Storage;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AtomicFileTests : IDisposable
{
    private readonly Sensors.TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_OnTheRealDisk_ReplacesContentAndSetsMode()
    {
        string file = folder["key.pem"];
        AtomicFile.Write(file, "one, and longer"u8, AtomicFile.Private);
        AtomicFile.Write(file, "two"u8);
        Assert.Equal("two", File.ReadAllText(file));
        Assert.Equal(AtomicFile.Readable, File.GetUnixFileMode(file));
        AtomicFile.Write(file, stream => stream.Write("three"u8), AtomicFile.Private);
        Assert.Equal("three", File.ReadAllText(file));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_WithALeftoverOrALinkAsTemporary_DoesNotFollowIt()
    {
        string file = folder["a"];
        string elsewhere = folder.Write("elsewhere", "precious");
        File.CreateSymbolicLink(file + AtomicFile.TemporaryEnding, elsewhere);
        AtomicFile.Write(file, "new"u8);
        Assert.Equal("precious", File.ReadAllText(elsewhere));
        Assert.Equal("new", File.ReadAllText(file));
    }

    [Fact]
    public void Write_IntoAFolderThatIsNotThere_SaysHowToMakeIt()
    {
        var failure = Assert.Throws<StorageException>(() => AtomicFile.Write(folder["no/a"], "x"u8));
        Assert.Equal("storage-missing", failure.Code);
        Assert.Contains("mkdir -p", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WhenTheContentThrows_KeepsTheOldAndLeavesNothing()
    {
        string file = folder.Write("a", "old");
        Assert.Throws<FormatException>(() => AtomicFile.Write(file, stream =>
        {
            stream.Write("half"u8);
            throw new FormatException();
        }));
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_OntoAFullDevice_SaysFull()
    {
        // /dev/full is Linux's own full disk: the fault travels the same way as ENOSPC of a real one.
        var fault = Assert.ThrowsAny<IOException>(() =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            full.Write("x"u8);
        });
        Assert.Equal("storage-full", StorageException.From(fault, folder["a"]).Code);
    }

    [Theory]
    [InlineData(28, "storage-full")]
    [InlineData(122, "storage-full")]
    [InlineData(30, "storage-read-only")]
    [InlineData(5, "storage-io")]
    public void Fault_OfTheSystem_HasItsCode(int errno, string code) =>
        Assert.Equal(code, StorageException.From(new IOException("x", errno), "/a/b").Code);

    [Fact]
    public void Fault_OfRights_NamesFileAndCommand()
    {
        var failure = StorageException.From(new UnauthorizedAccessException(), "/var/lib/edgefl/model.a");
        Assert.Equal("storage-permission", failure.Code);
        Assert.Contains("ls -ld '/var/lib/edgefl'", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoint_OnTheRealDisk_RoundTripsAndRefusesWhatIsNotAFile()
    {
        var store = new CheckpointStore(folder.Path, "model");
        store.Save("one"u8);
        store.Save("two"u8);
        var load = new CheckpointStore(folder.Path, "model").Load();
        Assert.Equal("two", Encoding.UTF8.GetString(load.Payload.Span));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(store.Files[0]));
        File.Delete(store.Files[1]);
        Directory.CreateDirectory(store.Files[1]);
        Assert.Equal("storage-permission", Assert.Throws<StorageException>(() => store.Load()).Code);
    }

    [Fact]
    public void Checkpoint_LargerThanAllowed_IsNotReadIntoMemory()
    {
        new CheckpointStore(folder.Path, "model").Save(new byte[5000]);
        var load = new CheckpointStore(folder.Path, "model", 100).Load();
        Assert.Equal(CheckpointStatus.Unreadable, load.Status);
    }
}
