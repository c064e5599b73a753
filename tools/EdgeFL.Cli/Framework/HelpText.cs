using System.CommandLine;
using Spectre.Console;

namespace EdgeFL.Cli.Framework;

/// <summary>Help that teaches: what the command does, how it is typed, what each word means, and examples to copy.</summary>
internal static class HelpText
{
    /// <summary>Writes the help of a command to stdout.</summary>
    public static void Write(Command command, CliConsole console)
    {
        var path = CommandLine.PathOf(command);
        var writer = console.Out;
        writer.WriteLine(command.Description);
        writer.WriteLine();
        Heading(console, "Usage");
        writer.WriteLine("  " + Usage(command, path));
        Rows(console, "Commands", command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, FirstLine(c.Description))));
        Rows(console, "Arguments", command.Arguments.Where(a => !a.Hidden).Select(a => (Named(a), a.Description ?? "")));
        var own = command.Options.Where(o => !o.Hidden && !o.Recursive && !IsBuiltIn(o)).ToList();
        Rows(console, "Options", own.Select(o => (Label(o), o.Description ?? "")));
        var general = CommandLine.OptionsOf(command).Where(o => o.Recursive || IsBuiltIn(o)).DistinctBy(o => o.Name)
            .OrderBy(o => o.Name, StringComparer.Ordinal);
        Rows(console, "Everywhere", general.Select(o => (Label(o), Describe(o))));
        var examples = command is CliCommand cli ? cli.Examples : RootExamples(command);
        if (examples.Count == 0)
            return;
        writer.WriteLine();
        Heading(console, "Examples");
        var wide = Math.Min(64, examples.Max(e => e.Line.Length));
        foreach (var example in examples)
            writer.WriteLine("  " + example.Line.PadRight(wide) + "  # " + example.Says);
    }

    private static IReadOnlyList<Example> RootExamples(Command command) => command is RootCommand
        ? command.Subcommands.OfType<CliCommand>().SelectMany(c => c.Subcommands.OfType<CliCommand>().DefaultIfEmpty(c))
            .Where(c => c.Examples.Count > 0).Select(c => c.Examples[0]).ToList()
        : [];

    private static string Usage(Command command, string path)
    {
        var words = new List<string> { path };
        if (command.Subcommands.Count > 0)
            words.Add("COMMAND");
        words.AddRange(command.Arguments.Where(a => !a.Hidden).Select(Named));
        words.Add("[options]");
        return string.Join(' ', words);
    }

    private static string Named(Argument argument)
    {
        var name = argument.HelpName ?? argument.Name.ToUpperInvariant();
        var many = argument.Arity.MaximumNumberOfValues > 1 ? "..." : "";
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}{many}]" : name + many;
    }

    private static string Label(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(a => a.Length > 1 && a[0] == '-').Append(option.Name).Distinct().OrderBy(n => n.Length));
        if (option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0)
            return names;
        return $"{names} {option.HelpName ?? "VALUE"}";
    }

    private static bool IsBuiltIn(Option option) => option is System.CommandLine.Help.HelpOption or VersionOption;

    private static string Describe(Option option) => option switch
    {
        System.CommandLine.Help.HelpOption => "Show this help",
        VersionOption => "Show the version",
        _ => option.Description ?? "",
    };

    private static string FirstLine(string? text) => (text ?? "").Split('\n')[0];

    private static void Heading(CliConsole console, string title)
    {
        console.OutAnsi.Write(new Text(title, new Style(decoration: Decoration.Bold)));
        console.Out.WriteLine(":");
    }

    private static void Rows(CliConsole console, string title, IEnumerable<(string Left, string Right)> rows)
    {
        var list = rows.ToList();
        if (list.Count == 0)
            return;
        console.Out.WriteLine();
        Heading(console, title);
        var wide = list.Max(r => r.Left.Length);
        var width = Math.Max(40, Math.Min(140, console.OutAnsi.Profile.Width) - wide - 4);
        foreach (var (left, right) in list)
        {
            var lines = Wrap(right, width);
            console.Out.WriteLine(("  " + left.PadRight(wide) + "  " + lines[0]).TrimEnd());
            foreach (var line in lines.Skip(1))
                console.Out.WriteLine(new string(' ', wide + 4) + line);
        }
    }

    private static List<string> Wrap(string text, int width)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length > width)
                lines.Add("");
            lines[^1] += lines[^1].Length == 0 ? word : " " + word;
        }

        return lines;
    }
}
