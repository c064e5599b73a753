using System.CommandLine;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl completion SHELL</c>: prints a script that completes commands, options and their fixed values.</summary>
internal static class CompletionCommand
{
    /// <summary>Builds the command.</summary>
    public static CliCommand Build()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new CliCommand("completion", "Print a completion script for your shell",
            new Example("source <(edgefl completion bash)", "complete in this bash"),
            new Example("edgefl completion bash > ~/.local/share/bash-completion/completions/edgefl", "complete in every new bash"),
            new Example("edgefl completion zsh > \"${fpath[1]}/_edgefl\"", "complete in zsh"),
            new Example("edgefl completion fish > ~/.config/fish/completions/edgefl.fish", "complete in fish"));
        return command.Takes(shell).Runs((context, _) =>
        {
            var root = context.Parse.RootCommandResult.Command;
            context.Console.Out.Write(context.Get(shell) switch
            {
                "bash" => CompletionScripts.Bash(root),
                "zsh" => CompletionScripts.Zsh(root),
                _ => CompletionScripts.Fish(root),
            });
            return Task.FromResult(ExitCodes.Ok);
        });
    }
}
