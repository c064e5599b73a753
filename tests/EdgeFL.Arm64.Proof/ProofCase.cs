namespace EdgeFL.Arm64.Proof;

/// <summary>Computes something at one size and writes all the bits of the answer.</summary>
/// <param name="size">0 to <see cref="ProofCase.Sizes"/> - 1: a length, or the number of a shape.</param>
/// <param name="answer">Takes the bits.</param>
public delegate void Compute(int size, Words answer);

/// <summary>One computation that must give the same bits on every processor.</summary>
/// <param name="Name">Names the case in a failure.</param>
/// <param name="Sizes">How many sizes it is run at, from 0 on.</param>
/// <param name="Compute">The computation.</param>
public sealed record ProofCase(string Name, int Sizes, Compute Compute);
