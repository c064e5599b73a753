namespace EdgeFL.Platform.Mdns;

/// <summary>Discovery cannot do what was asked. The message says what is wrong and where.</summary>
public sealed class MdnsException : Exception
{
    /// <summary>Makes an exception that a person can act on.</summary>
    /// <param name="code">Stable kebab-case code: <c>mdns-name-conflict</c>, <c>mdns-withdrawn</c>, <c>mdns-socket</c>
    /// or <c>mdns-limit</c>.</param>
    /// <param name="message">What is wrong and where.</param>
    /// <param name="remedy">What to do or type next.</param>
    /// <param name="inner">The cause, if it was an exception.</param>
    public MdnsException(string code, string message, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Remedy = remedy;
    }

    /// <summary>Stable kebab-case code.</summary>
    public string Code { get; }

    /// <summary>What to do or type next.</summary>
    public string Remedy { get; }
}
