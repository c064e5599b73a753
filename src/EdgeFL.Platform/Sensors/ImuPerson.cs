using EdgeFL.Numerics;

namespace EdgeFL.Platform.Sensors;

/// <summary>What stays the same about one simulated person and phone: how it is worn, how the person walks and sits, what the chip gets wrong.</summary>
/// <remarks>Body axes as in the HAPT recordings: x up along the trunk, y to the side, z to the front. Angles in turns.</remarks>
internal readonly struct ImuPerson
{
    private const double Degree = 1.0 / 360;

    public ImuPerson(ulong seed, ulong device)
    {
        var random = new Philox(seed, device << 20);
        MountYaw = Gauss(ref random, 0, 12 * Degree, 30 * Degree);
        MountPitch = Gauss(ref random, 0, 5 * Degree, 12 * Degree);
        MountRoll = Gauss(ref random, 0, 6 * Degree, 15 * Degree);
        StepHz = Gauss(ref random, 1.85, 0.13, 0.3);
        Strength = 1 + Gauss(ref random, 0, 0.17, 0.4);
        UpPace = Gauss(ref random, 0.86, 0.04, 0.1);
        DownPace = Gauss(ref random, 1.08, 0.05, 0.12);
        UpStrength = Gauss(ref random, 0.8, 0.09, 0.2);
        DownStrength = Gauss(ref random, 1.35, 0.13, 0.3);
        UpNod = Gauss(ref random, 1.6, 0.2, 0.45);
        DownNod = Gauss(ref random, 0.7, 0.12, 0.25);
        UpLean = Gauss(ref random, 11 * Degree, 3 * Degree, 7 * Degree);
        DownLean = Gauss(ref random, -3 * Degree, 3 * Degree, 7 * Degree);
        Heel = Gauss(ref random, 0.42, 0.08, 0.18);
        HeelPhase = Gauss(ref random, 0.1, 0.06, 0.15);
        Sway = Gauss(ref random, 0.16, 0.05, 0.11);
        Limp = Gauss(ref random, 0.12, 0.07, 0.12);
        SitLean = Gauss(ref random, -26 * Degree, 6 * Degree, 13 * Degree);
        StandLean = Gauss(ref random, 0, 3 * Degree, 7 * Degree);
        LieRoll = Gauss(ref random, 0, 18 * Degree, 45 * Degree);
        Fidget = Gauss(ref random, 1, 0.3, 0.7);
        AccelerationNoise = Gauss(ref random, 0.012, 0.004, 0.008);
        RotationNoise = Gauss(ref random, 0.018, 0.006, 0.012);
        for (int axis = 0; axis < 3; axis++)
        {
            AccelerationBias[axis] = Gauss(ref random, 0, 0.02, 0.05);
            RotationBias[axis] = Gauss(ref random, 0, 0.02, 0.05);
        }
    }

    public double MountYaw { get; }
    public double MountPitch { get; }
    public double MountRoll { get; }
    public double StepHz { get; }
    public double Strength { get; }
    public double UpPace { get; }
    public double DownPace { get; }
    public double UpStrength { get; }
    public double DownStrength { get; }
    public double UpNod { get; }
    public double DownNod { get; }
    public double UpLean { get; }
    public double DownLean { get; }
    public double Heel { get; }
    public double HeelPhase { get; }
    public double Sway { get; }
    public double Limp { get; }
    public double SitLean { get; }
    public double StandLean { get; }
    public double LieRoll { get; }
    public double Fidget { get; }
    public double AccelerationNoise { get; }
    public double RotationNoise { get; }
    public double[] AccelerationBias { get; } = new double[3];
    public double[] RotationBias { get; } = new double[3];

    /// <summary>A normal draw held within <paramref name="reach"/> of its middle: no person is impossible.</summary>
    public static double Gauss(ref Philox random, double middle, double deviation, double reach) =>
        middle + Math.Clamp(deviation * random.NextGaussian(), -reach, reach);
}
