using System.CommandLine;
using System.CommandLine.Completions;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Commands;

/// <summary>Every command of <c>edgefl</c>. A command that is not built yet is absent, never a stub.</summary>
internal static class CommandTree
{
    /// <summary>Builds the tree.</summary>
    public static RootCommand Build()
    {
        var root = new RootCommand(
            "edgefl runs and looks after a fleet of small devices that learn one model together: no server, no data leaves a device.");
        foreach (var directive in root.Directives.ToList())
            root.Directives.Remove(directive);
        root.Add(GlobalOptions.Json());
        root.Add(GlobalOptions.Quiet());
        root.Add(DemoCommand.Build());
        root.Add(TrainCommand.Build());
        root.Add(SimCommand.Build());
        root.Add(ModelCommand.Build());
        root.Add(InitCommand.Build());
        root.Add(CaCommand.Build());
        root.Add(NodeCommand.Build());
        root.Add(DiscoverCommand.Build());
        root.Add(StatusCommand.Build());
        root.Add(TopCommand.Build());
        root.Add(CheckCommand.Build());
        root.Add(CheckCommand.BuildList());
        root.Add(DataCommand.Build());
        root.Add(CompletionCommand.Build());
        return root;
    }
}
