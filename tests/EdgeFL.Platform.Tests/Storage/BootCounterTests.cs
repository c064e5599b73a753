using EdgeFL.Platform.Storage;
using EdgeFL.Platform.Tests.Sensors;

namespace EdgeFL.Platform.Tests.Storage;

public sealed class BootCounterTests
{
    private static DateTimeOffset On(int year) => new(year, 7, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Counter_RisesWithEachStart()
    {
        using var folder = new TestFolder();
        uint[] starts = Enumerable.Range(0, 3).Select(_ => BootCounter.Next(folder["boot"])).ToArray();
        Assert.Equal([starts[0], starts[0] + 1, starts[0] + 2], starts);
        Assert.Equal($"{starts[2]}\n", File.ReadAllText(folder["boot"]));
    }

    [Fact]
    public void Counter_OfClearedStorage_IsAboveAllThatPeersHaveSeen()
    {
        using var folder = new TestFolder();
        uint before = Enumerable.Range(0, 5).Select(_ => BootCounter.Next(folder["boot"], new Clock(On(2025)))).ToArray()[^1]; // Last() would count once
        File.Delete(folder["boot"]);
        uint after = BootCounter.Next(folder["boot"], new Clock(On(2025).AddMinutes(1)));
        Assert.Equal((On(2025).ToUnixTimeSeconds() + 4, On(2025).ToUnixTimeSeconds() + 60), ((long)before, (long)after));
        Assert.Equal(after + 1, BootCounter.Next(folder["boot"], new Clock(On(1970)))); // from then on the clock does not matter
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2023)]
    [InlineData(2107)] // more seconds than the counter holds
    public void Counter_WithoutABelievableClock_StartsFromOne(int year)
    {
        using var folder = new TestFolder();
        Assert.Equal([1u, 2u], Enumerable.Range(0, 2).Select(_ => BootCounter.Next(folder["boot"], new Clock(On(year)))).ToArray());
    }

    [Fact]
    public void Counter_SetByAPerson_GoesOnFromThere()
    {
        using var folder = new TestFolder();
        Assert.Equal(1_700_000_001u, BootCounter.Next(folder.Write("boot", " 1700000000 \n\n")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1 2")]
    [InlineData("4294967296")]
    [InlineData("4294967295")] // its end: there is no larger one
    public void Counter_ThatIsDamaged_IsNotStartedAnew(string text)
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<StorageException>(() => BootCounter.Next(folder.Write("boot", text)));
        Assert.Equal("damaged", error.Code);
        Assert.Equal(text, File.ReadAllText(folder["boot"]));
    }

    [Fact]
    public void Counter_WithoutItsFolder_NamesTheRemedy()
    {
        using var folder = new TestFolder();
        Assert.Contains("mkdir", Assert.Throws<StorageException>(() => BootCounter.Next(folder["none/boot"])).Remedy, StringComparison.Ordinal);
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
