using EdgeFL.Numerics;

namespace EdgeFL.Learning;

/// <summary>
/// Turns the axes of three-axis sensors by one small random rotation a window, as if the device were worn a little differently: what a model learns from one
/// person's way of wearing it then holds for the next. Channels 3k, 3k+1, 3k+2 are the x, y and z of one sensor; all sensors of a device turn alike.
/// </summary>
public sealed class AxisRotation
{
    private readonly float deviation;
    private readonly int channels;
    private readonly int length;
    private readonly float[] axes;

    /// <summary>Makes the scratch; <see cref="Apply"/> allocates nothing.</summary>
    /// <param name="channels">C, a multiple of 3.</param>
    /// <param name="length">T, at least 1.</param>
    /// <param name="deviation">Standard deviation of the angle about each axis in rad, above 0 to 1.</param>
    /// <exception cref="ArgumentException">The channels are no three-axis sensors.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public AxisRotation(int channels, int length, float deviation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        if (channels < 3 || channels % 3 != 0)
            throw new ArgumentException($"{channels} channels are no sensors of three axes: their rotation needs a multiple of 3.", nameof(channels));
        if (!(deviation is > 0f and <= 1f))
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "The deviation is above 0 to 1 rad.");
        this.channels = channels;
        this.length = length;
        this.deviation = deviation;
        axes = new float[3 * length];
    }

    /// <summary>Turns a window.</summary>
    /// <param name="window">Shape [C,T], channel-major; read and written.</param>
    /// <param name="random">What the rotation is drawn from.</param>
    /// <exception cref="ArgumentException">The window has another shape.</exception>
    public void Apply(Span<float> window, ref Philox random)
    {
        if (window.Length != channels * length)
            throw new ArgumentException($"{window.Length} values are no {channels} channels of {length}.", nameof(window));
        // A unit quaternion (1, a/2, b/2, c/2)/norm turns by nearly a, b, c about the axes and needs no sine.
        float half = 0.5f * deviation, i = half * random.NextGaussian(), j = half * random.NextGaussian(), k = half * random.NextGaussian();
        float norm = 1f + (i * i) + (j * j) + (k * k), s = 2f / norm;
        ReadOnlySpan<float> matrix =
        [
            1f - (s * ((j * j) + (k * k))), s * ((i * j) - k), s * ((i * k) + j),
            s * ((i * j) + k), 1f - (s * ((i * i) + (k * k))), s * ((j * k) - i),
            s * ((i * k) - j), s * ((j * k) + i), 1f - (s * ((i * i) + (j * j))),
        ];
        for (int first = 0; first < channels; first += 3)
        {
            Span<float> sensor = window.Slice(first * length, 3 * length);
            sensor.CopyTo(axes);
            for (int axis = 0; axis < 3; axis++)
            {
                Span<float> turned = sensor.Slice(axis * length, length);
                turned.Clear();
                for (int from = 0; from < 3; from++)
                    Vectors.Axpy(matrix[(3 * axis) + from], axes.AsSpan(from * length, length), turned);
            }
        }
    }
}
