namespace EdgeFL.Learning.Tests;

public sealed class FeaturesTests
{
    [Fact]
    public void Features_OfAWave_AreWhatAPersonWouldMeasure()
    {
        const int T = 64, bands = 4;
        var spec = Models.Classify("""{"type":"features","bands":4},{"type":"dense","outputs":3}""", channels: 1, length: T);
        // A wave of amplitude 2 about 5, eight periods in the window.
        float[] wave = Enumerable.Range(0, T).Select(t => (float)(5 + (2 * Math.Sin((2 * Math.PI * 8 * t / T) + 0.1)))).ToArray();
        float[] features = Models.Features(spec, wave);
        Assert.Equal(6 + bands, features.Length);
        Assert.Equal(5, features[0], 1e-4);
        Assert.Equal(Math.Sqrt(2), features[1], 1e-4);
        Assert.Equal(wave.Min(), features[2]);
        Assert.Equal(wave.Max(), features[3]);
        Assert.Equal(Enumerable.Range(1, T - 1).Average(t => Math.Abs(wave[t] - wave[t - 1])), features[4], 1e-4);
        Assert.Equal(15 / 63.0, features[5], 1e-6);
        // 32 bins in four bands that grow by about 2.4: 1 to 2, 3 to 6, 7 to 13, 14 to 32. All energy, 2·2·T/4, is in bin 8.
        Assert.Equal(Math.Log(64) / 4, features[8], 1e-3);
        Assert.All(new[] { 6, 7, 9 }, band => Assert.Equal(Math.Log(1e-6) / 4, features[band], 0.05));
    }

