namespace EdgeFL.Wire;

/// <summary>Why something a peer sent is refused. The texts (<see cref="RejectionReasons.Text"/>) are stable: they stand in events, counters and logs.</summary>
public enum RejectionReason
{
    /// <summary><c>none</c>: it is accepted.</summary>
    None,

    /// <summary><c>bad-envelope</c>: not a COSE_Sign1 of our layout.</summary>
    BadEnvelope,

    /// <summary><c>unknown-signer</c>: no known key of this node has the claimed id.</summary>
    UnknownSigner,

    /// <summary><c>bad-signature</c>: the signature is not over these bytes in this topic.</summary>
    BadSignature,

    /// <summary><c>revoked-signer</c>: the signer's certificate is revoked.</summary>
    RevokedSigner,

    /// <summary><c>expired-signer</c>: the signer's certificate is past its end.</summary>
    ExpiredSigner,

    /// <summary><c>wrong-topic</c>: it came on another topic than its sender's.</summary>
    WrongTopic,

    /// <summary><c>truncated</c>: it ends too early.</summary>
    Truncated,

    /// <summary><c>oversized</c>: more bytes, parameters or chunks than the receiver takes.</summary>
    Oversized,

    /// <summary><c>malformed</c>: not deterministic CBOR, or other fields than the frame has.</summary>
    Malformed,

    /// <summary><c>unknown-version</c>: a frame of another protocol version.</summary>
    UnknownVersion,

    /// <summary><c>wrong-model</c>: another model, or another number of parameters.</summary>
    WrongModel,

    /// <summary><c>replayed</c>: this boot epoch and sequence number, or later ones, were seen before.</summary>
    Replayed,

    /// <summary><c>stale</c>: too many rounds behind.</summary>
    Stale,

    /// <summary><c>not-finite</c>: a NaN or an infinity.</summary>
    NotFinite,

    /// <summary><c>bad-codec</c>: an unknown codec, or data that is not of it.</summary>
    BadCodec,

    /// <summary><c>too-coarse</c>: its steps are larger than this node accepts.</summary>
    TooCoarse,

    /// <summary><c>too-far</c>: it is written for receivers that are nearer to the sender's model than this node is.</summary>
    TooFar,

    /// <summary><c>chunk-unexpected</c>: a chunk of no frame that is being put together.</summary>
    ChunkUnexpected,

    /// <summary><c>chunk-duplicate</c>: the chunk is here already.</summary>
    ChunkDuplicate,

    /// <summary><c>chunk-mismatch</c>: a chunk of another length or hash than its frame lists.</summary>
    ChunkMismatch,

    /// <summary><c>chunk-timeout</c>: chunks were missing when the time was up.</summary>
    ChunkTimeout,

    /// <summary><c>chunk-superseded</c>: a newer frame of the same peer came before the chunks were complete.</summary>
    ChunkSuperseded,

    /// <summary><c>over-budget</c>: no memory is left for putting chunks together.</summary>
    OverBudget,

    /// <summary><c>rate-limited</c>: the peer sends more than its share.</summary>
    RateLimited,

    /// <summary><c>queue-full</c>: this node cannot keep up.</summary>
    QueueFull,

    /// <summary><c>blocked</c>: the peer is banned or its reputation is spent.</summary>
    Blocked,
}

/// <summary>Texts of the reasons, and how errors of the parsers map to them.</summary>
public static class RejectionReasons
{
    private static readonly string[] Texts =
    [
        "none", "bad-envelope", "unknown-signer", "bad-signature", "revoked-signer", "expired-signer", "wrong-topic", "truncated", "oversized",
        "malformed", "unknown-version", "wrong-model", "replayed", "stale", "not-finite", "bad-codec", "too-coarse", "too-far", "chunk-unexpected", "chunk-duplicate",
        "chunk-mismatch", "chunk-timeout", "chunk-superseded", "over-budget", "rate-limited", "queue-full", "blocked",
    ];

    /// <summary>How many reasons there are, <see cref="RejectionReason.None"/> included: the length of an array of counters.</summary>
    public static int Count => Texts.Length;

    /// <summary>The stable text.</summary>
    /// <param name="reason">A defined reason.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined reason.</exception>
    public static string Text(this RejectionReason reason)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)reason, (uint)Texts.Length, nameof(reason));
        return Texts[(int)reason];
    }

    /// <summary>Reads a text; false when there is no such reason.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="reason">The reason, or <see cref="RejectionReason.None"/>.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out RejectionReason reason)
    {
        for (int i = 0; i < Texts.Length; i++)
        {
            if (!text.SequenceEqual(Texts[i]))
                continue;
            reason = (RejectionReason)i;
            return true;
        }
        reason = RejectionReason.None;
        return false;
    }

    /// <summary>The reason for an envelope's error.</summary>
    /// <param name="error">An error.</param>
    public static RejectionReason From(EnvelopeError error) => error switch
    {
        EnvelopeError.None => RejectionReason.None,
        EnvelopeError.Truncated => RejectionReason.Truncated,
        EnvelopeError.TooLarge => RejectionReason.Oversized,
        _ => RejectionReason.BadEnvelope,
    };

    /// <summary>The reason for a frame's error.</summary>
    /// <param name="error">An error.</param>
    public static RejectionReason From(FrameError error) => error switch
    {
        FrameError.None => RejectionReason.None,
        FrameError.Truncated => RejectionReason.Truncated,
        FrameError.UnknownVersion => RejectionReason.UnknownVersion,
        FrameError.TooLarge => RejectionReason.Oversized,
        FrameError.NotFinite => RejectionReason.NotFinite,
        FrameError.BadCodec => RejectionReason.BadCodec,
        _ => RejectionReason.Malformed,
    };
}
