using EdgeFL.Cli.Framework;

return await CommandLine.RunAsync(args, CliConsole.ForProcess()).ConfigureAwait(false);
