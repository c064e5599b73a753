using System.Reflection;
using System.Reflection.Emit;
using EdgeFL.Numerics;

namespace EdgeFL.Arm64.Tests;

/// <summary>No kernel is left out: what the cases call is read from their code, so no list has to be kept.</summary>
public sealed class CoverageTests
{
    private const BindingFlags Every =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes =
        typeof(OpCodes).GetFields().Select(field => field.GetValue(null)).OfType<OpCode>().ToDictionary(code => code.Value);

    [Fact]
    public void Kernels_OfNumerics_AreAllProven()
    {
        var proven = Reached(typeof(Proof.Proof).GetMethod(nameof(Proof.Proof.Cases))!);
        var left = Kernels().Where(kernel => !proven.Contains(Key(kernel))).Select(kernel => $"{kernel.DeclaringType!.Name}.{kernel}").Order().ToArray();
        Assert.True(left.Length == 0, $"Give these a case in tests/EdgeFL.Arm64.Proof: {string.Join("; ", left)}");
    }

    [Fact]
    public void Kernels_OfNumerics_AreSeen() =>
        Assert.Contains(Kernels(), kernel => kernel.DeclaringType == typeof(Matrix) && kernel.Name == nameof(Matrix.Multiply));

    /// <summary>Public methods of the static classes, and those that draw random numbers.</summary>
    private static IEnumerable<MethodBase> Kernels() =>
        typeof(Vectors).Assembly.GetExportedTypes().Where(type => (type.IsAbstract && type.IsSealed) || type == typeof(Philox))
            .SelectMany(type => type.GetMethods(Every)).Where(method => method.IsPublic);

    /// <summary>All that the code of a method of the proof calls, or makes a delegate of, itself or through others of the proof.</summary>
    private static HashSet<(Module Module, int Token)> Reached(MethodBase from)
    {
        var reached = new HashSet<(Module, int)>();
        var open = new Stack<MethodBase>([from]);
        while (open.TryPop(out var method))
        {
            if (!reached.Add(Key(method)) || method.Module != from.Module || method.GetMethodBody()?.GetILAsByteArray() is not { } code)
                continue;
            foreach (var called in Calls(method.Module, code))
                open.Push(called);
        }
        return reached;
    }

    private static IEnumerable<MethodBase> Calls(Module module, byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE)
                value = (short)(0xFE00 | code[at++]);
            var operand = Codes[value].OperandType;
            if (operand == OperandType.InlineMethod)
                yield return module.ResolveMethod(BitConverter.ToInt32(code, at))!;
            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }

    private static (Module Module, int Token) Key(MethodBase method) => (method.Module, method.MetadataToken);
}
