using EdgeFL.Identity;
using EdgeFL.Platform.Links;

namespace EdgeFL.Platform.Tests.Links;

public sealed class FleetAccessTests : IDisposable
{
    private readonly TestFleet fleet = new("farm");
    private readonly List<PeerIdentity> learned = [];

    private FleetAccess Rules() => new(fleet.Device("host").Trust, learned.Add);

    public void Dispose() => fleet.Dispose();

    [Theory]
    // Everything beneath its own name, nothing beneath another's.
    [InlineData("a", "edgefl/v1/farm/a/status", true)]
    [InlineData("a", "edgefl/v1/farm/a/info", true)]
    [InlineData("a", "edgefl/v1/farm/a/telemetry", true)]
    [InlineData("a", "edgefl/v1/farm/a/train", true)]
    [InlineData("a", "edgefl/v1/farm/a/infer", true)]
    [InlineData("a", "edgefl/v1/farm/a/event", true)]
    [InlineData("a", "edgefl/v1/farm/a/head", true)]
    [InlineData("a", "edgefl/v1/farm/a/upd/f", true)]
    [InlineData("a", "edgefl/v1/farm/a/upd/c/7/0", true)]
    [InlineData("a", "edgefl/v1/farm/a/cmd/identify/res", true)]
    [InlineData("a", "edgefl/v1/farm/a/cfg/reported", true)]
    [InlineData("a", "edgefl/v1/farm/b/status", false)]
    [InlineData("a", "edgefl/v1/farm/b/upd/f", false)]
    [InlineData("a", "edgefl/v1/farm/b/upd/c/7/0", false)]
    [InlineData("a", "edgefl/v1/farm/b/cmd/identify/res", false)]
    // Another's inbox under its own name only.
    [InlineData("a", "edgefl/v1/farm/b/in/a", true)]
    [InlineData("a", "edgefl/v1/farm/b/in/b", false)]
    [InlineData("a", "edgefl/v1/farm/b/in/c", false)]
    [InlineData("a", "edgefl/v1/farm/a/in/b", false)]
    // What an operator says.
    [InlineData("a", "edgefl/v1/farm/a/cmd/identify", false)]
    [InlineData("a", "edgefl/v1/farm/a/cfg/desired", false)]
    [InlineData("a", "edgefl/v1/farm/a/ota/manifest", false)]
    [InlineData("a", "edgefl/v1/farm/_fleet/revoked", false)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/cmd/identify", true)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/cfg/desired", true)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/ota/manifest", true)]
    [InlineData("operator:ann", "edgefl/v1/farm/_fleet/revoked", true)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/cmd/identify/res", false)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/upd/f", false)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/status", false)]
    [InlineData("operator:ann", "edgefl/v1/farm/a/in/ann", false)]
    [InlineData("operator:ann", "edgefl/v1/farm/ann/status", false)]
    // What the node's own bridge brings from outside: what operators write, and nothing in the name of a node.
    [InlineData("$bridge/a", "edgefl/v1/farm/a/cmd/identify", true)]
    [InlineData("$bridge/a", "edgefl/v1/farm/a/cfg/desired", true)]
    [InlineData("$bridge/a", "edgefl/v1/farm/_fleet/revoked", true)]
    [InlineData("$bridge/a", "edgefl/v1/farm/a/status", false)]
    [InlineData("$bridge/a", "edgefl/v1/farm/b/upd/f", false)]
    [InlineData("$bridge/a", "edgefl/v1/farm/a/in/b", false)]
    [InlineData("$bridge/a", "edgefl/v1/other/a/cmd/identify", false)]
    // None of the fleet's topics.
    [InlineData("a", "edgefl/v1/other/a/status", false)]
    [InlineData("operator:ann", "edgefl/v1/other/a/cmd/identify", false)]
    [InlineData("a", "edgefl/v2/farm/a/status", false)]
    [InlineData("a", "edgefl/v1/farm/a", false)]
    [InlineData("a", "edgefl/v1/farm/a/other", false)]
    [InlineData("a", "edgefl/v1/farm/a/upd/c/07/0", false)]
    [InlineData("a", "edgefl/v1/farm/a/status/x", false)]
    [InlineData("a", "$SYS/broker", false)]
    [InlineData("a", "", false)]
    public void Publish_OfATopic_IsAllowedByTheRules(string principal, string topic, bool allowed) =>
        Assert.Equal(allowed, Rules().MayPublish(principal, topic));

