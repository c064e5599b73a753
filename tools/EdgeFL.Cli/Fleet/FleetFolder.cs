using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Identity;

namespace EdgeFL.Cli.Fleet;

/// <summary>What was done about a thing that should be there.</summary>
internal enum Outcome
{
    /// <summary>It was there and is good.</summary>
    Kept,

    /// <summary>It was made.</summary>
    Made,

    /// <summary>It was there, and was made anew because it had run out or soon would.</summary>
    Renewed,
}

/// <summary>
/// A fleet's keys and devices in one folder of the operator's machine:
/// <c>offline-root/</c> (to be moved to a stick), <c>issuing/</c>, <c>operator/</c>, <c>nodes/NAME/</c>.
/// Everything in here is idempotent: what is there and good is kept.
/// </summary>
internal sealed class FleetFolder(string path)
{
    /// <summary>Default name of the folder.</summary>
    public const string DefaultName = "edgefl-fleet";

    /// <summary>How long an operator's certificate lasts.</summary>
    public static readonly TimeSpan OperatorValidity = TimeSpan.FromDays(90);

    /// <summary>The folder.</summary>
    public string Path { get; } = path;

    /// <summary>The offline root: needed again only to replace the issuing authority.</summary>
    public string RootFolder => System.IO.Path.Combine(Path, "offline-root");

    /// <summary>The issuing authority.</summary>
    public string IssuingFolder => System.IO.Path.Combine(Path, "issuing");

    /// <summary>The operator's credentials.</summary>
    public string OperatorFolder => System.IO.Path.Combine(Path, "operator");

    /// <summary>All devices' folders.</summary>
    public string NodesFolder => System.IO.Path.Combine(Path, "nodes");

    /// <summary>The root's certificate, which stays here when the root's key is moved away.</summary>
    public string RootCertificatePath => FleetAuthority.CertificatePath(IssuingFolder, AuthorityKind.Root);

    /// <summary>Whether there are authorities here.</summary>
    public bool HasAuthority => File.Exists(FleetAuthority.CertificatePath(IssuingFolder, AuthorityKind.Issuing)) && File.Exists(RootCertificatePath);

    /// <summary>A device's folder.</summary>
    public string NodeFolder(NodeId node) => System.IO.Path.Combine(NodesFolder, node.Value);

    /// <summary>Names of the devices here, sorted.</summary>
    public IReadOnlyList<string> Nodes() => !Directory.Exists(NodesFolder)
        ? []
        : Directory.GetDirectories(NodesFolder).Select(d => System.IO.Path.GetFileName(d)!).Where(n => NodeId.TryParse(n, out _))
            .Order(Live.NaturalOrder.Instance).ToList();

    /// <summary>The name of the fleet here.</summary>
    /// <exception cref="CliException"><c>ca-missing</c>.</exception>
    public FleetId Fleet()
    {
        using var issuing = LoadIssuing();
        return issuing.Fleet;
    }

    /// <summary>Makes root and issuing authority unless they are here.</summary>
    /// <exception cref="CliException"><c>fleet-exists</c> when the folder holds another fleet.</exception>
    public Outcome EnsureAuthority(FleetId fleet, DateTimeOffset now)
    {
        if (HasAuthority)
        {
            using var issuing = LoadIssuing();
            if (issuing.Fleet != fleet)
            {
                throw new CliException("fleet-exists", $"{Path} holds the fleet '{issuing.Fleet}', not '{fleet}'.",
                    $"edgefl ca init --fleet {fleet} --dir ./{fleet}-fleet", ExitCodes.Failure);
            }

            return Outcome.Kept;
        }

        MakePrivate(Path);
        var rootHere = File.Exists(FleetAuthority.CertificatePath(RootFolder, AuthorityKind.Root));
        using var root = rootHere ? FleetAuthority.Load(RootFolder, AuthorityKind.Root) : FleetAuthority.CreateRoot(fleet, now);
        if (root.Fleet != fleet)
        {
            throw new CliException("fleet-exists", $"{RootFolder} is the root of the fleet '{root.Fleet}', not '{fleet}'.",
                $"edgefl ca init --fleet {root.Fleet} --dir {Path}", ExitCodes.Failure);
        }

        if (!rootHere)
            root.Save(RootFolder);
        // The issuing certificate is written last: without it nothing here counts as made, and the next run goes on from where this one stopped.
        using var made = FleetAuthority.CreateIssuing(root, now);
        MakePrivate(IssuingFolder);
        PrivateText.Write(RootCertificatePath, root.Certificate.ExportCertificatePem() + "\n", PrivateText.ReadableMode);
        made.Save(IssuingFolder);
        return Outcome.Made;
    }

