using System.CommandLine;
using EdgeFL.Cli.Fleet;

namespace EdgeFL.Cli.Commands;

/// <summary>What a command needs to know to train a recipe's model.</summary>
internal sealed class RecipeOptions
{
    /// <summary>Builds the options.</summary>
    public RecipeOptions() => Recipe.CompletionSources.Add(_ => Assets.Names("recipes").Select(name => new System.CommandLine.Completions.CompletionItem(name)));

    /// <summary>Recipe name or file.</summary>
    public Option<string> Recipe { get; } = new("--recipe") { Description = $"Recipe name or file (shipped: {string.Join(", ", Assets.Names("recipes"))})", HelpName = "NAME", Required = true };

    /// <summary>Folder of the recordings.</summary>
    public Option<string> Data { get; } = new("--data") { Description = "Folder of the recordings", HelpName = "DIR", Required = true };

    /// <summary>Decides initial weights and the order of the minibatches.</summary>
    public Option<ulong> Seed { get; } = new("--seed") { Description = "Seed of initial weights and order (default 1)", HelpName = "S", DefaultValueFactory = _ => 1UL };
}
