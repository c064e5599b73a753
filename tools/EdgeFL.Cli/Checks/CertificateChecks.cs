using EdgeFL.Cli.Fleet;
using EdgeFL.Identity;

namespace EdgeFL.Cli.Checks;

/// <summary>Checks of keys and certificates in the fleet's folder.</summary>
internal static class CertificateChecks
{
    /// <summary>Authorities: there, readable, not ended, the root's key elsewhere.</summary>
    public static Finding Authority(CheckScope scope)
    {
        if (!scope.Fleet.HasAuthority)
            return Finding.Skip($"no authorities in {scope.Fleet.Path} (a device has none)");
        try
        {
            using var issuing = FleetAuthority.Load(scope.Fleet.IssuingFolder, AuthorityKind.Issuing);
            var end = new DateTimeOffset(issuing.Certificate.NotAfter.ToUniversalTime());
            if (scope.Now < issuing.Certificate.NotBefore.ToUniversalTime())
                return Finding.Error("the issuing authority has not begun: is the clock right?", "timedatectl set-ntp true");
            if (scope.Now >= end)
                return Finding.Error($"the issuing authority ended on {end:yyyy-MM-dd}", "bring the offline root back, remove issuing/, and: edgefl ca init");
            if (scope.Now >= end - TimeSpan.FromDays(60))
                return Finding.Warn($"the issuing authority ends on {end:yyyy-MM-dd}", "bring the offline root back, remove issuing/, and: edgefl ca init");
            return File.Exists(FleetAuthority.KeyPath(scope.Fleet.RootFolder, AuthorityKind.Root))
                ? Finding.Warn($"fleet '{issuing.Fleet}', good until {end:yyyy-MM-dd}; the root's key still lies on this machine", $"mv {scope.Fleet.RootFolder} /media/STICK/")
                : Finding.Ok($"fleet '{issuing.Fleet}', good until {end:yyyy-MM-dd}");
        }
        catch (IdentityException refused)
        {
            return Finding.Error(refused.Cause, refused.Remedy);
        }
    }

    /// <summary>The operator's certificate.</summary>
    public static Finding Operator(CheckScope scope) => !scope.Fleet.HasAuthority && !Directory.Exists(scope.Fleet.OperatorFolder)
        ? Finding.Skip($"no operator in {scope.Fleet.Path}")
        : Credentials(scope, scope.Fleet.OperatorFolder, "the operator's certificate", "edgefl ca init");

    /// <summary>Every device's certificate; the worst finding counts.</summary>
    public static Finding Nodes(CheckScope scope)
    {
        var nodes = scope.Fleet.Nodes();
        if (nodes.Count == 0)
            return Finding.Skip($"no device in {scope.Fleet.Path}");
        var findings = nodes.Select(n => Credentials(scope, scope.Fleet.NodeFolder(NodeId.Parse(n)), n, $"edgefl node add {n}")).ToList();
        var worst = findings.MaxBy(f => f.Verdict)!;
        return worst.Verdict == Verdict.Ok ? Finding.Ok($"{nodes.Count} device certificates are good")
            : worst with { Text = worst.Text + (findings.Count(f => f.Verdict != Verdict.Ok) is > 1 and var bad ? $" (and {bad - 1} more)" : "") };
    }

    /// <summary>The certificate of the device that is configured.</summary>
    public static Finding Device(CheckScope scope)
    {
        if (scope.Device is not { Config: var config } device)
            return Finding.Skip("no device named (--config agent.json)");
        var finding = Credentials(scope, device.IdentityFolder, config.Node, $"edgefl node add {config.Node}   (on the operator's machine; then copy the folder)");
        if (finding.Verdict == Verdict.Error)
            return finding;
        using var credentials = DeviceCredentials.Load(device.IdentityFolder);
        var own = credentials.Identity;
        return own.Role == CertificateRole.Device && own.Name == config.Node && own.Fleet.Value == config.Fleet
            ? finding
            : Finding.Error($"the certificate in {device.IdentityFolder} is of {own.Role.ToString().ToLowerInvariant()} '{own.Name}' of fleet '{own.Fleet}', not of '{config.Node}' of '{config.Fleet}'",
                $"edgefl node add {config.Node}");
    }

    private static Finding Credentials(CheckScope scope, string folder, string name, string renew)
    {
        try
        {
            using var credentials = DeviceCredentials.Load(folder);
            if (scope.Now < credentials.NotBefore)
                return Finding.Error($"{name}: begins on {credentials.NotBefore:yyyy-MM-dd HH:mm}; is the clock right?", "timedatectl set-ntp true");
            if (scope.Now >= credentials.NotAfter)
                return Finding.Error($"{name}: ended on {credentials.NotAfter:yyyy-MM-dd}", renew);
            return FleetFolder.IsGood(credentials, scope.Now)
                ? Finding.Ok($"{name}: good until {credentials.NotAfter:yyyy-MM-dd}")
                : Finding.Warn($"{name}: ends on {credentials.NotAfter:yyyy-MM-dd}", renew);
        }
        catch (IdentityException refused)
        {
            return Finding.Error($"{name}: {refused.Cause}", refused.Code == IdentityCodes.FileMissing ? renew : refused.Remedy);
        }
    }
}