    /// <summary>Makes the operator's credentials unless good ones are here.</summary>
    public Outcome EnsureOperator(string name, DateTimeOffset now, bool renew = false)
    {
        var had = TryLoad(OperatorFolder, out var old);
        using (old)
        {
            if (had && !renew && IsGood(old!, now))
                return Outcome.Kept;
            Issue(OperatorFolder, old?.Key, (authority, key) => authority.IssueOperator(old?.Identity.Name ?? name, key, now, OperatorValidity));
        }

        return had ? Outcome.Renewed : Outcome.Made;
    }

    /// <summary>Makes a device's credentials unless good ones are here. A renewal keeps the key, by which the others know the device.</summary>
    public Outcome EnsureNode(NodeId node, DateTimeOffset now, TimeSpan validity, bool renew = false)
    {
        var folder = NodeFolder(node);
        var had = TryLoad(folder, out var old);
        using (old)
        {
            if (had && !renew && IsGood(old!, now))
                return Outcome.Kept;
            MakePrivate(NodesFolder);
            Issue(folder, old?.Key, (authority, key) => authority.IssueDevice(node, key, now, validity));
        }

        return had ? Outcome.Renewed : Outcome.Made;
    }

    /// <summary>The operator's credentials.</summary>
    /// <exception cref="CliException"><c>operator-missing</c>.</exception>
    public DeviceCredentials LoadOperator()
    {
        if (!File.Exists(System.IO.Path.Combine(OperatorFolder, "cert.pem")))
        {
            throw new CliException("operator-missing", $"There is no operator's certificate in {OperatorFolder}.",
                "edgefl ca init   (or name the fleet's folder: --dir DIR)");
        }

        return DeviceCredentials.Load(OperatorFolder);
    }

    /// <summary>Whether credentials may be used for a while yet: begun, and not in the last third.</summary>
    public static bool IsGood(DeviceCredentials credentials, DateTimeOffset now) => now >= credentials.NotBefore && now < credentials.RenewAfter;

    private FleetAuthority LoadIssuing()
    {
        if (!HasAuthority)
        {
            throw new CliException("ca-missing", $"There are no authorities in {Path}.", $"edgefl ca init --fleet NAME --dir {Path}");
        }

        return FleetAuthority.Load(IssuingFolder, AuthorityKind.Issuing);
    }

    private void Issue(string folder, ECDsa? oldKey, Func<FleetAuthority, ECDsa, X509Certificate2> issue)
    {
        using var authority = LoadIssuing();
        using var root = X509CertificateLoader.LoadCertificateFromFile(RootCertificatePath);
        var key = oldKey ?? Es256.CreateKey();
        try
        {
            using var leaf = issue(authority, key);
            DeviceCredentials.Save(folder, key, leaf, authority.Certificate, root);
        }
        finally
        {
            if (oldKey is null)
                key.Dispose();
        }
    }

    private static bool TryLoad(string folder, out DeviceCredentials? credentials)
    {
        credentials = null;
        // cert.pem is the last file that is written: without it an earlier run was cut off, and everything is made anew.
        if (!File.Exists(System.IO.Path.Combine(folder, "cert.pem")))
            return false;
        credentials = DeviceCredentials.Load(folder);
        return true;
    }

    private static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

/// <summary>Text files with a chosen mode from the first byte on, written whole or not at all.</summary>
internal static class PrivateText
{
    /// <summary>Mode 0600.</summary>
    public const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Mode 0644.</summary>
    public const UnixFileMode ReadableMode = PrivateMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes a file.</summary>
    public static void Write(string path, string text, UnixFileMode mode)
    {
        var unfinished = path + ".tmp";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var stream = new FileStream(unfinished, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }
}
