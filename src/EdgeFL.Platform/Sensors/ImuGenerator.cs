using EdgeFL.Numerics;

namespace EdgeFL.Platform.Sensors;

/// <summary>The samples of one simulated person: a shuffled schedule of six activities, joined by short unlabelled changes of posture.</summary>
/// <remarks>Acceleration in g with gravity in it, rotation in rad/s. A model of the kind of Reyes-Ortiz et al. 2015 recordings, not of their numbers.</remarks>
internal sealed class ImuGenerator
{
    public const int Channels = 6;

    /// <summary>Times that each activity comes in a pass; 6 × 6 bouts of 10 to 20 s give about 365 windows of 128 rows, step 64.</summary>
    private const int BoutsOfEach = 6;

    private const double Degree = 1.0 / 360;

    public static readonly string[] Classes = ["walking", "walking-upstairs", "walking-downstairs", "sitting", "standing", "laying"];

    private readonly ulong seed;
    private readonly ulong device;
    private readonly double rateHz;
    private readonly ImuPerson person;
    private readonly Attitude mount;
    private readonly int[] schedule = new int[Classes.Length * BoutsOfEach];
    private Philox random;
    private int bout = -1;
    private int activity;
    private long boutRows;
    private long changeRows;
    private long rowInBout;
    private long row;
    private double phase;
    private double stepHz;
    private double strength;
    private double heel;
    private double nod;
    private Posture from;
    private Posture to;
    private double wander;

    public ImuGenerator(ulong seed, int device, double rateHz)
    {
        this.seed = seed;
        this.device = (ulong)device;
        this.rateHz = rateHz;
        person = new ImuPerson(seed, this.device);
        mount = new Attitude(person.MountYaw, person.MountPitch, person.MountRoll);
        StartPass();
        to = PostureOf(schedule[0]);
    }

    /// <summary>The pass that the next row belongs to, from 0.</summary>
    public int Pass { get; private set; }

    /// <summary>Makes the next row.</summary>
    /// <param name="values">Shape [6]: ax, ay, az in g, gx, gy, gz in rad/s.</param>
    /// <param name="label">Class index, or -1 during a change of posture.</param>
    /// <returns>Milliseconds since the first row.</returns>
    public long Next(Span<float> values, out int label)
    {
        if (rowInBout == boutRows)
            NextBout();
        double share = rowInBout < changeRows ? (double)rowInBout / changeRows : 1;
        bool changing = share < 1;
        label = changing ? -1 : activity;
        // Smooth from the last posture to this one; walking fades in with it.
        double blend = share * share * (3 - (2 * share));
        double blendRate = changing ? 6 * share * (1 - share) * rateHz / changeRows : 0;
        Write(values, blend, blendRate, activity < 3 ? blend : 0);
        rowInBout++;
        return (long)Math.Round(row++ * 1000 / rateHz);
    }

    /// <summary>True when the next row begins a new pass.</summary>
    public bool AtPassEnd => rowInBout == boutRows && bout == schedule.Length - 1;

    private void Write(Span<float> values, double blend, double blendRate, double walk)
    {
        double pitch = from.Pitch + ((to.Pitch - from.Pitch) * blend);
        double roll = from.Roll + ((to.Roll - from.Roll) * blend);
        phase += stepHz / rateHz * (1 + (0.02 * random.NextGaussian()));
        double amplitude = 0.32 * strength * walk;
        // Push-off and heel strike once a step, the trunk's sway once in two steps, more on one side than on the other.
        double strike = Wave.Cos(phase) + (heel * Wave.Cos((2 * phase) + person.HeelPhase)) + (0.5 * heel * heel * Wave.Cos((3 * phase) + (2 * person.HeelPhase)));
        double limp = 1 + (person.Limp * Wave.Sin(phase / 2));
        double up = amplitude * limp * strike;
        double side = amplitude * ((0.45 * Wave.Sin((phase / 2) + 0.07)) + (0.2 * Wave.Sin((1.5 * phase) + person.HeelPhase)));
        double front = amplitude * ((0.5 * Wave.Sin(phase + 0.15)) + (0.35 * heel * Wave.Sin((2 * phase) + person.HeelPhase)));
        double sway = walk * person.Sway * strength;
        wander = (0.98 * wander) + (0.0016 * person.Fidget * random.NextGaussian());
        pitch += wander + (walk * 0.006 * Wave.Sin(phase + 0.3));

        var body = new Attitude(0, pitch, roll);
        Span<double> acceleration = [up, side, front];
        body.AddGravity(acceleration);
        double turn = 2 * Math.PI;
        Span<double> rotation =
        [
            (3.2 * sway * Wave.Cos(phase / 2)) + (0.6 * sway * Wave.Sin(phase)),
            (turn * blendRate * (to.Pitch - from.Pitch)) + (2.2 * nod * sway * Wave.Cos(phase + 0.3)) + (1.6 * heel * sway * Wave.Cos((2 * phase) + person.HeelPhase)),
            (turn * blendRate * (to.Roll - from.Roll)) + (2.4 * sway * Wave.Sin((phase / 2) + 0.2)) + (0.7 * sway * Wave.Sin(phase)),
        ];
        mount.Turn(acceleration);
        mount.Turn(rotation);
        for (int axis = 0; axis < 3; axis++)
        {
            values[axis] = (float)(acceleration[axis] + person.AccelerationBias[axis] + (person.AccelerationNoise * random.NextGaussian()));
            values[axis + 3] = (float)(rotation[axis] + person.RotationBias[axis]
                + (person.RotationNoise * (1 + (0.6 * person.Fidget * (1 - walk))) * random.NextGaussian()));
        }
    }

