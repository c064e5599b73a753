namespace EdgeFL.Cli.Framework;

/// <summary>An error that a person reads: what went wrong, why, and the next command to type.</summary>
/// <param name="code">Stable kebab-case code that scripts may match, for example <c>ca-missing</c>.</param>
/// <param name="cause">One sentence that names the thing and the place.</param>
/// <param name="remedy">What to do next; a command to type wherever there is one.</param>
/// <param name="exit">One of <see cref="ExitCodes"/>.</param>
/// <param name="inner">What was caught, if anything.</param>
internal sealed class CliException(string code, string cause, string remedy, int exit = ExitCodes.Failure, Exception? inner = null)
    : Exception(cause, inner)
{
    /// <summary>Stable kebab-case code.</summary>
    public string Code { get; } = code;

    /// <summary>The next command to type.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>The exit code that this error ends the program with.</summary>
    public int Exit { get; } = exit;
}
