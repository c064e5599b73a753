namespace EdgeFL.Cli.Framework;

/// <summary>What the exit code of <c>edgefl</c> says. Scripts rely on these numbers: never renumber them.</summary>
internal static class ExitCodes
{
    /// <summary>Done; warnings are allowed.</summary>
    public const int Ok = 0;

    /// <summary>Something went wrong on this machine.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>edgefl check</c> found errors.</summary>
    public const int CheckErrors = 3;

    /// <summary>A node or broker does not answer.</summary>
    public const int Unreachable = 4;

    /// <summary>A node, a broker or the file system refuses: not allowed.</summary>
    public const int NotAllowed = 5;

    /// <summary>Stopped by Ctrl-C or SIGTERM before the work was done (128 + SIGINT, as shells say it).</summary>
    public const int Interrupted = 130;
}