    private void NextBout()
    {
        if (++bout == schedule.Length)
        {
            Pass++;
            StartPass();
            bout = 0;
        }
        activity = schedule[bout];
        rowInBout = 0;
        changeRows = (long)(rateHz * (1.2 + random.NextSingle()));
        boutRows = changeRows + (long)(rateHz * (10 + (10 * random.NextSingle())));
        from = to;
        to = PostureOf(activity);
        stepHz = person.StepHz * (activity switch { 1 => person.UpPace, 2 => person.DownPace, _ => 1 }) * ImuPerson.Gauss(ref random, 1, 0.04, 0.1);
        strength = person.Strength * (activity switch { 1 => person.UpStrength, 2 => person.DownStrength, _ => 1 }) * ImuPerson.Gauss(ref random, 1, 0.08, 0.2);
        nod = activity switch { 1 => person.UpNod, 2 => person.DownNod, _ => 1 };
        heel = person.Heel * (activity switch { 1 => 0.6, 2 => 1.75, _ => 1 }) * ImuPerson.Gauss(ref random, 1, 0.12, 0.3);
    }

    private void StartPass()
    {
        // A stream of its own for each pass: what a pass holds does not hang on how far the one before was read.
        random = new Philox(seed, (device << 20) + 1 + (ulong)Pass);
        for (int i = 0; i < schedule.Length; i++)
            schedule[i] = i % Classes.Length;
        random.Shuffle(schedule.AsSpan());
    }

    private Posture PostureOf(int of)
    {
        double pitch = of switch
        {
            1 => person.StandLean + person.UpLean,
            2 => person.StandLean + person.DownLean,
            3 => person.StandLean + person.SitLean,
            5 => -86 * Degree,
            _ => person.StandLean,
        };
        double roll = of == 5 ? person.LieRoll : 0;
        double loose = of == 5 ? 8 * Degree : of == 3 ? 4 * Degree : 2 * Degree;
        return new Posture(pitch + ImuPerson.Gauss(ref random, 0, loose, 3 * loose), roll + ImuPerson.Gauss(ref random, 0, loose, 3 * loose));
    }

    private readonly record struct Posture(double Pitch, double Roll);

    /// <summary>A rotation: yaw about x, then pitch about y, then roll about z.</summary>
    private readonly struct Attitude(double yaw, double pitch, double roll)
    {
        private readonly double sinYaw = Wave.Sin(yaw), cosYaw = Wave.Cos(yaw);
        private readonly double sinPitch = Wave.Sin(pitch), cosPitch = Wave.Cos(pitch);
        private readonly double sinRoll = Wave.Sin(roll), cosRoll = Wave.Cos(roll);

        public void Turn(Span<double> v)
        {
            (v[1], v[2]) = ((cosYaw * v[1]) - (sinYaw * v[2]), (sinYaw * v[1]) + (cosYaw * v[2]));
            (v[2], v[0]) = ((cosPitch * v[2]) - (sinPitch * v[0]), (sinPitch * v[2]) + (cosPitch * v[0]));
            (v[0], v[1]) = ((cosRoll * v[0]) - (sinRoll * v[1]), (sinRoll * v[0]) + (cosRoll * v[1]));
        }

        /// <summary>Adds what gravity of 1 g upwards is in the leaning body's axes: roll first tips the lying body to its side.</summary>
        public void AddGravity(Span<double> v)
        {
            v[0] += cosPitch;
            v[1] += -sinPitch * sinRoll;
            v[2] += -sinPitch * cosRoll;
        }
    }
}
