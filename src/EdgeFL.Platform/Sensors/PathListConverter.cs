using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeFL.Platform.Sensors;

/// <summary>Reads one path or a list of paths: <c>"a.csv"</c> is the same as <c>["a.csv"]</c>.</summary>
public sealed class PathListConverter : JsonConverter<IReadOnlyList<string>>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [reader.GetString()!];
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A path or a list of paths is expected.");
        var paths = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            paths.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("A path must be a string."));
        return paths;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Count == 1)
        {
            writer.WriteStringValue(value[0]);
            return;
        }
        writer.WriteStartArray();
        foreach (string path in value)
            writer.WriteStringValue(path);
        writer.WriteEndArray();
    }
}
