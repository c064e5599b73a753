using System.Text;
using Spectre.Console;

namespace EdgeFL.Cli.Framework;

/// <summary>
/// The three streams of a command and what they are connected to. Data goes to <see cref="Out"/>, everything else to <see cref="Err"/>.
/// Commands never touch <see cref="Console"/> themselves, so tests can run them with strings in place of a terminal.
/// </summary>
internal sealed class CliConsole
{
    private const int PipeWidth = 200;

    /// <summary>Standard output: data only.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: progress, diagnostics, errors, prompts.</summary>
    public required TextWriter Err { get; init; }

    /// <summary>Standard input: answers to prompts.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Whether standard output is a terminal.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether standard error is a terminal: only then anything is drawn over itself.</summary>
    public bool ErrIsTerminal { get; init; }

    /// <summary>Whether standard input is a terminal: only then anything is asked.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>Environment variables; a test gives its own.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Folder that relative paths on the command line are relative to.</summary>
    public string WorkingFolder { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>The clock of the commands; a test gives its own.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether colours may be used at all: not with <c>NO_COLOR</c> set to anything, nor with <c>TERM=dumb</c>.</summary>
    public bool Color => string.IsNullOrEmpty(Environment("NO_COLOR")) && Environment("TERM") != "dumb";

    /// <summary>Spectre console over <see cref="Out"/>.</summary>
    public IAnsiConsole OutAnsi => _outAnsi ??= Create(Out, OutIsTerminal);

    /// <summary>Spectre console over <see cref="Err"/>.</summary>
    public IAnsiConsole ErrAnsi => _errAnsi ??= Create(Err, ErrIsTerminal);

    private IAnsiConsole? _outAnsi;
    private IAnsiConsole? _errAnsi;

    /// <summary>The streams of this process.</summary>
    public static CliConsole ForProcess()
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new CliConsole
        {
            Out = Console.Out,
            Err = Console.Error,
            In = Console.In,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrIsTerminal = !Console.IsErrorRedirected,
            InIsTerminal = !Console.IsInputRedirected,
        };
    }

    /// <summary>A path from the command line, made absolute.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, WorkingFolder);

    private IAnsiConsole Create(TextWriter writer, bool terminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal && Environment("TERM") != "dumb" ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = terminal && Color ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new StreamOutput(writer, terminal, Environment),
        });
        return console;
    }

    /// <summary>Width of a stream: the terminal's, or wide enough that a pipe never sees a cut table.</summary>
    private sealed class StreamOutput(TextWriter writer, bool terminal, Func<string, string?> environment) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => terminal;

        public int Width => Size("COLUMNS", () => Console.WindowWidth, terminal ? 100 : PipeWidth);

        public int Height => Size("LINES", () => Console.WindowHeight, 24);

        public void SetEncoding(Encoding encoding)
        {
            // The process console is UTF-8 from the start; a test's string has no encoding.
        }

        private int Size(string variable, Func<int> ask, int otherwise)
        {
            if (!terminal)
                return otherwise;
            if (writer == Console.Out || writer == Console.Error)
            {
                try
                {
                    var asked = ask();
                    if (asked > 0)
                        return asked;
                }
                catch (IOException)
                {
                    // No window size to be had: the environment or the default must do.
                }
            }

            return int.TryParse(environment(variable), out var size) && size > 0 ? size : otherwise;
        }
    }
}
