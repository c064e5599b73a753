using System.Text;

namespace EdgeFL.Cli.Report;

/// <summary>A run as Markdown, beside its pictures.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes the text.</summary>
    /// <param name="result">The run.</param>
    /// <param name="pictures">File names of the pictures, relative to the report.</param>
    public static string Write(DemoResult result, IReadOnlyList<string> pictures)
    {
        var text = new StringBuilder();
        text.Append($"# {Inline(result.Title)}\n\n{Inline(result.Headline())}\n\n");
        text.Append("| | |\n|---|---:|\n");
        foreach (var (name, value) in ReportTable.Facts(result))
            text.Append($"| {Inline(name)} | {Inline(value)} |\n");
        text.Append('\n');
        foreach (var picture in pictures)
            text.Append($"![{Inline(Path.GetFileNameWithoutExtension(picture))}]({picture})\n\n");
        text.Append("## Devices\n\n");
        var columns = ReportTable.Columns(result);
        text.Append("| " + string.Join(" | ", columns) + " |\n|---" + string.Concat(columns.Skip(1).Select(_ => "|---:")) + "|\n");
        foreach (var row in ReportTable.Rows(result))
            text.Append("| " + string.Join(" | ", row.Select(Inline)) + " |\n");
        text.Append('\n');
        if (result.Setup.Count > 0)
        {
            text.Append("## What was run\n\n");
            foreach (var (name, value) in result.Setup)
                text.Append($"- {Inline(name)}: {Inline(value)}\n");
            text.Append('\n');
        }

        if (result.Command.Length > 0)
            text.Append($"To run it again:\n\n```sh\n{result.Command}\n```\n\n");
        foreach (var note in result.Notes)
            text.Append($"> {Inline(note)}\n\n");
        text.Append("All numbers are in `result.json` too.\n");
        return text.ToString();
    }

    // A pipe or a line break would end the cell, markup would be taken for markup.
    private static string Inline(string text) =>
        text.Replace("\\", "\\\\").Replace("|", "\\|").Replace("<", "&lt;").Replace("*", "\\*").Replace("`", "\\`").ReplaceLineEndings(" ");
}