    [Theory]
    [InlineData("a", "edgefl/v1/farm/+/status", true)]
    [InlineData("a", "edgefl/v1/farm/b/status", true)]
    [InlineData("a", "edgefl/v1/farm/+/info", true)]
    [InlineData("a", "edgefl/v1/farm/+/train", true)]
    [InlineData("a", "edgefl/v1/farm/+/telemetry", true)]
    [InlineData("a", "edgefl/v1/farm/+/infer", true)]
    [InlineData("a", "edgefl/v1/farm/+/event", true)]
    [InlineData("a", "edgefl/v1/farm/+/head", true)]
    [InlineData("a", "edgefl/v1/farm/+/cfg/reported", true)]
    [InlineData("a", "edgefl/v1/farm/+/upd/#", true)]
    [InlineData("a", "edgefl/v1/farm/b/upd/f", true)]
    [InlineData("a", "edgefl/v1/farm/b/upd/c/+/+", true)]
    [InlineData("a", "edgefl/v1/farm/_fleet/revoked", true)]
    [InlineData("a", "edgefl/v1/farm/a/#", true)]
    [InlineData("a", "edgefl/v1/farm/a/in/+", true)]
    [InlineData("a", "edgefl/v1/farm/a/cmd/+", true)]
    [InlineData("a", "edgefl/v1/farm/a/cfg/desired", true)]
    [InlineData("a", "edgefl/v1/farm/b/in/+", false)]
    [InlineData("a", "edgefl/v1/farm/b/in/a", false)]
    [InlineData("a", "edgefl/v1/farm/b/#", false)]
    [InlineData("a", "edgefl/v1/farm/+/#", false)]
    [InlineData("a", "edgefl/v1/farm/+/in/a", false)]
    [InlineData("a", "edgefl/v1/farm/+/+/a", false)]
    [InlineData("a", "edgefl/v1/farm/+/+", false)]
    [InlineData("a", "edgefl/v1/farm/b/cmd/+", false)]
    [InlineData("a", "edgefl/v1/farm/b/cfg/desired", false)]
    [InlineData("a", "edgefl/v1/farm/#", false)]
    [InlineData("a", "edgefl/v1/farm/+", false)]
    [InlineData("a", "edgefl/v1/+/a/status", false)]
    [InlineData("a", "edgefl/v1/+/+/upd/#", false)]
    [InlineData("a", "edgefl/#", false)]
    [InlineData("a", "#", false)]
    [InlineData("a", "+/+/+/+/status", false)]
    [InlineData("a", "edgefl/v1/other/+/status", false)]
    [InlineData("a", "$SYS/#", false)]
    [InlineData("operator:ann", "edgefl/v1/farm/#", true)]
    [InlineData("operator:ann", "edgefl/v1/farm/+/in/+", true)]
    [InlineData("operator:ann", "edgefl/v1/other/#", false)]
    [InlineData("operator:ann", "#", false)]
    public void Subscribe_ToAFilter_IsAllowedByTheRules(string principal, string filter, bool allowed) =>
        Assert.Equal(allowed, Rules().MaySubscribe(principal, filter));

    [Fact]
    public void Authenticate_OfACertificate_TakesThePrincipalFromItAlone()
    {
        FleetAccess rules = Rules();
        using var other = new TestFleet("other");

        bool device = rules.TryAuthenticate(fleet.Device("pump").Leaf, "liar", "root", "x"u8, out string pump, out _);
        bool person = rules.TryAuthenticate(fleet.Operator("ann").Leaf, "pump", null, default, out string ann, out _);
        bool none = rules.TryAuthenticate(null, "pump", "pump", default, out _, out string noCertificate);
        bool stranger = rules.TryAuthenticate(other.Device("pump").Leaf, "pump", null, default, out _, out string otherFleet);
        bool late = rules.TryAuthenticate(fleet.Device("pump", DateTimeOffset.UtcNow.AddDays(-40)).Leaf, "pump", null, default, out _, out string expired);

        Assert.Equal((true, true, false, false, false), (device, person, none, stranger, late));
        Assert.Equal(("pump", "operator:ann"), (pump, ann));
        Assert.Equal(("NoCertificate", "OtherFleet", "Expired"), (noCertificate, otherFleet, expired));
        Assert.Equal(["pump", "ann"], learned.Select(p => p.Name));
    }
}
