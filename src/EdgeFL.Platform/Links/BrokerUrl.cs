using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeFL.Platform.Configuration;

namespace EdgeFL.Platform.Links;

/// <summary>An outside broker's address.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Secure">Over TLS.</param>
public sealed record BrokerUrl(string Host, int Port, bool Secure)
{
    /// <summary>Reads <c>mqtt://host[:1883]</c> or <c>mqtts://host[:8883]</c>. Plaintext is for this machine only, unless the caller insists.</summary>
    /// <param name="text">The text.</param>
    /// <param name="insecure">Allow plaintext to other machines.</param>
    /// <param name="member">Where the text stands, for the error.</param>
    /// <exception cref="ConfigException">It cannot be read, or would send everything in the clear.</exception>
    public static BrokerUrl Parse(string text, bool insecure, string member = "network.broker")
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("mqtt" or "mqtts") || uri.Host.Length == 0 || uri.UserInfo.Length > 0)
            throw new ConfigException("bad-broker", $"{member}: '{text}' is not a broker.", "Write mqtt://host:1883 or mqtts://host:8883.");
        bool secure = uri.Scheme == "mqtts";
        string host = uri.Host.Trim('[', ']');
        bool local = host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
        if (!secure && !local && !insecure)
            throw new ConfigException("insecure-broker", $"{member}: '{text}' would send everything in the clear.", "Use mqtts://, or allow it with \"insecure\": true (--insecure).");
        return new BrokerUrl(host, uri.Port > 0 ? uri.Port : secure ? 8883 : 1883, secure);
    }

    /// <summary>The certificates of a CA file; empty when none is named.</summary>
    /// <param name="path">PEM file, or null.</param>
    /// <exception cref="ConfigException">It cannot be read.</exception>
    public static X509Certificate2Collection LoadAuthorities(string? path)
    {
        var authorities = new X509Certificate2Collection();
        if (path is null)
            return authorities;
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ConfigException("bad-broker-ca", $"{path} cannot be read: {error.Message}", "Name the PEM file of the CA that signed the broker's certificate.", error);
        }

        return authorities;
    }
}
