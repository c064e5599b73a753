using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using EdgeFL.Cli.Commands;
using EdgeFL.Identity;
using EdgeFL.Platform.Mdns;
using EdgeFL.Platform.Sensors;
using Spectre.Console;

namespace EdgeFL.Cli.Framework;

/// <summary>Reads a command line, runs the command, and turns everything that can go wrong into an error text and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>How long a command may take to stop after Ctrl-C before the process ends anyway.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    /// <summary>The version of this program.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Arguments without the program's name.</param>
    /// <param name="console">The streams.</param>
    /// <param name="cancel">Cancels as Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static Task<int> RunAsync(string[] args, CliConsole console, CancellationToken cancel = default) =>
        RunAsync(CommandTree.Build(), args, console, cancel);

    /// <summary>Runs one command line on a given tree of commands.</summary>
    internal static async Task<int> RunAsync(RootCommand root, string[] args, CliConsole console, CancellationToken cancel)
    {
        Bind(root, console);
        // No response files (@file) and no directives: an argument that starts with @ or [ is an argument.
        var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var json = args.Contains(GlobalOptions.JsonName);
        if (parse.Action is HelpAction || args is [])
        {
            HelpText.Write(args is [] ? root : parse.CommandResult.Command, console);
            return ExitCodes.Ok;
        }

        if (parse.GetResult("--version") is { } version && version is System.CommandLine.Parsing.OptionResult { Implicit: false })
        {
            console.Out.WriteLine(json ? JsonText.Line(j => j.WriteString("version", Version)) : "edgefl " + Version);
            return ExitCodes.Ok;
        }

        if (UsageError(parse) is { } usage)
            return Report(usage, console, json);
        try
        {
            return await parse.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = console.Out,
                    Error = console.Err,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = StopPatience,
                },
                cancel).ConfigureAwait(false);
        }
        catch (Exception exception) when (Explain(exception) is { } error)
        {
            return Report(error, console, json);
        }
        catch (OperationCanceledException)
        {
            console.Err.WriteLine("Stopped.");
            return ExitCodes.Interrupted;
        }
    }

    /// <summary>Writes an error: three lines for a person, one JSON object for a program; both on stderr.</summary>
    internal static int Report(CliException error, CliConsole console, bool json)
    {
        if (json)
        {
            console.Err.WriteLine(JsonText.Line(j =>
            {
                j.WriteStartObject("error");
                j.WriteString("code", error.Code);
                j.WriteString("cause", error.Message);
                j.WriteString("remedy", error.Remedy);
                j.WriteNumber("exit", error.Exit);
                j.WriteEndObject();
            }));
            return error.Exit;
        }

        console.Err.Flush();
        var ansi = console.ErrAnsi;
        ansi.Write(new Text("error", new Style(Color.Red, decoration: Decoration.Bold)));
        console.Err.WriteLine($" [{error.Code}]: {error.Message}");
        ansi.Write(new Text(" next", new Style(Color.Green, decoration: Decoration.Bold)));
        console.Err.WriteLine($": {error.Remedy}");
        return error.Exit;
    }

    private static void Bind(Command command, CliConsole console)
    {
        if (command is CliCommand { Body: { } body })
            command.SetAction((parse, cancel) => body(new CliContext(parse, console), cancel));
        foreach (var child in command.Subcommands)
            Bind(child, console);
    }

    private static CliException? UsageError(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var path = PathOf(command);
        var groupOnly = command.Subcommands.Count > 0 && command is not CliCommand { Body: not null };
        if ((parse.UnmatchedTokens.FirstOrDefault() ?? MistypedOption(parse)) is { } typed)
        {
            var kind = typed.StartsWith('-') ? "option" : groupOnly ? "command" : "argument";
            var known = typed.StartsWith('-')
                ? OptionsOf(command).SelectMany(o => o.Aliases.Prepend(o.Name))
                : command.Subcommands.Select(c => c.Name);
            var near = Nearest(typed, known);
            return new CliException("unknown-" + kind, $"'{path}' has no {kind} '{typed}'.",
                near is null ? $"{path} --help" : typed.StartsWith('-') ? $"{path} {near}   (or {path} --help)" : $"{path} {near}",
                ExitCodes.Usage);
        }

        if (groupOnly && parse.Errors.Count > 0)
        {
            return new CliException("command-missing", $"'{path}' needs one of: {string.Join(", ", command.Subcommands.Select(c => c.Name))}.",
                $"{path} --help", ExitCodes.Usage);
        }

        if (parse.Errors.Count == 0)
            return null;
        var message = string.Join(" ", parse.Errors.Select(e => e.Message.TrimEnd('.') + "."));
        return new CliException("bad-usage", message, $"{path} --help", ExitCodes.Usage);
    }

    // A word with a dash in front that no option knows becomes an argument in the library's eyes: for a person it is a slip.
    private static string? MistypedOption(ParseResult parse)
    {
        var arguments = parse.CommandResult.Children.OfType<System.CommandLine.Parsing.ArgumentResult>().SelectMany(a => a.Tokens)
            .Where(t => t.Value.Length > 1 && t.Value[0] == '-').ToHashSet();
        return parse.Tokens.TakeWhile(t => t.Type != System.CommandLine.Parsing.TokenType.DoubleDash).FirstOrDefault(arguments.Contains)?.Value;
    }

    private static CliException? Explain(Exception exception) => exception switch
    {
        CliException known => known,
        OperationCanceledException => null,
        SensorException sensor => new CliException(sensor.Code, $"{sensor.Where}: {sensor.Cause}", sensor.Remedy, ExitCodes.Failure, sensor),
        MdnsException discovery => new CliException(discovery.Code, discovery.Message, discovery.Remedy, ExitCodes.Failure, discovery),
        IdentityException identity => new CliException(identity.Code, identity.Cause + ".", identity.Remedy,
            identity.Code == IdentityCodes.KeyMode ? ExitCodes.NotAllowed : ExitCodes.Failure, identity),
        UnauthorizedAccessException refused => new CliException("permission-denied", refused.Message,
            "ls -ld the path above; then chown it to you, or run the command as its owner", ExitCodes.NotAllowed, refused),
        IOException io => new CliException("input-output", io.Message, "check the path and the free space: df -h .", ExitCodes.Failure, io),
        _ => new CliException("internal", $"{exception.GetType().Name}: {exception.Message}",
            "this is a defect of edgefl: report it with this text and the command line" + Trace(exception), ExitCodes.Failure, exception),
    };

    private static string Trace(Exception exception) =>
        Environment.GetEnvironmentVariable("EDGEFL_TRACE") is { Length: > 0 } ? Environment.NewLine + exception : " (EDGEFL_TRACE=1 shows where)";

    /// <summary>The command as typed, from the program's name on.</summary>
    internal static string PathOf(Command command)
    {
        var parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "edgefl" : PathOf(parent) + " " + command.Name;
    }

    /// <summary>The options of a command with those it inherits, without hidden ones.</summary>
    internal static IEnumerable<Option> OptionsOf(Command command)
    {
        foreach (var option in command.Options.Where(o => !o.Hidden))
            yield return option;
        for (var parent = command.Parents.OfType<Command>().FirstOrDefault(); parent is not null; parent = parent.Parents.OfType<Command>().FirstOrDefault())
        {
            foreach (var option in parent.Options.Where(o => o.Recursive && !o.Hidden))
                yield return option;
        }
    }

    private static string? Nearest(string typed, IEnumerable<string> known)
    {
        var best = known.Select(k => (Name: k, Cost: Distance(typed, k))).OrderBy(k => k.Cost).FirstOrDefault();
        return best.Name is not null && best.Cost <= Math.Max(1, typed.Length / 2) ? best.Name : null;
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[b.Length];
    }
}
