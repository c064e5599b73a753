using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeFL.EndToEnd.Tests.Programs;
using EdgeFL.Identity;

namespace EdgeFL.EndToEnd.Tests;

/// <summary>Two agents that found each other by mDNS and learn for as long as the tests of the collection last; <c>mallory</c> is a member without an agent.</summary>
public sealed class StandingFleet : IAsyncLifetime
{
    private readonly List<IDisposable> held = [];

    internal TestFleet Fleet { get; private set; } = null!;

    internal Agent Alpha { get; private set; } = null!;

    internal Agent Beta { get; private set; } = null!;

    /// <summary>What alpha says, as mosquitto_sub hears it.</summary>
    internal Listener Heard { get; private set; } = null!;

    internal string Name => Fleet.Name;

    public async Task InitializeAsync()
    {
        Fleet = await TestFleet.CreateAsync("alpha", "beta", "mallory");
        for (int i = 0; i < 2; i++)
        {
            string node = i == 0 ? "alpha" : "beta";
            var config = Fleet.Config(node, i);
            Fleet.Configure(node, config with { Network = config.Network with { Discovery = true }, Training = config.Training with { TickMs = 20 } });
        }

        Alpha = Fleet.Start("alpha");
        Beta = Fleet.Start("beta");
        Heard = Fleet.Listen(await Alpha.ListensAsync());
        await Beta.ListensAsync();
        await Heard.UntilAsync(l => l.Number("alpha", "train", "peers") == 1 && l.Number("alpha", "telemetry", "received") > 0, "alpha learns with beta");
    }

    public Task DisposeAsync()
    {
        Heard?.Dispose();
        foreach (IDisposable item in held)
            item.Dispose();
        Fleet.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>A member's own credentials.</summary>
    internal DeviceCredentials Member(string folder)
    {
        var credentials = DeviceCredentials.Load(folder);
        held.Add(credentials);
        return credentials;
    }

    /// <summary>Credentials of this fleet that have ended.</summary>
    internal DeviceCredentials Expired()
    {
        string folder = Fleet.Node("expired");
        Directory.CreateDirectory(folder);
        using (ECDsa key = Es256.CreateKey())
            PrivateKeyFile.Save(Path.Combine(folder, "key.pem"), key);
        File.Copy(Path.Combine(Fleet.Node("alpha"), "ca.pem"), Path.Combine(folder, "ca.pem"), overwrite: true);
        BadStartTests.Expire(Fleet, folder, "expired");
        return Member(folder);
    }

    /// <summary>Credentials of a fleet of the same name with authorities of its own.</summary>
    internal DeviceCredentials Stranger()
    {
        string folder = Fleet.Node("stranger");
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using FleetAuthority root = FleetAuthority.CreateRoot(FleetId.Parse(Name), now);
        using FleetAuthority issuing = FleetAuthority.CreateIssuing(root, now);
        using ECDsa key = Es256.CreateKey();
        using X509Certificate2 leaf = issuing.IssueDevice(NodeId.Parse("beta"), key, now, TimeSpan.FromDays(1));
        DeviceCredentials.Save(folder, key, leaf, issuing.Certificate, root.Certificate);
        return Member(folder);
    }

    /// <summary>Whatever was done to alpha: it lives and goes on learning with beta.</summary>
    internal async Task AssertLearnsOnAsync()
    {
        long round = Heard.Round("alpha"), received = Heard.Number("alpha", "telemetry", "received");
        await Heard.UntilAsync(
            l => l.Round("alpha") >= round + 5 && l.Number("alpha", "telemetry", "received") >= received + 5, "alpha learns on with beta");
        Assert.True(Alpha.IsRunning && Beta.IsRunning, Alpha.Said + Beta.Said);
    }
}

[CollectionDefinition(Name)]
public sealed class StandingFleetCollection : ICollectionFixture<StandingFleet>
{
    public const string Name = "standing fleet";
}
