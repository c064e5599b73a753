using EdgeFL.Numerics;

namespace EdgeFL.Node.Rounds;

/// <summary>The mean of the models a node had, one a round.</summary>
public sealed class ModelAverage
{
    private readonly float[] mean;

    /// <summary>Makes it empty.</summary>
    /// <param name="parameters">Parameters of the model.</param>
    public ModelAverage(int parameters) => mean = new float[parameters];

    /// <summary>Models in the mean.</summary>
    public int Count { get; private set; }

    /// <summary>The mean, shape [P], for checkpoints.</summary>
    public ReadOnlySpan<float> Mean => mean;

    /// <summary>Goes on from a checkpoint.</summary>
    /// <param name="from">The mean, shape [P]; empty when <paramref name="count"/> is 0.</param>
    /// <param name="count">Models in it.</param>
    public void Restore(ReadOnlySpan<float> from, int count)
    {
        from.CopyTo(mean);
        Count = count;
    }

    /// <summary>Takes a model in.</summary>
    /// <param name="parameters">Shape [P].</param>
    public void Add(ReadOnlySpan<float> parameters)
    {
        Count++;
        Vectors.Lerp(mean, parameters, 1f / Count);
    }

    /// <summary>Writes the mean; nothing when no model is in it.</summary>
    /// <param name="parameters">Shape [P]; overwritten.</param>
    public void CopyTo(Span<float> parameters)
    {
        if (Count > 0)
            mean.CopyTo(parameters);
    }
}
