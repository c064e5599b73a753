using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class SimulatedSensorTests
{
    private static async Task<List<Row>> OnePass(int device, ulong seed = 1, double rateHz = 50)
    {
        await using var sensor = new SimulatedSensor(new SimulatedOptions { Seed = seed, Device = device, RateHz = rateHz, Speed = 0, Loop = false });
        return (await Reading.Take(sensor)).Rows;
    }

    [Fact]
    public async Task Pass_GivesWindowsOfAllSixClassesLikeAHaptSubject()
    {
        for (int device = 0; device < 5; device++)
        {
            await using var sensor = new SimulatedSensor(new SimulatedOptions { Device = device, Speed = 0, Loop = false });
            var builder = new WindowBuilder(new WindowOptions { PeriodMs = 20 }, 6);
            var windows = new List<SampleWindow>();
            await foreach (var batch in sensor.ReadAsync())
                builder.Add(batch, windows);
            Assert.InRange(windows.Count(window => window.Label >= 0), 320, 400);
            Assert.All(Enumerable.Range(0, 6), label => Assert.InRange(windows.Count(window => window.Label == label), 40, 85));
            Assert.Equal(1, sensor.Counters.Passes);
        }
    }

    [Fact]
    public async Task Bout_LastsTenToTwentySeconds()
    {
        var rows = await OnePass(3);
        var bouts = new List<(int Label, int Rows)>();
        foreach (var row in rows)
        {
            if (bouts.Count > 0 && bouts[^1].Label == row.Label)
                bouts[^1] = (row.Label, bouts[^1].Rows + 1);
            else
                bouts.Add((row.Label, 1));
        }
        Assert.Equal(36, bouts.Count(bout => bout.Label >= 0));
        Assert.All(bouts, bout => Assert.InRange(bout.Rows, bout.Label < 0 ? 59 : 499, bout.Label < 0 ? 111 : 1001));
    }

    [Fact]
    public async Task Device_SameSeed_GivesTheSameSamples_AndOthersDiffer()
    {
        var first = await OnePass(2);
        var again = await OnePass(2);
        var other = await OnePass(3);
        var fleet = await OnePass(2, seed: 9);
        Assert.Equal(first.SelectMany(row => row.Values), again.SelectMany(row => row.Values));
        Assert.NotEqual(first[0].Values, other[0].Values);
        Assert.NotEqual(first[0].Values, fleet[0].Values);
    }

    [Fact]
    public async Task Values_ArePhysicallyPlausible()
    {
        for (int device = 0; device < 8; device++)
        {
            var rows = await OnePass(device);
            Assert.All(rows, row => Assert.All(row.Values, (value, c) => Assert.InRange(value, c < 3 ? -4 : -12, c < 3 ? 4 : 12)));
            foreach (int still in (int[])[3, 4, 5])
            {
                var lying = rows.Where(row => row.Label == still).ToList();
                double gravity = lying.Average(row => Math.Sqrt(row.Values[..3].Sum(value => (double)value * value)));
                Assert.InRange(gravity, 0.9, 1.1);
                Assert.InRange(lying.Average(row => row.Values[3]), -0.1, 0.1);
            }
            // Upright the trunk's axis carries gravity, lying it does not; walking shakes, standing does not.
            Assert.True(Mean(rows, 4, 0) > 0.8, $"device {device}");
            Assert.True(Math.Abs(Mean(rows, 5, 0)) < 0.6, $"device {device}");
            Assert.True(Spread(rows, 0) > 5 * Spread(rows, 4), $"device {device}");
        }
    }

    [Fact]
    public async Task Gyroscope_AgreesWithTheTurnOfGravity()
    {
        // Integrated over a change of posture, the rotation about the side axis is the change of pitch.
        int tried = 0;
        for (int device = 0; device < 3; device++)
        {
            var rows = await OnePass(device);
            for (int i = 1; i < rows.Count; i++)
            {
                if (rows[i].Label >= 0 || rows[i - 1].Label != 4)
                    continue;
                int end = i;
                while (end < rows.Count && rows[end].Label < 0)
                    end++;
                if (end == rows.Count || rows[end].Label != 5)
                    continue;
                double before = Pitch(rows, i - 25, i), after = Pitch(rows, end, end + 25);
                double turned = Enumerable.Range(i, end - i).Sum(row => rows[row].Values[4]) / 50;
                Assert.InRange(Math.Abs(turned), 0.6 * Math.Abs(after - before), 1.4 * Math.Abs(after - before));
                tried++;
            }
        }
        Assert.True(tried > 0, "no change from standing to laying was met");
    }

    [Fact]
    public async Task Loop_GoesOnWithANewPassAndUnbrokenTime()
    {
        int pass = (await OnePass(0)).Count;
        await using var sensor = new SimulatedSensor(new SimulatedOptions { Speed = 0 });
        var (rows, _) = await Reading.Take(sensor, pass + 2000);
        Assert.Equal(0, rows[pass - 1].Segment);
        Assert.Equal(1, rows[pass].Segment);
        Assert.All(rows.Zip(rows.Skip(1)), pair => Assert.Equal(20, pair.Second.TimeMs - pair.First.TimeMs));
        Assert.NotEqual(rows[0].Values, rows[pass].Values);
    }

    [Fact]
    public async Task Speed_PacesTheRows()
    {
        var time = new ManualTime();
        await using var sensor = new SimulatedSensor(new SimulatedOptions { Speed = 10 }, new SensorContext { Time = time });
        var late = new List<double>();
        await Reading.Take(sensor, 2000, row => late.Add(time.NowMs - (row.TimeMs / 10.0)));
        Assert.Equal(2000, late.Count);
        Assert.All(late, ms => Assert.InRange(ms, -0.001, 260));
    }

    [Fact]
    public async Task Labels_SwitchedOff_AreAbsent()
    {
        await using var sensor = new SimulatedSensor(new SimulatedOptions { Speed = 0, Loop = false, Labelled = false });
        Assert.Empty(sensor.Description.Classes);
        Assert.All((await Reading.Take(sensor)).Rows, row => Assert.Equal(SampleBatch.NoLabel, row.Label));
    }

    [Fact]
    public void Wave_IsTheSine()
    {
        for (double turns = -3; turns < 3; turns += 0.0013)
        {
            Assert.Equal(Math.Sin(2 * Math.PI * turns), Wave.Sin(turns), 1e-9);
            Assert.Equal(Math.Cos(2 * Math.PI * turns), Wave.Cos(turns), 1e-9);
        }
    }

    private static double Mean(List<Row> rows, int label, int channel) => rows.Where(row => row.Label == label).Average(row => row.Values[channel]);

    private static double Spread(List<Row> rows, int label)
    {
        var values = rows.Where(row => row.Label == label).Select(row => (double)row.Values[0]).ToList();
        double mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    private static double Pitch(List<Row> rows, int from, int to)
    {
        var part = rows[from..to];
        return Math.Atan2(part.Average(row => row.Values[2]), part.Average(row => row.Values[0]));
    }
}
