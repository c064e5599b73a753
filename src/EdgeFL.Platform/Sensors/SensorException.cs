namespace EdgeFL.Platform.Sensors;

/// <summary>A sensor cannot be opened or read: what is wrong, where, and what to do about it.</summary>
public sealed class SensorException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="code">Stable kebab-case code, e.g. <c>sensor-not-a-number</c>.</param>
    /// <param name="cause">What is wrong, one sentence.</param>
    /// <param name="where"><c>file:line:column</c> as far as known (line and column from 1), or the name of an option.</param>
    /// <param name="remedy">The next thing to do.</param>
    /// <param name="inner">What the system said, if it said something.</param>
    public SensorException(string code, string cause, string where, string remedy, Exception? inner = null)
        : base($"{where}: {cause} [{code}] {remedy}", inner)
    {
        Code = code;
        Cause = cause;
        Where = where;
        Remedy = remedy;
    }

    /// <summary>Stable kebab-case code.</summary>
    public string Code { get; }

    /// <summary>What is wrong, one sentence.</summary>
    public string Cause { get; }

    /// <summary><c>file:line:column</c> as far as known, or the name of an option.</summary>
    public string Where { get; }

    /// <summary>The next thing to do.</summary>
    public string Remedy { get; }
}
