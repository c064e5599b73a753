using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

/// <summary>Run by <see cref="BitExactnessTests"/> in a process of its own: prints the widest vector in use and the fingerprints.</summary>
internal static class Program
{
    internal static int WidestInUse => Lanes.Use512 ? 512 : Lanes.Use256 ? 256 : Lanes.Use128 ? 128 : 32;

    private static int Main()
    {
        Console.WriteLine($"{WidestInUse} {Fingerprint.OfTrainings()} {Fingerprint.OfIntegers()}");
        return 0;
    }
}
