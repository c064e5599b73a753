using System.CommandLine;
using System.Text;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeFL.Cli.Framework;

/// <summary>What a running command has: its parsed options, its streams, and the habits that all commands share.</summary>
internal sealed class CliContext(ParseResult parse, CliConsole console)
{
    /// <summary>The parsed command line.</summary>
    public ParseResult Parse { get; } = parse;

    /// <summary>The streams.</summary>
    public CliConsole Console { get; } = console;

    /// <summary><c>--json</c>.</summary>
    public bool Json => Flag(GlobalOptions.JsonName);

    /// <summary><c>--quiet</c>.</summary>
    public bool Quiet => Flag(GlobalOptions.QuietName);

    /// <summary><c>--yes</c>, where the command has it.</summary>
    public bool Yes => Flag(GlobalOptions.YesName);

    /// <summary><c>--dry-run</c>, where the command has it.</summary>
    public bool DryRun => Flag(GlobalOptions.DryRunName);

    /// <summary><c>--timeout</c>; only for commands that have it.</summary>
    public TimeSpan Timeout => Parse.GetValue<TimeSpan>(GlobalOptions.TimeoutName);

    /// <summary>Now, in UTC.</summary>
    public DateTimeOffset Now => Console.Clock.GetUtcNow();

    /// <summary>Value of an option.</summary>
    public T? Get<T>(Option<T> option) => Parse.GetValue(option);

    /// <summary>Value of an argument.</summary>
    public T? Get<T>(Argument<T> argument) => Parse.GetValue(argument);

    /// <summary>Whether the option was typed (not filled from its default).</summary>
    public bool Given(Option option) => Parse.GetResult(option) is { Implicit: false };

    /// <summary>A line of progress on stderr; silent with <c>--quiet</c>.</summary>
    public void Progress(string text)
    {
        if (!Quiet)
            Console.Err.WriteLine(text);
    }

    /// <summary>A warning on stderr, also with <c>--quiet</c>.</summary>
    public void Warn(string text) => Console.Err.WriteLine("warning: " + text);

    /// <summary>A line of data on stdout.</summary>
    public void Data(string text) => Console.Out.WriteLine(text);

    /// <summary>A table or other drawing on stdout.</summary>
    public void Data(IRenderable drawing) => Console.OutAnsi.Write(drawing);

    /// <summary>One JSON object, indented for people, on stdout. <c>schema</c> is its first field and changes only with its meaning.</summary>
    /// <param name="schema">Name and version, for example <c>edgefl.discover/1</c>.</param>
    /// <param name="fields">Writes the other fields.</param>
    public void DataJson(string schema, Action<Utf8JsonWriter> fields) => Data(JsonText.Object(json =>
    {
        json.WriteString("schema", schema);
        fields(json);
    }));

    /// <summary>An empty table in the house's style: framed on a terminal, plain aligned columns in a pipe.</summary>
    public Table NewTable(params string[] columns)
    {
        var table = new Table { Border = Console.OutIsTerminal ? TableBorder.Rounded : TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column.ToUpperInvariant(), new Style(decoration: Decoration.Bold))).NoWrap());
        return table;
    }

    /// <summary>
    /// Asks a question on stderr, or takes the default with <c>--yes</c>. Without a terminal nothing is ever asked.
    /// </summary>
    /// <param name="question">The question, without a question mark's default.</param>
    /// <param name="fallback">The default answer, or null when there is none.</param>
    /// <param name="flag">The flag that answers it, for the error without a terminal.</param>
    /// <exception cref="CliException">There is no default and no terminal to ask on.</exception>
    public string Ask(string question, string? fallback, string flag)
    {
        if (Yes || !Console.InIsTerminal)
        {
            return fallback ?? throw new CliException("answer-missing", $"{question}? There is no terminal to ask on and no default.",
                $"give it on the command line: {flag}", ExitCodes.Usage);
        }

        Console.Err.Write(fallback is null ? $"{question}? " : $"{question}? [{fallback}] ");
        Console.Err.Flush();
        var answer = Console.In.ReadLine()?.Trim();
        if (!string.IsNullOrEmpty(answer))
            return answer;
        return fallback ?? throw new CliException("answer-missing", $"{question}? No answer was given.", $"give it on the command line: {flag}",
            ExitCodes.Usage);
    }

    private bool Flag(string name)
    {
        try
        {
            return Parse.GetValue<bool>(name);
        }
        catch (ArgumentException)
        {
            return false; // the command does not have this option
        }
    }
}

/// <summary>JSON text, written by hand: no reflection, field order fixed, numbers that are not finite become null.</summary>
internal static class JsonText
{
    /// <summary>One object, indented.</summary>
    public static string Object(Action<Utf8JsonWriter> fields) => Write(fields, indented: true);

    /// <summary>One object on one line.</summary>
    public static string Line(Action<Utf8JsonWriter> fields) => Write(fields, indented: false);

    /// <summary>Writes a number rounded to <paramref name="digits"/> decimals, or null when it is NaN or infinite.</summary>
    public static void WriteFinite(this Utf8JsonWriter json, string name, double value, int digits = 4)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, Math.Round(value, digits));
        else
            json.WriteNull(name);
    }

    /// <summary>Writes an array of objects.</summary>
    public static void WriteObjects<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> fields)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            fields(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Write(Action<Utf8JsonWriter> fields, bool indented)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented, Encoder = Relaxed }))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    // Output goes to files and terminals, never into HTML: quotes, plus signs and umlauts stay readable.
    private static System.Text.Encodings.Web.JavaScriptEncoder Relaxed => System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
}
