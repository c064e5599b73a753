using System.CommandLine;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl ca init</c>: a fleet's root, issuing authority and operator.</summary>
internal static class CaCommand
{
    /// <summary>Builds the group.</summary>
    public static Command Build()
    {
        var group = new CliCommand("ca", "Keys that a fleet trusts");
        group.Add(Init());
        return group;
    }

    private static CliCommand Init()
    {
        var fleetName = new Option<string>("--fleet") { Description = "Name of the fleet: a-z, 0-9 and - (default home)", HelpName = "NAME" };
        var operatorName = new Option<string>("--operator")
        {
            Description = "Name on the operator's certificate (default admin)", HelpName = "NAME", DefaultValueFactory = _ => "admin",
        };
        var dir = FleetOptions.Dir();
        return new CliCommand("init", "Make a fleet's authorities and an operator's certificate",
                new Example("edgefl ca init --fleet home", "offline root, issuing authority and operator under ./edgefl-fleet"),
                new Example("edgefl ca init --fleet lab --dir /media/stick/lab", "the same in another folder"))
            .With(fleetName, operatorName, dir, GlobalOptions.DryRun())
            .Runs((context, cancel) =>
            {
                var folder = FleetOptions.Folder(context, dir);
                var fleet = context.Get(fleetName) is { } named ? FleetOptions.ParseFleet(named)
                    : folder.HasAuthority ? folder.Fleet() : FleetOptions.ParseFleet("home");
                var name = context.Get(operatorName)!;
                FleetOptions.ParseFleet(name); // the same rule
                if (context.DryRun)
                {
                    context.Progress($"would make the authorities of '{fleet}' and the operator '{name}' in {folder.Path}" + (folder.HasAuthority ? " (there already)" : ""));
                    return Task.FromResult(ExitCodes.Ok);
                }

                var authority = folder.EnsureAuthority(fleet, context.Now);
                var operators = folder.EnsureOperator(name, context.Now);
                Say(context, folder, fleet.Value, authority, operators);
                return Task.FromResult(ExitCodes.Ok);
            });
    }

    private static void Say(CliContext context, FleetFolder folder, string fleet, Outcome authority, Outcome operators)
    {
        if (context.Json)
        {
            context.DataJson("edgefl.ca-init/1", json =>
            {
                json.WriteString("fleet", fleet);
                json.WriteString("dir", folder.Path);
                json.WriteString("authority", authority.ToString().ToLowerInvariant());
                json.WriteString("operator", operators.ToString().ToLowerInvariant());
                json.WriteString("root_certificate", folder.RootCertificatePath);
                json.WriteString("operator_dir", folder.OperatorFolder);
            });
            return;
        }

        context.Data(folder.Path);
        context.Progress(authority == Outcome.Made
            ? $"Made the authorities of fleet '{fleet}'. Move {folder.RootFolder} to a stick and keep it offline: it is needed again in two years."
            : $"The authorities of fleet '{fleet}' are there already.");
        if (operators == Outcome.Renewed)
            context.Progress("The operator's certificate was about to end: renewed.");
        context.Progress("next: edgefl node add NAME...");
    }
}
