using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeFL.Learning;

/// <summary>The JSON members of a model file, as they stand there.</summary>
internal sealed class ModelFile
{
    public int Format { get; set; } = 1;

    public string? Name { get; set; }

    public string? Task { get; set; }

    public int? Channels { get; set; }

    public int? Length { get; set; }

    public int? Horizon { get; set; }

    public string[]? Classes { get; set; }

    public TargetFile? Target { get; set; }

    public string? Normalise { get; set; }

    public float[]? Scale { get; set; }

    public string? Loss { get; set; }

    public float? Delta { get; set; }

    public LayerFile[]? Layers { get; set; }
}

/// <summary>The JSON members of a target.</summary>
internal sealed class TargetFile
{
    public string? Name { get; set; }

    public string? Unit { get; set; }

    public float? Cap { get; set; }

    public float? Scale { get; set; }
}

/// <summary>The JSON members of a layer.</summary>
internal sealed class LayerFile
{
    public string? Type { get; set; }

    public int? Filters { get; set; }

    public int? Kernel { get; set; }

    public int? Size { get; set; }

    public int? Outputs { get; set; }

    public int? Groups { get; set; }

    public int? Bands { get; set; }

    public int? Block { get; set; }

    public int? Clusters { get; set; }

    public float? Rate { get; set; }

    public bool? Sequence { get; set; }

    public float? Width { get; set; }

    public int? Height { get; set; }

    public int? Seed { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    MaxDepth = 8)]
[JsonSerializable(typeof(ModelFile))]
internal sealed partial class ModelJson : JsonSerializerContext;