    [Fact]
    public void Features_OfAConstantChannel_AreFinite()
    {
        var spec = Models.Classify("""{"type":"features","bands":32},{"type":"dense","outputs":3}""", channels: 1, length: 64);
        float[] features = Models.Features(spec, Enumerable.Repeat(3f, 64).ToArray());
        Assert.Equal([3f, 0f, 3f, 3f, 0f, 0f], features[..6]);
        Assert.All(features, value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData("""{"type":"relu"},{"type":"features","bands":2},{"type":"dense","outputs":3}""", 64, "first layer")]
    [InlineData("""{"type":"features"},{"type":"dense","outputs":3}""", 64, "lacks \"bands\"")]
    [InlineData("""{"type":"features","bands":9},{"type":"dense","outputs":3}""", 16, "it must be 1 to 8")]
    [InlineData("""{"type":"features","bands":1,"size":2},{"type":"dense","outputs":3}""", 16, "takes no \"size\"")]
    [InlineData("""{"type":"features","bands":1},{"type":"dense","outputs":3}""", 3, "4 rows or more")]
    [InlineData("""{"type":"features","bands":1,"block":10},{"type":"dense","outputs":3}""", 64, "\"block\": 10; it must divide the window's 64 rows")]
    [InlineData("""{"type":"features","bands":1,"block":2},{"type":"dense","outputs":3}""", 64, "\"block\": 2; it must be 4 to 64")]
    [InlineData("""{"type":"features","bands":5,"block":8},{"type":"dense","outputs":3}""", 64, "\"bands\": 5; it must be 1 to 4")]
    public void Features_WhereTheyDoNotFit_AreRefusedByName(string layers, int length, string says)
    {
        var wrong = Assert.Throws<ModelFormatException>(() => Models.Classify(layers, channels: 2, length: length));
        Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("(features)", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_InAForecast_AreRefused()
    {
        var wrong = Assert.Throws<ModelFormatException>(() => Models.Parse(
            """{"name":"f","task":"forecast","channels":2,"length":12,"horizon":4,"layers":[{"type":"features","bands":2},{"type":"dense","outputs":0}]}"""));
        Assert.Contains("none to forecast", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_OfBlocks_AreThoseOfTheWindowWhereNothingElseIsSaid()
    {
        var rows = Models.Gaussian(2 * 60, 3);
        float[] whole = Models.Features(Spec(60), rows), blocks = Models.Features(Spec(20), rows);
        for (var channel = 0; channel < 2; channel++)
        {
            float[] all = rows[(60 * channel)..(60 * (channel + 1))], of = blocks[(9 * channel)..(9 * (channel + 1))];
            for (var feature = 0; feature < 4; feature++)
                Assert.Equal(whole[9 * channel + feature], of[feature], 1e-5);
            Assert.Equal(Enumerable.Range(1, 59).Where(t => t % 20 != 0).Average(t => Math.Abs(all[t] - all[t - 1])), of[4], 1e-5);
        }

        static ModelSpec Spec(int block) => Models.Classify($$"""{"type":"features","bands":3,"block":{{block}}},{"type":"dense","outputs":3}""", 2, 60);
    }

    [Fact]
    public void Features_OfTheLargestNumbers_AreFinite()
    {
        var spec = Models.Classify("""{"type":"features","bands":2,"block":8},{"type":"dense","outputs":3}""", 1, 16);
        float[] rows = Enumerable.Range(0, 16).Select(t => t % 3 == 0 ? float.MaxValue : float.MinValue).ToArray();
        Assert.All(Models.Features(spec, rows), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Features_OfScaledChannels_AreThoseOfScaledRows()
    {
        const string layers = """ "layers":[{"type":"features","bands":2},{"type":"dense","outputs":2}]""";
        var plain = Models.Parse($$"""{"name":"m","task":"classify","channels":2,"length":8,"classes":["a","b"],{{layers}}}""");
        var scaled = Models.Parse($$"""{"name":"m","task":"classify","channels":2,"length":8,"classes":["a","b"],"scale":[3,0.1],{{layers}}}""");
        var rows = Models.Gaussian(16, 1);
        Assert.Equal(Models.Features(plain, [.. rows.Select((v, i) => v * (i < 8 ? 3f : 0.1f))]), Models.Features(scaled, rows));
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(8, 16)]
    [InlineData(4, 12)]
    [InlineData(12, 24)]
    [InlineData(6, 36)] // rows between windows that none has
    [InlineData(24, 24)]
    public void Stream_WhateverBreaksIt_GivesTheBitsOfWholeWindows(int block, int step)
    {
        var spec = Models.Classify($$"""{"type":"features","bands":2,"block":{{block}}},{"type":"dense","outputs":3}""", 3, 24);
        var options = new WindowOptions { Length = 24, Step = step, PeriodMs = 20 };
        WindowBuilder streamed = new(options, spec), whole = new(options, spec.Channels);
        List<SampleWindow> features = [], rows = [];
        var random = new Numerics.Philox(5, 1);
        long time = 0;
        int segment = 0, label = 0;
        for (var n = 0; n < 60; n++)
        {
            var batch = new SampleBatch(3, 1 + random.NextInt32(40));
            for (var r = 0; r < batch.Capacity; r++)
            {
                var broken = random.NextInt32(150);
                time += broken == 0 ? 200 : 20;
                segment += broken == 1 ? 1 : 0;
                label = broken == 2 ? random.NextInt32(3) : label;
                float value = 1000f * random.NextGaussian();
                batch.TryAdd(time, segment, label, [value, broken == 3 ? float.NaN : random.NextGaussian(), 5f], n);
            }

            if (n % 17 == 16)
            {
                streamed.Break();
                whole.Break();
            }

            Assert.Equal(whole.Add(batch, rows), streamed.Add(batch, features));
        }

        Assert.True(rows.Count > 9, $"{rows.Count} windows");
        Assert.Equal((whole.Runs, whole.RefusedRows), (streamed.Runs, streamed.RefusedRows));
        Assert.Equal(rows.Select(w => (w.Label, w.Target, w.Segment, w.TimeMs, w.Channels)), features.Select(w => (w.Label, w.Target, w.Segment, w.TimeMs, w.Channels)));
        for (var w = 0; w < rows.Count; w++)
        {
            Assert.True(features[w].IsFeatures);
            Assert.Equal(8, features[w].Length);
            Assert.Equal(Models.Features(spec, rows[w].Values), features[w].Values);
        }
    }

    [Fact]
    public void Stream_OfWindowsThatStartInsideBlocks_KeepsRows()
    {
        var spec = Models.Classify("""{"type":"features","bands":2,"block":8},{"type":"dense","outputs":3}""", 1, 16);
        var batch = new SampleBatch(1, 40);
        while (batch.TryAdd(batch.Count, 0, 1, [batch.Count % 7]))
        {
        }

        List<SampleWindow> windows = [];
        Assert.Equal(5, new WindowBuilder(new WindowOptions { Length = 16, Step = 6 }, spec).Add(batch, windows));
        Assert.All(windows, window => Assert.Equal((false, 16), (window.IsFeatures, window.Length)));
        Assert.Throws<ArgumentException>(() => new WindowBuilder(new WindowOptions { Length = 8, Step = 8 }, spec));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("running")]
    public void LocalData_OfRowsAndOfFeatures_GivesTheSameBits(string normalise)
    {
        var spec = Models.Parse($$"""{"name":"m","task":"classify","channels":2,"length":16,"classes":["a","b"],"normalise":"{{normalise}}","layers":[{"type":"features","bands":2,"block":8},{"type":"dense","outputs":2}]}""");
        Assert.Equal((16, 16), (spec.InputCount, spec.KeptCount));
        LocalData ofRows = new(spec, new LocalDataOptions(), 1), ofFeatures = new(spec, new LocalDataOptions(), 1);
        SampleWindow rows = null!, features = null!;
        for (var w = 0; w < 40; w++)
        {
            rows = new SampleWindow([.. Models.Gaussian(32, (ulong)w).Select(v => v + (5 * w))], 2, w % 2, w);
            features = new SampleWindow(Models.Features(spec, rows.Values), 2, w % 2, w) { IsFeatures = true };
            Assert.True(ofRows.Add(rows));
            Assert.True(ofFeatures.Add(features));
        }

        float[] some = new float[32 * 16], same = new float[32 * 16];
        int[] labels = new int[32], sameLabels = new int[32];
        Assert.Equal(32, ofRows.NextBatch(32, some, labels, []));
        Assert.Equal(32, ofFeatures.NextBatch(32, same, sameLabels, []));
        Assert.Equal(some, same);
        Assert.Equal(labels, sameLabels);
        if (normalise == "running")
        {
            for (var feature = 0; feature < 16; feature++)
            {
                var values = some.Where((_, i) => i % 16 == feature).ToArray();
                Assert.Equal(0, values.Average(), 1e-3);
                Assert.Equal(1, values.Average(v => v * v), 1e-2);
            }
        }

        ofRows.HeldOutBatch(0, 8, some, labels, []);
        ofFeatures.HeldOutBatch(0, 8, same, labels, []);
        Assert.Equal(some, same);
        ofRows.Prepare(rows, some.AsSpan(0, 16), []);
        ofRows.Prepare(features, same.AsSpan(0, 16), []);
        Assert.Equal(some, same);
    }

    [Fact]
    public void LocalData_WindowsOfFeaturesThatDoNotFit_Throw()
    {
        var spec = Models.Classify("""{"type":"features","bands":2},{"type":"dense","outputs":3}""", 3, 16);
        var window = new SampleWindow(new float[24], 3, 0, 0) { IsFeatures = true };
        Assert.True(new LocalData(spec, new LocalDataOptions(), 1).Add(window));
        Assert.Contains("rows", Assert.Throws<ArgumentException>(() => new LocalData(spec, new LocalDataOptions { Rotation = 0.1f }, 1).Add(window)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new LocalData(Models.SmallCnn(), new LocalDataOptions(), 1).Add(window));
        Assert.Throws<ArgumentException>(() => new LocalData(spec, new LocalDataOptions(), 1).Add(new SampleWindow(new float[27], 3, 0, 0) { IsFeatures = true }));
        Assert.Throws<ArgumentException>(() => new WindowFeatures(Models.SmallCnn()));
    }

    [Fact]
    public void NextBatch_WithRotation_MeasuresWhatIsTurned()
    {
        var spec = Models.Classify("""{"type":"features","bands":2},{"type":"dense","outputs":3}""", 3, 16);
        var data = new LocalData(spec, new LocalDataOptions { BlockWindows = 2, HeldOutPerBlock = 1, Rotation = 0.2f }, 1);
        var values = Models.Gaussian(48, 1);
        data.Add(new SampleWindow(values, 3, 0, 0));
        data.Add(new SampleWindow(values, 3, 1, 0));
        var input = new float[24];
        Assert.Equal(1, data.HeldOutBatch(0, 1, input, new int[1], []));
        float[] plain = Models.Features(spec, values), turned = new float[24];
        Assert.Equal(plain, input);
        Assert.Equal(1, data.NextBatch(1, turned, new int[1], []));
        Assert.NotEqual(plain, turned);
        // Deviations of three axes together do not turn.
        Assert.Equal(plain[1] * plain[1] + plain[9] * plain[9] + plain[17] * plain[17], turned[1] * turned[1] + turned[9] * turned[9] + turned[17] * turned[17], 1e-4);
    }

    [Fact]
    public void Autoencoder_OfFeatures_RebuildsTheFeatures()
    {
        var spec = Models.Parse("""{"name":"r","task":"reconstruct","channels":0,"length":16,"normalise":"running","layers":[{"type":"features","bands":2},{"type":"dense","outputs":3},{"type":"dense","outputs":0}]}""").Resolve(2);
        Assert.Equal((16, 16), (spec.InputCount, spec.OutputCount));
        var trainer = new Trainer(new Network(spec, 8), Models.WaveData(spec, 60, 1, new LocalDataOptions { HeldOutPerBlock = 0 }), 8);
        var parameters = new float[spec.ParameterCount];
        new Network(spec, 1).Initialise(parameters, 1);
        var optimiser = new MomentumSgd(parameters.Length);
        float first = trainer.Step(parameters, optimiser, 0.1f), last = 0;
        for (var step = 0; step < 300; step++)
            last = trainer.Step(parameters, optimiser, 0.1f);
        Assert.True(last < 0.6f * first, $"{first} to {last}");
    }
}
