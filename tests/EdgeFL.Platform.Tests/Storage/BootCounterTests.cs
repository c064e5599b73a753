using EdgeFL.Platform.Storage;
using EdgeFL.Platform.Tests.Sensors;

namespace EdgeFL.Platform.Tests.Storage;

public sealed class BootCounterTests
{
    [Fact]
    public void Counter_RisesWithEachStart()
    {
        using var folder = new TestFolder();
        Assert.Equal([1u, 2u, 3u], Enumerable.Range(0, 3).Select(_ => BootCounter.Next(folder["boot"])).ToArray());
        Assert.Equal("3\n", File.ReadAllText(folder["boot"]));
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
}
