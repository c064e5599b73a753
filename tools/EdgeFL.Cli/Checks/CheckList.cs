namespace EdgeFL.Cli.Checks;

/// <summary>Every check, in the order in which they run.</summary>
internal static class CheckList
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.Of("clock", "The clock is sane", MachineChecks.Clock),
        Check.Of("data-dir", "The data folder is writable", MachineChecks.DataFolder),
        Check.Of("disk", "There is room on the disk", MachineChecks.Disk),
        Check.Of("memory", "There is memory for an agent", MachineChecks.Memory),
        Check.Of("authority", "The fleet's authorities are good and their keys private", CertificateChecks.Authority),
        Check.Of("operator", "The operator's certificate is good and its key private", CertificateChecks.Operator),
        Check.Of("nodes", "The devices' certificates are good and their keys private", CertificateChecks.Nodes),
        Check.Of("device", "The certificate that --config names is good, that device's own, and its key private", CertificateChecks.Device),
        Check.Of("model", "The model that --config names can be read and fits the sensor", ModelCheck.Run),
        new("port", "The port is free or an agent listens", NetworkChecks.PortAsync),
        new("mdns", "Nodes can be found on the network", NetworkChecks.DiscoveryAsync),
        new("peers", "Named peers accept connections", NetworkChecks.PeersAsync),
        new("sensor", "The sensor opens and gives rows", SensorCheck.RunAsync),
    ];
}
