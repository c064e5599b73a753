using System.Text;
using System.Text.Json;

namespace EdgeFL.Platform.Sensors;

/// <summary>Writes split.json: who trains, who tests, what the labels mean.</summary>
internal static class HaptSplit
{
    /// <summary>The subjects of the official test part (test/subject_id_test.txt of HAPT 2.1).</summary>
    private static readonly int[] Test = [2, 4, 9, 10, 12, 13, 18, 20, 24];

    public static byte[] Text(HaptDownload download)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new JsonWriterOptions { Indented = true, IndentSize = 1, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("dataset", "UCI HAPT v2.1 raw signals (same 30 volunteers and 70/30 subject split as UCI HAR v1.0)");
            json.WriteNumber("rateHz", 50);
            json.WriteStartObject("units");
            json.WriteString("t_ms", "milliseconds from start of the segment");
            json.WriteString("ax,ay,az", "milli-g, total acceleration");
            json.WriteString("gx,gy,gz", "milli-rad/s");
            json.WriteEndObject();
            json.WriteStartObject("window");
            json.WriteNumber("samples", 128);
            json.WriteNumber("step", 64);
            json.WriteEndObject();
            json.WriteStartObject("labels");
            foreach (var (number, name) in download.LabelNames)
                json.WriteString($"{number}", name);
            json.WriteEndObject();
            WriteList(json, "train", download.Subjects.Keys.Where(subject => !Test.Contains(subject)));
            WriteList(json, "test", download.Subjects.Keys.Where(subject => Test.Contains(subject)));
            json.WriteStartObject("segments");
            foreach (var (subject, experiments) in download.Subjects)
                WriteList(json, $"{subject}", experiments.Select(experiment => experiment.Number));
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return memory.ToArray();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (int number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
