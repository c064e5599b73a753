using System.Globalization;
using System.IO.Compression;

namespace EdgeFL.Learning.Tests;

internal static class Hapt
{
    internal static readonly int[] TrainingSubjects = [1, 3, 5, 6, 7, 8, 11, 14, 15, 16, 17, 19, 21, 22, 23, 25, 26, 27, 28, 29, 30];
    internal static readonly int[] TestSubjects = [2, 4, 9, 10, 12, 13, 18, 20, 24];

    /// <summary>Windows of 128 rows, step 64, in g and rad/s, class = label - 1; the unlabelled and the transitions left out.</summary>
    internal static List<SampleWindow> Windows(int subject)
    {
        var windows = new List<SampleWindow>();
        var builder = new WindowBuilder(new WindowOptions { PeriodMs = 20 }, 6);
        var batch = new SampleBatch(6, 1000);
        var row = new float[6];
        using var file = new GZipStream(File.OpenRead(DataSets.Path("uci-hapt", $"subject-{subject:00}.csv.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            for (var c = 0; c < 6; c++)
                row[c] = int.Parse(cells[2 + c], CultureInfo.InvariantCulture) / 1000f;
            var label = int.Parse(cells[8], CultureInfo.InvariantCulture);
            batch.TryAdd(
                long.Parse(cells[1], CultureInfo.InvariantCulture),
                int.Parse(cells[0], CultureInfo.InvariantCulture),
                label is >= 1 and <= 6 ? label - 1 : SampleBatch.NoLabel,
                row);
            if (batch.Count < batch.Capacity)
                continue;
            builder.Add(batch, windows);
            batch.Clear();
        }
        builder.Add(batch, windows);
        windows.RemoveAll(window => window.Label == SampleBatch.NoLabel);
        return windows;
    }
}
