namespace EdgeFL.Identity;

/// <summary>A key or certificate of this device's own cannot be used. Carries what a person needs: a code, the cause with the file's name, and what to do next.</summary>
public sealed class IdentityException : Exception
{
    /// <summary>Makes the exception; <see cref="Exception.Message"/> is cause and remedy together.</summary>
    /// <param name="code">Stable kebab-case code.</param>
    /// <param name="cause">What is wrong and where, a sentence without its full stop.</param>
    /// <param name="remedy">What to do, a sentence without its full stop.</param>
    /// <param name="inner">What was thrown below, or null.</param>
    public IdentityException(string code, string cause, string remedy, Exception? inner = null)
        : base($"{cause}. {remedy}.", inner)
    {
        Code = code;
        Cause = cause;
        Remedy = remedy;
    }

    /// <summary>Stable kebab-case code, one of <see cref="IdentityCodes"/>.</summary>
    public string Code { get; }

    /// <summary>What is wrong and where.</summary>
    public string Cause { get; }

    /// <summary>What to do next.</summary>
    public string Remedy { get; }
}
