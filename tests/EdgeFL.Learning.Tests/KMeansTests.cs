using EdgeFL.Numerics;

namespace EdgeFL.Learning.Tests;

public sealed class KMeansTests
{
    [Fact]
    public void Gradient_OfCentroids_MatchesFiniteDifferencesAndThatOfSharesTheCounts()
    {
        const int Batch = 7, K = 5, D = 12;
        var spec = Clusters(K, channels: 3, length: 4);
        Assert.Equal((K * (D + 1), K, 0), (spec.ParameterCount, spec.OutputCount, spec.TargetCount));
        float[] parameters = Models.Gaussian(spec.ParameterCount, 1), inputs = Models.Gaussian(Batch * D, 2), gradient = new float[spec.ParameterCount];
        float[] shares = [0.5f, 1f, 2f, 1.2f, 0.3f];
        shares.CopyTo(parameters, K * D);
        Array.Fill(gradient, float.NaN);
        var network = new Network(spec, Batch);
        var loss = network.Gradient(parameters, inputs, [], [], Batch, gradient);
        Assert.Equal(loss, network.Loss(parameters, inputs, [], [], Batch, out _));
        Assert.Equal(Loss(parameters), loss, 1e-5);
        for (var i = 0; i < K * D; i++)
        {
            double[] above = [.. parameters], below = [.. parameters];
            above[i] += 1e-5;
            below[i] -= 1e-5;
            Assert.Equal((Of(above) - Of(below)) / 2e-5, gradient[i], 1e-4);
        }

        var wins = new int[K];
        for (var b = 0; b < Batch; b++)
            wins[Winner([.. parameters], b)]++;
        Assert.True(wins.Count(w => w > 0) > 1);
        for (var k = 0; k < K; k++)
            Assert.Equal((shares[k] - (K * wins[k] / (double)Batch)) / K, gradient[K * D + k], 1e-6);

        double Distance(double[] p, int b, int k) => 0.5 * Enumerable.Range(0, D).Sum(i => Math.Pow(inputs[b * D + i] - p[k * D + i], 2));
        int Winner(double[] p, int b) => Enumerable.Range(0, K).MinBy(k => Distance(p, b, k));
        double Of(double[] p) => Enumerable.Range(0, Batch).Average(b => Enumerable.Range(0, K).Min(k => Distance(p, b, k)));
        double Loss(float[] p) => Of([.. p]);
    }

    [Fact]
    public void Gradient_AtATie_IsThatOfTheFirst()
    {
        var spec = Clusters(3, channels: 1, length: 2);
        float[] parameters = [9, 9, 1, 0, -1, 0, 1, 1, 1], gradient = new float[9], outputs = new float[3];
        var network = new Network(spec, 1);
        Assert.Equal(0.5f, network.Gradient(parameters, [0, 0], [], [], 1, gradient));
        Assert.Equal([0, 0, 1, 0, 0, 0], gradient[..6]);
        network.Predict(parameters, [0, 0], 1, outputs);
        Assert.Equal([81, 0.5f, 0.5f], outputs);
        Assert.Equal(1, Network.LeastOf(outputs));
        Assert.Throws<ArgumentException>(() => Network.LeastOf([]));
    }

