namespace EdgeFL.Wire.Tests;

public class RejectionReasonTests
{
    [Fact]
    public void Reasons_All_HaveTheirNameInKebabCase()
    {
        RejectionReason[] all = Enum.GetValues<RejectionReason>();
        Assert.Equal(all.Length, RejectionReasons.Count);
        foreach (RejectionReason reason in all)
        {
            string kebab = string.Concat(reason.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
            Assert.Equal(kebab, reason.Text());
            Assert.True(RejectionReasons.TryParse(kebab, out RejectionReason again));
            Assert.Equal(reason, again);
        }
        Assert.False(RejectionReasons.TryParse("Replayed", out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((RejectionReason)all.Length).Text());
        Assert.Throws<ArgumentOutOfRangeException>(() => ((RejectionReason)(-1)).Text());
    }

    [Fact]
    public void ParserErrors_All_HaveAReason()
    {
        foreach (FrameError error in Enum.GetValues<FrameError>())
            Assert.Equal(error == FrameError.None, RejectionReasons.From(error) == RejectionReason.None);
        foreach (EnvelopeError error in Enum.GetValues<EnvelopeError>())
            Assert.Equal(error == EnvelopeError.None, RejectionReasons.From(error) == RejectionReason.None);
    }
}
