using System.Runtime.CompilerServices;

namespace EdgeFL.Wire;

/// <summary>An open array, map or tag: what is still to come, and where the last key stands, so that order can be held against it.</summary>
internal struct CborLevel
{
    public bool IsMap;
    public bool IsTag;

    /// <summary>Items still to come; keys and values counted singly.</summary>
    public int Remaining;

    public int PreviousKeyStart;
    public int PreviousKeyLength;

    /// <summary>Whether the next item is a key.</summary>
    public readonly bool IsKeyNext => IsMap && Remaining % 2 == 0;
}

[InlineArray(CborReader.DepthMax)]
internal struct CborLevels
{
    private CborLevel first;
}