    [Fact]
    public void Gradient_OfWhatHardlyWins_CountsItsDistancesAsShorterInTrainingOnly()
    {
        var spec = Clusters(2, channels: 1, length: 2);
        // The second centroid lies three times as far, and has a tenth of the tenth that is too little.
        float[] parameters = [1, 0, 3, 0, 1.99f, 0.01f], gradient = new float[6], outputs = new float[2];
        var network = new Network(spec, 1);
        Assert.Equal(0.45f, network.Gradient(parameters, [0, 0], [], [], 1, gradient), 1e-6f);
        Assert.Equal([0, 0, 3, 0], gradient[..4]);
        Assert.Equal(0.01f / 2 - 1, gradient[5], 1e-6f);
        network.Predict(parameters, [0, 0], 1, outputs);
        Assert.Equal([0.5f, 4.5f], outputs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Training_FromFarAway_UsesEveryCentroidAndFindsTheGroups(ulong seed)
    {
        // Five groups far from one another and from where centroids start: nearly all of those win nothing at first.
        var spec = Clusters(5, channels: 2, length: 1);
        float[][] groups = [[30, 30], [30, -30], [-30, 30], [-30, -30], [60, 0]];
        var data = new LocalData(spec, new LocalDataOptions { HeldOutPerBlock = 0 }, seed);
        var random = new Philox(seed, 4);
        for (var i = 0; i < 300; i++)
            data.Add(new SampleWindow([.. groups[i % 5].Select(at => at + random.NextGaussian())], 2, SampleBatch.NoLabel, 0));
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, seed);
        Assert.True(groups.Select(group => Nearest(parameters, group)).Distinct().Count() < 5);
        var trainer = new Trainer(new Network(spec, 16), data, 16);
        var optimiser = new MomentumSgd(parameters.Length);
        for (var step = 0; step < 3000; step++)
            trainer.Step(parameters, optimiser, Schedules.Cosine(0.1f, step, 3000, 0.02f));
        foreach (var group in groups)
        {
            var k = Nearest(parameters, group);
            Assert.True(Math.Abs(parameters[2 * k] - group[0]) < 0.5 && Math.Abs(parameters[2 * k + 1] - group[1]) < 0.5, $"{string.Join(' ', parameters)}");
            Assert.Equal(1, parameters[10 + k], 0.2f);
        }
    }

    [Fact]
    public void Averages_OfDevicesThatSeeDifferentGroups_RestAtTheMeanOfAllTheirWindows()
    {
        // The first sees the left group only, the second the right one, and a little of the left but elsewhere.
        var spec = Clusters(2, channels: 1, length: 1);
        float[][] windows = [[.. Enumerable.Repeat(-4f, 16)], [.. Enumerable.Repeat(5f, 12), .. Enumerable.Repeat(-9f, 4)]];
        var network = new Network(spec, 16);
        var model = new float[spec.ParameterCount];
        network.Initialise(model, 3);
        float[][] own = [[.. model], [.. model]];
        var gradient = new float[spec.ParameterCount];
        for (var round = 0; round < 2000; round++)
        {
            for (var device = 0; device < 2; device++)
            {
                network.Gradient(own[device], windows[device], [], [], 16, gradient);
                Vectors.Axpy(-0.05f, gradient, own[device]);
            }

            for (var i = 0; i < model.Length; i++)
                own[0][i] = own[1][i] = (own[0][i] + own[1][i]) / 2;
        }

        var left = Nearest(own[0], [-4]);
        Assert.Equal((16 * -4 + 4 * -9) / 20f, own[0][left], 0.02f);
        Assert.Equal(5, own[0][1 - left], 0.02f);
        // Counts are merged, too: 20 of 32, and 12.
        Assert.Equal(2 * 20 / 32f, own[0][2 + left], 1e-2f);
        Assert.Equal(2 * 12 / 32f, own[0][3 - left], 1e-2f);
    }

    [Theory]
    [InlineData("classify", ""","classes":["a","b"]""", """{"type":"flatten"},{"type":"kmeans","clusters":2}""", "belongs to cluster models only")]
    [InlineData("cluster", "", """{"type":"kmeans","clusters":2}""", "needs a vector; put features or flatten")]
    [InlineData("cluster", "", """{"type":"flatten"},{"type":"dense","outputs":4},{"type":"kmeans","clusters":2}""", "behind 36 parameters")]
    [InlineData("cluster", "", """{"type":"flatten"},{"type":"kmeans","clusters":1}""", "\"clusters\": 1; it must be 2 to 1024")]
    [InlineData("cluster", "", """{"type":"flatten"},{"type":"kmeans"}""", "lacks \"clusters\"")]
    [InlineData("cluster", "", """{"type":"flatten"},{"type":"kmeans","clusters":2,"size":2}""", "takes no \"size\"")]
    [InlineData("cluster", "", """{"type":"flatten"},{"type":"kmeans","clusters":2},{"type":"relu"}""", "layer 2 (relu), input 2: ends the model, but that of a cluster model is kmeans")]
    [InlineData("cluster", ""","loss":"mse" """, """{"type":"flatten"},{"type":"kmeans","clusters":2}""", "takes no \"loss\"")]
    [InlineData("cluster", ""","classes":["a","b"]""", """{"type":"flatten"},{"type":"kmeans","clusters":2}""", "classify models only")]
    public void KMeans_WhereItDoesNotFit_IsRefusedByName(string task, string more, string layers, string says)
    {
        var wrong = Assert.Throws<ModelFormatException>(() => Models.Parse(
            $$"""{"name":"m","task":"{{task}}","channels":2,"length":4{{more}},"layers":[{{layers}}]}"""));
        Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
    }

    private static int Nearest(float[] parameters, float[] point) =>
        Enumerable.Range(0, parameters.Length / (point.Length + 1)).MinBy(k => Vectors.SquaredDistance(point, parameters.AsSpan(k * point.Length, point.Length)));

    private static ModelSpec Clusters(int clusters, int channels, int length) => Models.Parse(
        $$"""{"name":"groups","task":"cluster","channels":{{channels}},"length":{{length}},"layers":[{"type":"flatten"},{"type":"kmeans","clusters":{{clusters}}}]}""");
}
