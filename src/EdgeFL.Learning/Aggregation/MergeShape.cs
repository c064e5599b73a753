namespace EdgeFL.Learning.Aggregation;

/// <summary>The sizes a rule was made for, and the check of a call against them.</summary>
internal readonly record struct MergeShape
{
    internal MergeShape(int parameterCount, int peersMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parameterCount, 1);
        if (peersMax is < 1 or > 63)
            throw new ArgumentOutOfRangeException(nameof(peersMax), peersMax, "A merge takes 1 to 63 peers.");
        ParameterCount = parameterCount;
        PeersMax = peersMax;
    }

    internal int ParameterCount { get; }

    internal int PeersMax { get; }

    internal void Check(ReadOnlySpan<float> own, ReadOnlySpan<PeerModel> peers, ReadOnlySpan<float> result)
    {
        if (own.Length != ParameterCount || result.Length != ParameterCount)
            throw new ArgumentException($"Models of {own.Length} and {result.Length} parameters do not fit a rule for {ParameterCount}.");
        if (peers.Length > PeersMax)
            throw new ArgumentException($"{peers.Length} peers are more than the {PeersMax} this rule was made for.", nameof(peers));
        foreach (var peer in peers)
        {
            if (peer.Parameters.Length != ParameterCount)
                throw new ArgumentException($"A peer's model of {peer.Parameters.Length} parameters does not fit {ParameterCount}.", nameof(peers));
            if (!(peer.Weight > 0f && peer.Weight <= 1f))
                throw new ArgumentException($"A peer's weight is above 0, up to 1, not {peer.Weight}.", nameof(peers));
        }
    }
}
