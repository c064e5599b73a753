using System.CommandLine;

namespace EdgeFL.Cli.Framework;

/// <summary>One line to type and what it does, printed under a command's help.</summary>
/// <param name="Line">The whole command line, starting with <c>edgefl</c>.</param>
/// <param name="Says">What it does, in a few words.</param>
internal sealed record Example(string Line, string Says);

/// <summary>A command with examples, whose action gets a <see cref="CliContext"/> and a token that Ctrl-C cancels.</summary>
internal sealed class CliCommand : Command
{
    /// <param name="name">Name as typed.</param>
    /// <param name="description">First line: what it does. Further lines teach and show only in the command's own help.</param>
    /// <param name="examples">At least one, so that help teaches.</param>
    public CliCommand(string name, string description, params Example[] examples)
        : base(name, description) => Examples = examples;

    /// <summary>Lines to type, shown by <c>--help</c>.</summary>
    public IReadOnlyList<Example> Examples { get; }

    /// <summary>What the command does, or null for a group of commands.</summary>
    public Func<CliContext, CancellationToken, Task<int>>? Body { get; private set; }

    /// <summary>Sets what the command does; returns the command.</summary>
    public CliCommand Runs(Func<CliContext, CancellationToken, Task<int>> body)
    {
        Body = body;
        SetAction((parse, cancel) => Task.FromResult(ExitCodes.Usage)); // replaced by CommandLine, which has the console
        return this;
    }

    /// <summary>Adds options and returns the command.</summary>
    public CliCommand With(params Option[] options)
    {
        foreach (var option in options)
            Add(option);
        return this;
    }

    /// <summary>Adds arguments and returns the command.</summary>
    public CliCommand Takes(params Argument[] arguments)
    {
        foreach (var argument in arguments)
            Add(argument);
        return this;
    }
}
