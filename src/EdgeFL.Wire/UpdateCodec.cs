namespace EdgeFL.Wire;

/// <summary>How the numbers of a model are put into bytes. A receiver refuses what it does not know.</summary>
public enum UpdateCodec : byte
{
    /// <summary>Float32, little-endian, 4 bytes a parameter.</summary>
    Float32 = 1,

    /// <summary>Blocks of 64 signed bytes under one scale (<c>EdgeFL.Numerics.IntBlocks</c>).</summary>
    Int8Block64 = 2,

    /// <summary>Blocks of 64 values of 4 bits under one scale (<c>EdgeFL.Numerics.IntBlocks</c>).</summary>
    Int4Block64 = 3,

    /// <summary>1 bit a parameter, unbiased (<c>EdgeFL.Numerics.Eden</c>).</summary>
    Eden1 = 4,

    /// <summary>2 bits.</summary>
    Eden2 = 5,

    /// <summary>4 bits.</summary>
    Eden4 = 6,

    /// <summary>About 2 bits a parameter at the least error (<c>EdgeFL.Numerics.EntropyCoded</c>); the length differs from message to message.</summary>
    EntropyCoded2 = 7,

    /// <summary>3 bits.</summary>
    EntropyCoded3 = 8,

    /// <summary>4 bits.</summary>
    EntropyCoded4 = 9,

    /// <summary>For receivers whose own model is near: 1 bit a parameter (<see cref="LatticeCodec"/>).</summary>
    Lattice1 = 11,

    /// <summary>2 bits.</summary>
    Lattice2 = 12,

    /// <summary>3 bits.</summary>
    Lattice3 = 13,

    /// <summary>4 bits.</summary>
    Lattice4 = 14,

    /// <summary>5 bits.</summary>
    Lattice5 = 15,

    /// <summary>6 bits.</summary>
    Lattice6 = 16,

    /// <summary>7 bits.</summary>
    Lattice7 = 17,

    /// <summary>8 bits.</summary>
    Lattice8 = 18,
}
