using System.Globalization;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Training;

/// <summary>A column of a CSV table that has one row for each recording.</summary>
internal record RecipeTable
{
    /// <summary>CSV file with a header, in the folder of the recordings.</summary>
    public required string File { get; init; }

    /// <summary>Column that holds the recording's number.</summary>
    public required string Segment { get; init; }

    /// <summary>Column that holds what is looked for.</summary>
    public required string Column { get; init; }

    /// <summary>Reads the column.</summary>
    /// <typeparam name="T">What its cells stand for.</typeparam>
    /// <param name="folder">Folder of the recordings.</param>
    /// <param name="wanted">What a cell must be, for the error.</param>
    /// <param name="parse">Makes a value of a cell; null when it cannot be one.</param>
    /// <returns>The recording's number to its value.</returns>
    /// <exception cref="CliException"><c>bad-data</c>: the file is missing, a column is, or a row is wrong.</exception>
    public Dictionary<int, T> Read<T>(string folder, string wanted, Func<string, T?> parse)
        where T : struct
    {
        string[] lines;
        try
        {
            lines = System.IO.File.ReadAllLines(Path.Combine(folder, File));
        }
        catch (IOException e)
        {
            throw Wrong(folder, e.Message, e);
        }

        string[] header = lines.Length > 0 ? lines[0].Split(',') : [];
        int segment = Array.IndexOf(header, Segment), column = Array.IndexOf(header, Column);
        if (segment < 0 || column < 0)
            throw Wrong(folder, $"its first line has no columns '{Segment}' and '{Column}', but: {string.Join(", ", header)}.");
        var values = new Dictionary<int, T>();
        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
                continue;
            string[] cells = lines[i].Split(',');
            if (cells.Length != header.Length || !int.TryParse(cells[segment], NumberStyles.Integer, CultureInfo.InvariantCulture, out int number))
                throw Wrong(folder, $"line {i + 1} is no row of {header.Length} cells with a number under '{Segment}': {lines[i]}");
            T value = parse(cells[column]) ?? throw Wrong(folder, $"line {i + 1} has no {wanted} under '{Column}': {lines[i]}");
            if (!values.TryAdd(number, value))
                throw Wrong(folder, $"line {i + 1} has number {number} a second time: {lines[i]}");
        }

        return values;
    }

    private CliException Wrong(string folder, string what, Exception? cause = null) =>
        new("bad-data", $"{Path.Combine(folder, File)}: {what}", "--data DIR   (the folder of the recordings)", ExitCodes.Failure, cause);
}
