using System.Text.Json.Serialization;

namespace EdgeFL.Learning;

/// <summary>Which window gives way to a new one.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplayPolicy>))]
public enum ReplayPolicy
{
    /// <summary>The oldest: what is kept is the newest stretch of the stream.</summary>
    [JsonStringEnumMemberName("oldest")]
    Oldest,

    /// <summary>
    /// The oldest of the class that has most: a class that is not seen for long is not forgotten. Of a model that does not classify it is as <see cref="Oldest"/>.
    /// Source: Chrysakis, Moens, "Online continual learning from imbalanced data", ICML 2020, with the oldest of a class in the place of one by lot.
    /// </summary>
    [JsonStringEnumMemberName("balanced")]
    Balanced,
}
