using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Platform.Configuration;

/// <summary>A configuration that cannot be used: what is wrong, where, and what to do.</summary>
public sealed class ConfigException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="code">Stable kebab-case code.</param>
    /// <param name="message">What is wrong and where.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">The cause.</param>
    public ConfigException(string code, string message, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Remedy = remedy;
    }

    /// <summary>Stable kebab-case code.</summary>
    public string Code { get; }

    /// <summary>What to do.</summary>
    public string Remedy { get; }
}

/// <summary>Reads and writes <c>agent.json</c>. Comments and trailing commas are allowed; an unknown member is an error, because it is a misspelt one.</summary>
public static class AgentConfigFile
{
    /// <summary>Reads a configuration.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ConfigException">The file cannot be read or says something that is not understood: line, column and remedy are named.</exception>
    public static AgentConfig Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException("no-config", $"{path} cannot be read: {error.Message}", "edgefl init, or name the file with --config FILE", error);
        }

        try
        {
            AgentConfig config = JsonSerializer.Deserialize(bytes, AgentConfigJson.Default.AgentConfig)
                ?? throw new ConfigException("bad-config", $"{path} holds null.", "edgefl node add NAME writes a whole configuration.");
            AgentConfigRules.Check(config, path);
            return config;
        }
        catch (JsonException error)
        {
            throw new ConfigException("bad-config", Explain(path, bytes, error), "Mend that place; docs/agent.md lists all members.", error);
        }
    }

    /// <summary>Shows the place itself, counted from 1 as editors do: the texts of the JSON reader speak of its types and count from 0.</summary>
    private static string Explain(string path, byte[] bytes, JsonException error)
    {
        const int ShownMax = 80;
        if (error.LineNumber is not { } number)
            return $"{path}: {error.Message}";
        string line = Encoding.UTF8.GetString(bytes).Split('\n').ElementAtOrDefault((int)number)?.Trim() ?? "";
        string shown = line.Length > ShownMax ? line[..ShownMax] + "…" : line;
        return $"{path}:{number + 1}:{error.BytePositionInLine + 1}: not understood (a misspelt member, a value of another type, or no JSON): {shown}";
    }

    /// <summary>Writes a configuration so that a reader finds the old file or the new one, whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="mode">Rights of the file. Default 0644.</param>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void Write(string path, AgentConfig config, UnixFileMode mode = AtomicFile.Readable) =>
        AtomicFile.Write(path, [.. JsonSerializer.SerializeToUtf8Bytes(config, AgentConfigJson.Default.AgentConfig), (byte)'\n'], mode);
}

/// <summary>How <c>agent.json</c> looks.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(AgentConfig))]
public sealed partial class AgentConfigJson : JsonSerializerContext;
