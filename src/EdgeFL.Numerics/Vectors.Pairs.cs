using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeFL.Numerics;

// One loop for what two vectors give element by element.
public static partial class Vectors
{
    private interface IPair
    {
        static abstract Vector<float> Of(Vector<float> x, Vector<float> y);

        static abstract float Of(float x, float y);
    }

    private static void Pairwise<TPair>(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z)
        where TPair : struct, IPair
    {
        CheckLengths(x.Length, y.Length);
        CheckLengths(x.Length, z.Length);
        var done = 0;
        if (Lanes.UseVector)
        {
            var vx = MemoryMarshal.Cast<float, Vector<float>>(x);
            var vy = MemoryMarshal.Cast<float, Vector<float>>(y);
            var vz = MemoryMarshal.Cast<float, Vector<float>>(z);
            for (var j = 0; j < vx.Length; j++)
                vz[j] = TPair.Of(vx[j], vy[j]);
            done = vx.Length * Vector<float>.Count;
        }
        for (var i = done; i < x.Length; i++)
            z[i] = TPair.Of(x[i], y[i]);
    }

    private readonly struct Plus : IPair
    {
        public static Vector<float> Of(Vector<float> x, Vector<float> y) => x + y;

        public static float Of(float x, float y) => x + y;
    }

    private readonly struct Minus : IPair
    {
        public static Vector<float> Of(Vector<float> x, Vector<float> y) => x - y;

        public static float Of(float x, float y) => x - y;
    }

    private readonly struct Times : IPair
    {
        public static Vector<float> Of(Vector<float> x, Vector<float> y) => x * y;

        public static float Of(float x, float y) => x * y;
    }
}
