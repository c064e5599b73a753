using System.Collections.Concurrent;
using System.Security.Cryptography;
using EdgeFL.Identity;
using EdgeFL.Wire;

namespace EdgeFL.Platform.Links;

/// <summary>
/// Signs what goes out and verifies what comes in: only the fixed-size envelope is read before the signature holds. Keys of others are learned from their
/// certificates alone, and only from those that the fleet's CA has signed.
/// </summary>
public sealed class FrameGate : IDisposable
{
    private const int KeysMax = 4096;

    private readonly DeviceCredentials credentials;
    private readonly byte[] ownContext;
    private readonly ConcurrentDictionary<NodeId, PeerKey> keys = new();

    private readonly TimeProvider clock;

    private sealed record PeerKey(PeerIdentity Identity, ECDsa Key, byte[] Context);

    /// <summary>Makes a gate that knows no peer yet.</summary>
    /// <param name="credentials">The node's own key and certificate; stays the caller's.</param>
    /// <param name="clock">Tells when a certificate has ended. Default: the system's.</param>
    public FrameGate(DeviceCredentials credentials, TimeProvider? clock = null)
    {
        this.clock = clock ?? TimeProvider.System;
        this.credentials = credentials;
        ownContext = Topics.UpdateContext(credentials.Identity.Fleet, credentials.Identity.Node);
    }

    /// <summary>Remembers a peer's key from its verified certificate; a renewed certificate replaces the one before.</summary>
    /// <param name="peer">What the trust store made of the certificate.</param>
    public void Learn(PeerIdentity peer)
    {
        if (peer.Role != CertificateRole.Device)
            return;
        keys.TryGetValue(peer.Node, out PeerKey? known);
        if (known is null && keys.Count >= KeysMax)
            return;
        if (known is not null && known.Identity.Equals(peer))
            return;
        // A renewed certificate mostly keeps its key. One that is replaced may be in use on another thread: it is left to the collector.
        keys[peer.Node] = known is not null && known.Identity.KeyId == peer.KeyId
            ? known with { Identity = peer }
            : new PeerKey(peer, Es256.ImportPublicKey(peer.PublicKey.Span), Topics.UpdateContext(peer.Fleet, peer.Node));
    }

    /// <summary>Wraps a payload in a COSE_Sign1 that only this node can make and that holds for this node's update topic alone.</summary>
    /// <param name="payload">The payload.</param>
    public byte[] Seal(ReadOnlySpan<byte> payload)
    {
        byte[] signature = Es256.Sign(credentials.Key, CoseSign1.SigStructure(ownContext, payload));
        return CoseSign1.Encode(credentials.Identity.KeyId, payload, signature);
    }

    /// <summary>Unwraps a message after its signature is found to be the sender's.</summary>
    /// <param name="from">The node under whose topic it came.</param>
    /// <param name="message">The message.</param>
    /// <param name="lengthMax">Longest message taken, bytes.</param>
    /// <param name="payload">The signed payload, not parsed.</param>
    public RejectionReason TryOpen(NodeId from, ReadOnlyMemory<byte> message, int lengthMax, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        EnvelopeError error = CoseSign1.ReadEnvelope(message, lengthMax, out CoseEnvelope envelope);
        if (error != EnvelopeError.None)
            return RejectionReasons.From(error);
        if (!keys.TryGetValue(from, out PeerKey? peer) || peer.Identity.KeyId != envelope.KeyId)
            return RejectionReason.UnknownSigner;
        // Links may outlive certificates by weeks: what was good when the link came up is looked at again.
        if (credentials.Trust.IsRevoked(peer.Identity.SerialNumber))
            return RejectionReason.RevokedSigner;
        if (clock.GetUtcNow() > peer.Identity.NotAfter)
            return RejectionReason.ExpiredSigner;
        lock (peer.Key)
        {
            if (!Es256.Verify(peer.Key, CoseSign1.SigStructure(peer.Context, envelope.Payload.Span), envelope.Signature.Span))
                return RejectionReason.BadSignature;
        }

        payload = envelope.Payload;
        return RejectionReason.None;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PeerKey peer in keys.Values)
            peer.Key.Dispose();
    }
}
