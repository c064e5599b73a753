using System.Text.Json;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Training;

/// <summary>A split by people: a JSON file with the lists <c>train</c> and <c>test</c> of their numbers.</summary>
/// <param name="Train">Who trains.</param>
/// <param name="Test">Who tests.</param>
internal sealed record SubjectSplit(IReadOnlyList<int> Train, IReadOnlyList<int> Test)
{
    /// <summary>Reads the file.</summary>
    /// <param name="path">E.g. <c>split.json</c> in the folder of the recordings.</param>
    /// <exception cref="CliException"><c>bad-data</c>: it cannot be read, or lacks a list.</exception>
    public static SubjectSplit Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new SubjectSplit(Of("train"), Of("test"));
            int[] Of(string part) => [.. document.RootElement.GetProperty(part).EnumerateArray().Select(subject => subject.GetInt32())];
        }
        catch (Exception wrong) when (wrong is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CliException("bad-data", $"{path} does not list train and test subjects: {wrong.Message}",
                "edgefl data import DOWNLOAD FOLDER   (makes such a folder of recordings)", ExitCodes.Failure, wrong);
        }
    }
}
