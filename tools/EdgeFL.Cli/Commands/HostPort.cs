using System.Globalization;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Commands;

/// <summary>An address to connect to: <c>host:port</c>, <c>[v6]:port</c>, or a host alone with the default port.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>MQTT over TLS.</summary>
    public const int DefaultPort = 8883;

    /// <summary>Reads an address.</summary>
    /// <exception cref="CliException"><c>bad-address</c>.</exception>
    public static HostPort Parse(string text)
    {
        var wrong = new CliException("bad-address", $"'{text}' is not an address: host:port.", "write it as 192.168.1.20:8883 or [fe80::1]:8883", ExitCodes.Usage);
        string host, port;
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']');
            if (end < 0)
                throw wrong;
            host = text[1..end];
            port = text[(end + 1)..];
            if (port.Length > 0 && port[0] != ':')
                throw wrong;
            port = port.TrimStart(':');
        }
        else
        {
            var colon = text.IndexOf(':');
            if (colon != text.LastIndexOf(':'))
                throw wrong;
            (host, port) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
            if (colon >= 0 && port.Length == 0)
                throw wrong;
        }

        var number = DefaultPort;
        if (host.Length == 0 || host.Any(char.IsWhiteSpace)
            || (port.Length > 0 && !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number)) || number is < 1 or > 65535)
            throw wrong;
        return new HostPort(host, number);
    }

    /// <inheritdoc />
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
