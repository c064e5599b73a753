using EdgeFL.Platform.Sensors;

namespace EdgeFL.Platform.Tests.Sensors;

public sealed class HostSensorTests : IDisposable
{
    private readonly TestFolder root = new();
    private readonly ManualTime time = new();

    public HostSensorTests()
    {
        WriteStep(0);
        root.Write("proc/loadavg", "0.50 0.40 0.30 1/100 4242\n");
        root.Write("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 10 kB\nMemAvailable:     250 kB\nSwapTotal:       0 kB\nSwapFree: 0 kB\n");
        root.Write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
        root.Write("sys/class/thermal/thermal_zone0/temp", "48312\n");
        root.Write("sys/class/thermal/thermal_zone1/type", "cpu-thermal\n");
        root.Write("sys/class/thermal/thermal_zone1/temp", "50000\n");
        root.Write("sys/class/hwmon/hwmon0/name", "rpi_volt\n");
        root.Write("sys/class/hwmon/hwmon0/in0_input", "5100\n");
        root.Write("sys/class/hwmon/hwmon0/power1_input", "2500000\n");
        root.Write("sys/class/hwmon/hwmon0/power1_label", "Board Power\n");
        Directory.CreateDirectory(root["sys/block/sda"]);
        Directory.CreateDirectory(root["sys/block/loop0"]);
    }

    public void Dispose() => root.Dispose();

    private void WriteStep(int step)
    {
        root.Write("proc/stat", $"cpu  {100 + (step * 30)} 0 {50 + (step * 10)} {1000 + (step * 50)} {step * 10} 0 0 0 0 0\ncpu0 1 2 3\n");
        root.Write("proc/net/dev", "Inter-|   Receive\n face |bytes\n"
            + $"    lo: {step * 99999999} 0 0 0 0 0 0 0 {step * 99999999} 0 0 0 0 0 0 0\n"
            + $"  eth0:{1048576 * step} 1 0 0 0 0 0 0 {524288 * step} 1 0 0 0 0 0 0\n wlan0: {1048576 * step} 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0\n");
        root.Write("proc/diskstats", $"   8 0 sda 1 0 {4096 * step} 1 1 0 {2048 * step} 1 0 1 1\n   8 1 sda1 1 0 {4096 * step} 1 1 0 {2048 * step} 1 0 1 1\n   7 0 loop0 1 0 {9999 * step} 1 1 0 0 1 0 1 1\n");
        root.Write("proc/pressure/cpu", $"some avg10=0.00 avg60=0.00 avg300=0.00 total={step * 100000}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        root.Write("proc/pressure/io", $"some avg10=0.00 avg60=0.00 avg300=0.00 total={step * 250000}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total={step * 50000}\n");
    }

    private HostSensor Open(params string[] channels) => HostSensor.Open(
        new HostOptions { Root = root.Path, IntervalMs = 1000, Channels = channels.Length == 0 ? null : channels }, new SensorContext { Time = time });

    [Fact]
    public async Task Channels_ThatExist_AreFoundAndMeasuredInUnits()
    {
        await using var sensor = Open();
        int step = 0;
        // The files move on each time a row has been taken: the first row is of step 0 to 0.
        var (rows, failure) = await Reading.Take(sensor, 3, _ => WriteStep(++step));
        Assert.Null(failure);
        string[] names = [.. sensor.Description.Channels.Select(channel => channel.Name)];
        Assert.Equal(["cpu_load", "cpu_iowait", "load1", "mem_used", "net_rx", "net_tx", "disk_read", "disk_write", "psi_cpu_some", "psi_io_some", "psi_io_full",
            "temp_cpu_thermal", "temp_cpu_thermal_2", "rpi_volt_in0", "rpi_volt_board_power"], names);
        Assert.Equal([40, 10, 0.5f, 75, 2, 0.5f, 2, 1, 10, 25, 5, 48.312f, 50, 5.1f, 2.5f], rows[2].Values.Select(value => MathF.Round(value, 4)));
        Assert.Equal([1000L, 2000L, 3000L], rows.Select(row => row.TimeMs));
        Assert.Equal("MiB/s", sensor.Description.Channels[4].Unit);
        Assert.Equal(1, sensor.Description.RateHz);
        Assert.Equal(0, sensor.Counters.StaleReads);
    }

    [Fact]
    public async Task File_ThatVanishesOrGoesBad_GivesItsLastValueAndIsCounted()
    {
        await using var sensor = Open("temp_cpu_thermal", "load1");
        int taken = 0;
        var (rows, failure) = await Reading.Take(sensor, 4, _ =>
        {
            if (++taken == 1)
                File.Delete(root["sys/class/thermal/thermal_zone0/temp"]);
            if (taken == 2)
                root.Write("proc/loadavg", "nonsense");
        });
        Assert.Null(failure);
        Assert.All(rows, row => Assert.Equal([48.312f, 0.5f], row.Values));
        Assert.Equal(3 + 2, sensor.Counters.StaleReads);
    }

    [Fact]
    public async Task Counter_ThatRunsBackwards_GivesTheLastValue()
    {
        await using var sensor = Open("net_rx");
        int step = 5;
        WriteStep(step);
        int taken = 0;
        var (rows, _) = await Reading.Take(sensor, 4, _ => WriteStep(++taken == 3 ? 0 : ++step));
        Assert.Equal([0f, 2f, 2f, 2f], rows.Select(row => row.Values[0]));
        Assert.Equal(1, sensor.Counters.StaleReads);
    }

    [Fact]
    public void Channel_AskedForButAbsent_IsNamedWithThoseThereAre()
    {
        var failure = Assert.Throws<SensorException>(() => Open("gpu_load"));
        Assert.Equal("sensor-channel-missing", failure.Code);
        Assert.Contains("gpu_load", failure.Cause, StringComparison.Ordinal);
        Assert.Contains("cpu_load", failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void Root_WithNothing_IsTold()
    {
        using var empty = new TestFolder();
        Assert.Equal("sensor-host-nothing", Assert.Throws<SensorException>(() => HostSensor.Open(new HostOptions { Root = empty.Path })).Code);
    }

    [Fact]
    public async Task Reader_ThatIsLate_FindsTimeStampsOnTheGrid()
    {
        await using var sensor = Open("load1");
        var (rows, _) = await Reading.Take(sensor, 3, row =>
        {
            if (row.TimeMs == 1000)
                time.Advance(2500);
        });
        Assert.Equal([1000L, 3000L, 4000L], rows.Select(row => row.TimeMs));
    }

    [Fact]
    public async Task ThisMachine_IsMeasured()
    {
        await using var sensor = HostSensor.Open(new HostOptions { IntervalMs = 10 });
        var (rows, failure) = await Reading.Take(sensor, 5);
        Assert.Null(failure);
        Assert.Contains("cpu_load", sensor.Description.Channels.Select(channel => channel.Name));
        Assert.All(rows, row => Assert.All(row.Values, value => Assert.True(float.IsFinite(value))));
    }
}
