using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;
using Spectre.Console;

namespace EdgeFL.Cli.Training;

/// <summary>How close windows lie to their clusters, and what the clusters have to do with labels, which were not learned from.</summary>
internal sealed class ClusterScore : RecipeScore
{
    private readonly IReadOnlyList<string> classes;
    private readonly int[,] counts; // Rows: clusters; columns: what a window is.
    private readonly int[] windows;
    private readonly double[] distances;
    private readonly double distance;

    /// <summary>Judges distances.</summary>
    /// <param name="model">A model that clusters.</param>
    /// <param name="classes">Names of the labels that windows may have; may be empty.</param>
    /// <param name="test">N windows, some with labels.</param>
    /// <param name="outputs">Half the squared distances, shape [N,O].</param>
    public ClusterScore(ModelSpec model, IReadOnlyList<string> classes, IReadOnlyList<SampleWindow> test, ReadOnlySpan<float> outputs)
    {
        this.classes = classes;
        int clusters = model.OutputCount;
        counts = new int[clusters, classes.Count];
        windows = new int[clusters];
        distances = new double[clusters];
        for (int i = 0; i < test.Count; i++)
        {
            ReadOnlySpan<float> own = outputs.Slice(i * clusters, clusters);
            int nearest = Network.LeastOf(own);
            windows[nearest]++;
            distances[nearest] += 2.0 * own[nearest] / model.Layers[^1].Input.Count;
            if ((uint)test[i].Label < (uint)classes.Count)
                counts[nearest, test[i].Label]++;
        }

        distance = distances.Sum() / test.Count;
    }

    /// <summary>Windows with a label.</summary>
    private int Labelled => counts.Cast<int>().Sum();

    /// <summary>Clusters that are nearest to a window.</summary>
    private int Used => windows.Count(count => count > 0);

    /// <summary>Share of labelled windows that have the commonest label of their cluster; NaN without labels.</summary>
    private double Purity => (double)Enumerable.Range(0, windows.Length).Sum(k => Row(k).DefaultIfEmpty().Max()) / Labelled;

    /// <summary>
    /// Agreement of clusters and labels over pairs of windows: 1 = the same division, 0 = what chance gives; NaN without labels or when there is but one way to divide.
    /// Source: Hubert, Arabie, "Comparing Partitions", Journal of Classification 2 (1985).
    /// </summary>
    private double AdjustedRand
    {
        get
        {
            static double Pairs(double n) => n * (n - 1) / 2;
            double both = counts.Cast<int>().Sum(n => Pairs(n)), all = Pairs(Labelled);
            double ofClusters = Enumerable.Range(0, windows.Length).Sum(k => Pairs(Row(k).Sum()));
            double ofClasses = Enumerable.Range(0, classes.Count).Sum(c => Pairs(Enumerable.Range(0, windows.Length).Sum(k => counts[k, c])));
            double byChance = ofClusters * ofClasses / all;
            return (both - byChance) / (((ofClusters + ofClasses) / 2) - byChance);
        }
    }

    /// <inheritdoc/>
    public override string Summary => FormattableString.Invariant($"mean squared distance {distance:0.000} a value, {Used} of {windows.Length} clusters")
        + (Labelled > 0 ? FormattableString.Invariant($"; of labels that it never saw: purity {100 * Purity:0.0} %, adjusted Rand index {AdjustedRand:0.00}") : "");

    /// <inheritdoc/>
    public override void WriteFigures(Utf8JsonWriter json)
    {
        json.WriteFinite("distance", distance, 6);
        json.WriteNumber("clusters", windows.Length);
        json.WriteNumber("clusters_used", Used);
        json.WriteNumber("labelled_windows", Labelled);
        json.WriteFinite("purity", Purity, 6);
        json.WriteFinite("adjusted_rand", AdjustedRand, 6);
    }

    /// <inheritdoc/>
    public override void WriteDetail(Utf8JsonWriter json)
    {
        json.WriteStartArray("by_cluster");
        for (int k = 0; k < windows.Length; k++)
        {
            json.WriteStartObject();
            json.WriteNumber("cluster", k);
            json.WriteNumber("windows", windows[k]);
            json.WriteFinite("distance", distances[k] / windows[k], 6);
            json.WriteStartObject("labels");
            for (int c = 0; c < classes.Count; c++)
            {
                if (counts[k, c] > 0)
                    json.WriteNumber(classes[c], counts[k, c]);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <inheritdoc/>
    public override Table ToTable(CliContext context)
    {
        Table table = context.NewTable(["cluster / is", .. classes, "windows", "distance"]);
        for (int k = 0; k < windows.Length; k++)
        {
            table.AddRow(((string[])[
                FormattableString.Invariant($"{k}"), .. Row(k).Select(count => count == 0 ? "·" : FormattableString.Invariant($"{count}")),
                FormattableString.Invariant($"{windows[k]}"), windows[k] == 0 ? "-" : FormattableString.Invariant($"{distances[k] / windows[k]:0.000}")]).Select(cell => new Text(cell)));
        }

        return table;
    }

    private IEnumerable<int> Row(int cluster) => Enumerable.Range(0, classes.Count).Select(c => counts[cluster, c]);
}
