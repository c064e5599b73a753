using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeFL.Arm64.Proof;

/// <summary>What proof.c calls on arm64.</summary>
public static unsafe class Exports
{
    /// <summary>Number of cases.</summary>
    [UnmanagedCallersOnly(EntryPoint = "edgefl_proof_cases")]
    public static int Cases() => Proof.Cases().Length;

    /// <summary>Number of sizes of a case.</summary>
    /// <param name="index">0 to the number of cases - 1.</param>
    [UnmanagedCallersOnly(EntryPoint = "edgefl_proof_sizes")]
    public static int Sizes(int index) => Proof.Cases()[index].Sizes;

    /// <summary>Runs a case at one size.</summary>
    /// <param name="index">0 to the number of cases - 1.</param>
    /// <param name="size">0 to the number of sizes - 1.</param>
    /// <param name="words">Where the answer is written; valid for good, since nothing is ever collected there.</param>
    /// <returns>Words in the answer.</returns>
    [UnmanagedCallersOnly(EntryPoint = "edgefl_proof_run")]
    public static int Run(int index, int size, uint** words)
    {
        var answer = new Words();
        Proof.Cases()[index].Compute(size, answer);
        *words = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(answer.Written));
        return answer.Written.Length;
    }
}
