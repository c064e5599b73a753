namespace EdgeFL.Simulation.Tests;

public sealed class FuzzTests
{
    private const int Worlds = 50;

    /// <summary>Worlds that once broke a rule.</summary>
    private static readonly ulong[] BrokenOnce = [1299, 1717];

    /// <summary>The long form is <c>edgefl sim --fuzz 1000 --seed 1</c>.</summary>
    [Fact]
    public void RandomWorlds_KeepAllInvariants_OnOneThreadAndTwo()
    {
        foreach (ulong seed in Enumerable.Range(1, Worlds).Select(seed => (ulong)seed).Concat(BrokenOnce))
        {
            try
            {
                byte[] hash = new FuzzWorld(seed).Run(1);
                if (seed % 5 == 0)
                    Assert.Equal(hash, new FuzzWorld(seed).Run(2));
            }
            catch (Exception broken)
            {
                Assert.Fail($"edgefl sim --fuzz 1 --seed {seed}: {broken}");
            }
        }
    }
}
