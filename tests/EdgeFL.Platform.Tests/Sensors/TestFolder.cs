using System.IO.Compression;
using System.Text;

namespace EdgeFL.Platform.Tests.Sensors;

/// <summary>A folder of its own for one test, removed afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edgefl-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public string WriteGzip(string name, string text, int cutBytes = 0)
    {
        using var memory = new MemoryStream();
        using (var zip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write(Encoding.UTF8.GetBytes(text));
        File.WriteAllBytes(this[name], memory.ToArray()[..^cutBytes]);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
