using System.Text;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Platform.Tests.Storage;

public sealed class CheckpointStoreTests
{
    private static byte[] State(int number) => Encoding.UTF8.GetBytes($"state {number} {new string((char)('a' + (number % 26)), 50 * number)}");

    private static void Holds(CheckpointLoad load, int number)
    {
        Assert.Equal((ulong)number, load.Generation);
        Assert.Equal(State(number), load.Payload.ToArray());
    }

    [Fact]
    public void Store_Empty_SaysSo()
    {
        var load = new CheckpointStore(new CrashingFiles(), "/s", "model").Load();
        Assert.Equal((CheckpointStatus.None, 0UL, ""), (load.Status, load.Generation, load.Reason));
    }

    [Fact]
    public void Store_SavedOften_GivesTheNewestAndKeepsTwoFiles()
    {
        var disk = new CrashingFiles();
        for (int i = 1; i <= 7; i++)
        {
            // A new store each second time: a restart must not change whose turn it is.
            Assert.Equal((ulong)i, new CheckpointStore(disk, "/s", "model").Save(State(i)));
            Holds(new CheckpointStore(disk, "/s", "model").Load(), i);
        }
        Assert.Equal(["/s/model.a", "/s/model.b"], disk.Names.Order());
    }

    [Fact]
    public void Kill_AtEveryStep_LeavesOldOrNewAndNextSaveWorks()
    {
        int killed = 0;
        for (int step = 0; step < 100; step++)
        {
            var disk = new CrashingFiles();
            var store = new CheckpointStore(disk, "/s", "model");
            store.Save(State(1));
            store.Save(State(2));
            store.Save(State(3));
            disk.DieAt = disk.Steps + step;
            if (!Dies(() => store.Save(State(4))))
                break;
            killed++;
            disk.RestartAfterKill();
            var load = new CheckpointStore(disk, "/s", "model").Load();
            Assert.Equal(CheckpointStatus.Loaded, load.Status);
            Holds(load, load.Generation == 4 ? 4 : 3);
            var next = new CheckpointStore(disk, "/s", "model");
            Holds(SaveAndLoad(next, (int)load.Generation + 1), (int)load.Generation + 1);
            Assert.Equal(2, disk.Names.Count());
        }
        Assert.InRange(killed, 6, 20); // create, write header, payload, hash, fsync, rename, fsync of the folder
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void PowerCut_AtEveryStep_WithAnyNamesKept_LeavesOldOrNew(double content)
    {
        int cut = 0;
        bool more = true;
        for (int step = 0; more; step++)
        {
            int namesToTry = 1;
            for (int names = 0; names < namesToTry; names++)
            {
                var disk = new CrashingFiles();
                var store = new CheckpointStore(disk, "/s", "model");
                store.Save(State(1));
                store.Save(State(2));
                disk.DieAt = disk.Steps + step;
                more = Dies(() => store.Save(State(3)));
                namesToTry = disk.PendingNames + 1;
                bool returned = !more;
                disk.RestartAfterPowerCut(names, content);
                var load = new CheckpointStore(disk, "/s", "model").Load();
                Holds(load, load.Generation == 3 ? 3 : 2);
                Assert.True(load.Status == CheckpointStatus.Loaded, load.Reason);
                if (returned)
                    Holds(load, 3); // once Save has returned, no power cut takes it away
                cut++;
            }
        }
        Assert.True(cut > 8);
    }

    [Fact]
    public void DiskFull_AtEveryStep_SaysSoAndKeepsTheOld()
    {
        for (int step = 0; step < 5; step++)
        {
            var disk = new CrashingFiles();
            var store = new CheckpointStore(disk, "/s", "model");
            store.Save(State(1));
            store.Save(State(2));
            disk.FailAt = (disk.Steps + step, () => new IOException("No space left on device", 28));
            var failure = Assert.Throws<StorageException>(() => store.Save(State(3)));
            Assert.Equal("storage-full", failure.Code);
            Assert.Contains("df -h", failure.Remedy, StringComparison.Ordinal);
            Holds(new CheckpointStore(disk, "/s", "model").Load(), 2);
            Assert.Equal(["/s/model.a", "/s/model.b"], disk.Names.Order());
            Holds(SaveAndLoad(store, 3), 3);
        }
    }

    [Fact]
    public void FolderSync_ThatFails_IsToldAndNothingIsLost()
    {
        var disk = new CrashingFiles();
        var store = new CheckpointStore(disk, "/s", "model");
        store.Save(State(1));
        disk.FailAt = (disk.Steps + 6, () => new IOException("Input/output error", 5));
        Assert.Equal("storage-io", Assert.Throws<StorageException>(() => store.Save(State(2))).Code);
        Holds(new CheckpointStore(disk, "/s", "model").Load(), 2);
        Holds(SaveAndLoad(store, 3), 3);
        Assert.Equal(3UL, new CheckpointStore(disk, "/s", "model").Load().Generation);
    }

    [Fact]
    public void Damage_AnyByteOfTheNewest_FallsBackAndSaysWhy()
    {
        var disk = new CrashingFiles();
        var store = new CheckpointStore(disk, "/s", "model");
        store.Save(State(1));
        store.Save(State(2));
        string newest = store.Files[1];
        byte[] whole = disk.Read(newest, int.MaxValue)!;
        for (int at = 0; at < whole.Length; at++)
        {
            disk.Damage(newest, _ => [.. whole[..at], (byte)(whole[at] ^ 0x10), .. whole[(at + 1)..]]);
            FallsBack(disk, newest);
        }
        for (int length = 0; length < whole.Length; length++)
        {
            disk.Damage(newest, _ => whole[..length]);
            FallsBack(disk, newest);
        }
        disk.Damage(newest, _ => [.. whole, 0]);
        FallsBack(disk, newest);
        // The next save goes over the damaged one, not over the good one.
        Holds(SaveAndLoad(new CheckpointStore(disk, "/s", "model"), 2), 2);
        Assert.Equal(whole, disk.Read(newest, int.MaxValue));
    }

    [Fact]
    public void Damage_OfBoth_IsUnreadableNotEmpty_AndSavingGoesOn()
    {
        var disk = new CrashingFiles();
        var store = new CheckpointStore(disk, "/s", "model");
        store.Save(State(1));
        store.Save(State(2));
        disk.Damage(store.Files[0], _ => []);
        disk.Damage(store.Files[1], _ => Encoding.UTF8.GetBytes(new string('x', 200)));
        var load = new CheckpointStore(disk, "/s", "model").Load();
        Assert.Equal(CheckpointStatus.Unreadable, load.Status);
        Assert.Contains(store.Files[0], load.Reason, StringComparison.Ordinal);
        Assert.Contains("not a checkpoint", load.Reason, StringComparison.Ordinal);
        Holds(SaveAndLoad(new CheckpointStore(disk, "/s", "model"), 1), 1);
    }

    [Fact]
    public void Version_OfTheFuture_IsNamed()
    {
        var disk = new CrashingFiles();
        var store = new CheckpointStore(disk, "/s", "model");
        store.Save(State(1));
        disk.Damage(store.Files[0], bytes => [.. bytes[..8], 2, .. bytes[9..]]);
        Assert.Contains("version 2", new CheckpointStore(disk, "/s", "model").Load().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Payload_TooLarge_IsRefusedBeforeTheDiskIsTouched()
    {
        var disk = new CrashingFiles();
        Assert.Throws<ArgumentException>(() => new CheckpointStore(disk, "/s", "model", 10).Save(new byte[11]));
        Assert.Equal(0, disk.Steps);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("Model")]
    [InlineData("a/b")]
    public void Name_ThatIsNoPlainName_Throws(string name) => Assert.Throws<ArgumentException>(() => new CheckpointStore("/s", name));

    private static bool Dies(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (KilledException)
        {
            return true;
        }
    }

    private static CheckpointLoad SaveAndLoad(CheckpointStore store, int number)
    {
        Assert.Equal((ulong)number, store.Save(State(number)));
        return store.Load();
    }

    private static void FallsBack(CrashingFiles disk, string damaged)
    {
        var load = new CheckpointStore(disk, "/s", "model").Load();
        Assert.Equal(CheckpointStatus.FellBack, load.Status);
        Assert.Contains(damaged, load.Reason, StringComparison.Ordinal);
        Holds(load, 1);
    }
}
