using System.Security.Cryptography;
using System.Text;

namespace EdgeFL.Mqtt;

/// <summary>
/// The opening handshake of a WebSocket for MQTT, the server's side (RFC 6455, section 4.2; MQTT 5.0, section 6): a whole request
/// head in, an answer out. Stricter than HTTP where a browser has no need of the freedom.
/// </summary>
internal static class WebSocketHandshake
{
    /// <summary>Longest request head, bytes. Browsers send one to two thousand, cookies included.</summary>
    public const int HeadBytesMax = 8192;

    private const string Switching = "101 Switching Protocols";
    private const string BadRequest = "400 Bad Request";
    private const string UpgradeRequired = "426 Upgrade Required";

    /// <summary>Length of the head with its empty line; 0 while that has not come.</summary>
    public static int HeadLength(ReadOnlySpan<byte> received) => received.IndexOf("\r\n\r\n"u8) is var end and >= 0 ? end + 4 : 0;

    /// <summary>Judges a request.</summary>
    /// <param name="received">All that came, head and, where the client did not wait, more; a head that is not whole is refused.</param>
    /// <param name="allowsOrigin">The host's rule for the Origin header, null for none.</param>
    /// <param name="answer">What to send.</param>
    /// <returns>Why it is refused, null when it is not.</returns>
    public static string? Judge(ReadOnlySpan<byte> received, Func<string?, bool>? allowsOrigin, out byte[] answer)
    {
        (string status, string? refusal, string key) = Judge(received, allowsOrigin);
        string upgrade = status is Switching or UpgradeRequired ? "Upgrade: websocket\r\nConnection: Upgrade\r\n" : "Connection: close\r\n";
        string rest = refusal is null
            ? "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + Accept(key)
            : "Sec-WebSocket-Version: 13\r\nContent-Length: 0";
        answer = Encoding.ASCII.GetBytes("HTTP/1.1 " + status + "\r\n" + upgrade + rest + "\r\n\r\n");
        return refusal;
    }

    private static (string Status, string? Refusal, string Key) Judge(ReadOnlySpan<byte> received, Func<string?, bool>? allowsOrigin)
    {
        int length = HeadLength(received);
        if (length == 0 || length != received.Length)
            return (BadRequest, length == 0 ? "no whole head" : "bytes before the answer", "");
        foreach (byte value in received)
        {
            if (value is (< 0x20 or > 0x7E) and not ((byte)'\r' or (byte)'\n' or (byte)'\t'))
                return (BadRequest, "a head that is not printable ASCII", "");
        }
        string[] lines = Encoding.ASCII.GetString(received[..^3]).Split('\n');
        (string status, string? refusal) = JudgeRequestLine(lines[0]);
        Head head = new();
        for (int i = 1; i < lines.Length && refusal is null; i++)
        {
            refusal = head.Add(lines[i]);
            if (refusal is not null)
                status = BadRequest;
        }
        if (refusal is null)
            (status, refusal) = head.Judge(allowsOrigin);
        return (status, refusal, head.Key ?? "");
    }

    private static (string Status, string? Refusal) JudgeRequestLine(string line)
    {
        string[] parts = line.Split(' ');
        if (parts is not ["GET", { Length: > 0 } target, "HTTP/1.1\r"])
            return (BadRequest, "not a GET over HTTP/1.1");
        int query = target.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? target : target[..query];
        return path is "/mqtt" or "/" ? (Switching, null) : ("404 Not Found", "another path than /mqtt");
    }

    /// <summary>Proof that the request was understood (RFC 6455, section 4.2.2, item 5.4); SHA-1 is what it names.</summary>
    private static string Accept(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    /// <summary>The header fields that count.</summary>
    private sealed class Head
    {
        private string? host;
        private string? version;
        private string? origin;
        private bool upgrades;
        private bool connects;
        private bool offersMqtt;

        public string? Key { get; private set; }

        /// <summary>Takes one field, up to its line feed; returns what is wrong with it, null for nothing.</summary>
        public string? Add(string line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line.IndexOf('\r', StringComparison.Ordinal) != line.Length - 1)
                return "a malformed header field";
            string name = line[..colon].ToLowerInvariant(), value = line[(colon + 1)..].Trim();
            foreach (char letter in name)
            {
                if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.' or '!' or '#' or '$' or '%' or '&' or '\'' or '*' or '+' or '^' or '`' or '|' or '~'))
                    return "a malformed header field";
            }
            string? before = null;
            switch (name)
            {
                case "host":
                    (before, host) = (host, value);
                    break;
                case "origin":
                    (before, origin) = (origin, value);
                    break;
                case "sec-websocket-key":
                    (before, Key) = (Key, value);
                    break;
                case "sec-websocket-version":
                    (before, version) = (version, value);
                    break;
                case "upgrade":
                    upgrades |= Names(value, "websocket", StringComparison.OrdinalIgnoreCase);
                    break;
                case "connection":
                    connects |= Names(value, "upgrade", StringComparison.OrdinalIgnoreCase);
                    break;
                case "sec-websocket-protocol":
                    offersMqtt |= Names(value, "mqtt", StringComparison.Ordinal);
                    break;
                case "content-length" or "transfer-encoding":
                    return "a body, where none belongs";
            }
            return before is null ? null : $"{name} twice";
        }

        public (string Status, string? Refusal) Judge(Func<string?, bool>? allowsOrigin)
        {
            if (!upgrades || !connects)
                return (UpgradeRequired, "no upgrade to a WebSocket");
            if (version != "13")
                return (UpgradeRequired, "another WebSocket version than 13");
            if (string.IsNullOrEmpty(host))
                return (BadRequest, "no Host");
            if (Key is not { Length: 24 } || !Convert.TryFromBase64String(Key, new byte[18], out int count) || count != 16)
                return (BadRequest, "no valid Sec-WebSocket-Key");
            if (!offersMqtt)
                return (BadRequest, "no subprotocol mqtt");
            return allowsOrigin?.Invoke(origin) == false ? ("403 Forbidden", $"origin '{origin}' is not allowed") : (Switching, null);
        }

        /// <summary>Whether a comma-separated list names something.</summary>
        private static bool Names(string list, string wanted, StringComparison how)
        {
            foreach (string item in list.Split(','))
            {
                if (item.Trim().Equals(wanted, how))
                    return true;
            }
            return false;
        }
    }
}
