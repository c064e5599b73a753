using System.Text;
using System.Text.Json;

namespace EdgeFL.Platform.Configuration;

/// <summary>
/// Where in a document a <see cref="JsonException"/> arose. A syntax error says so itself; an error of a member does not: the serializer reads objects with
/// required members to their end first, and would name that end.
/// </summary>
internal static class JsonPlace
{
    /// <summary>The place as <c>:line:column</c>, both from 1, or empty when it cannot be told.</summary>
    /// <param name="utf8Json">The document.</param>
    /// <param name="error">What reading it threw.</param>
    public static string Of(ReadOnlySpan<byte> utf8Json, JsonException error)
    {
        if (error.InnerException is JsonException)
            return error.LineNumber is { } line ? $":{line + 1}:{error.BytePositionInLine + 1}" : "";
        int at = Find(utf8Json, error.Path ?? "", error.Message);
        if (at < 0)
            return "";
        ReadOnlySpan<byte> before = utf8Json[..at];
        return $":{before.Count((byte)'\n') + 1}:{at - before.LastIndexOf((byte)'\n')}";
    }

    /// <summary>The member at the path, or the one beneath it that the message names; -1 for neither.</summary>
    private static int Find(ReadOnlySpan<byte> utf8Json, string path, string message)
    {
        var reader = new Utf8JsonReader(utf8Json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var open = new Stack<string>(["$"]);
        string member = "$";
        int found = -1;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push(member);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    string name = Encoding.UTF8.GetString(reader.ValueSpan);
                    member = $"{open.Peek()}.{name}";
                    if (open.Peek() == path && (message.Contains($"'{name}'", StringComparison.Ordinal) || message.Contains($" {name},", StringComparison.Ordinal)))
                        return (int)reader.TokenStartIndex;
                    if (member == path || path.StartsWith(member + "[", StringComparison.Ordinal))
                        found = (int)reader.TokenStartIndex;
                    break;
            }
        }

        return found;
    }
}
