using EdgeFL.Numerics;

namespace EdgeFL.Learning.Layers;

/// <summary>
/// Half the squared distance to each of k centroids, whose gradient moves a centroid by its share of the windows towards their mean: online k-means, in which a fleet that
/// averages parameters rests where each centroid is the mean of all that its devices count to it. Behind the centroids stand their shares of the wins, in equal shares
/// (1 = one k-th), which follow the minibatches and are averaged with the rest. In training what wins less than a tenth of an equal share has its distances
/// counted as that much shorter, so that a centroid no device uses comes to where others serve badly.
/// Sources: Bottou, Bengio, "Convergence Properties of the K-Means Algorithms", NIPS 7 (1995); DeSieno, "Adding a Conscience to Competitive Learning", ICNN 1988.
/// </summary>
internal sealed class KMeansLayer(LayerSpec spec) : Layer(spec)
{
    /// <summary>Standard deviation of a fresh centroid's coordinates: near the mean of what is normalised, so that none starts far from all.</summary>
    private const float Spread = 0.5f;

    private const float Rare = 0.1f, LeastFactor = 1e-3f;

    private readonly int centroidCount = spec.Output.Count * spec.Input.Count;
    private bool isTraining;

    internal override void Initialise(Span<float> parameters, ref Philox random)
    {
        foreach (ref float coordinate in parameters[..centroidCount])
            coordinate = Spread * random.NextGaussian();
        parameters[centroidCount..].Fill(1f);
    }

    internal override void Begin(bool training, ulong seed, ulong step) => isTraining = training;

    internal override void Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, Span<float> y, int batch)
    {
        ReadOnlySpan<float> shares = parameters[centroidCount..];
        for (int b = 0; b < batch; b++)
        {
            ReadOnlySpan<float> own = x.Slice(b * InputCount, InputCount);
            for (int k = 0; k < OutputCount; k++)
            {
                float distance = 0.5f * Vectors.SquaredDistance(own, parameters.Slice(k * InputCount, InputCount));
                y[(b * OutputCount) + k] = isTraining ? distance * Math.Clamp(shares[k] / Rare, LeastFactor, 1f) : distance;
            }
        }
    }

    /// <summary>Gradients are those of the distances themselves, however they were counted. Nothing before the layer learns: it hands none on.</summary>
    internal override void Backward(
        ReadOnlySpan<float> parameters, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx, Span<float> gradient, int batch)
    {
        gradient[..centroidCount].Clear();
        Span<float> shares = gradient[centroidCount..];
        parameters[centroidCount..].CopyTo(shares);
        Vectors.Scale(1f / OutputCount, shares);
        for (int b = 0; b < batch; b++)
        {
            ReadOnlySpan<float> own = x.Slice(b * InputCount, InputCount);
            for (int k = 0; k < OutputCount; k++)
            {
                float weight = dy[(b * OutputCount) + k];
                if (weight == 0f)
                    continue;
                Span<float> pull = gradient.Slice(k * InputCount, InputCount);
                Vectors.Axpy(weight, parameters.Slice(k * InputCount, InputCount), pull);
                Vectors.Axpy(-weight, own, pull);
                shares[k] -= weight; // Of half the squared difference to the counted shares, mean over the centroids.
            }
        }
    }
}
