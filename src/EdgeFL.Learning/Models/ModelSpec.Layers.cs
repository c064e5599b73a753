using System.Globalization;

namespace EdgeFL.Learning;

public sealed partial class ModelSpec
{
    private const int ValuesMax = 1 << 22;

    private const string LayerTypes =
        "conv1d, relu, tanh, sigmoid, gelu, depthwiseconv1d, separableconv1d, gru, maxpool1d, averagepool1d, globalaverage, layernorm, groupnorm, "
        + "dropout, features, flatten, dense, randomfourier, kmeans, image, conv2d, maxpool2d";

    private LayerSpec[] BuildLayers()
    {
        var sources = file.Layers ?? [];
        if (sources.Length is < 1 or > 64)
            throw new ModelFormatException($"A model has 1 to 64 \"layers\", not {sources.Length}.");
        if ((long)Math.Max(1, Channels) * Length > ValuesMax)
            throw new ModelFormatException($"Model '{Name}' looks at {Channels}x{Length} values a window, more than {ValuesMax}.");
        var shape = new ActivationShape(Math.Max(1, Channels), InputLength, false);
        var built = new List<LayerSpec>(sources.Length);
        var offset = 0;
        for (var i = 0; i < sources.Length; i++)
        {
            var place = new Place(i, sources[i], shape);
            if (sources[i] is null)
                throw At(place, "is null");
            foreach (var layer in BuildLayer(place, offset))
            {
                built.Add(layer);
                shape = layer.Output;
                offset += layer.ParameterCount;
            }
            if (offset > ParametersMax)
                throw At(place, $"brings the model to {offset} parameters, more than {ParametersMax}");
        }
        if (Task == TaskKind.Cluster && built[^1].Kind != LayerKind.KMeans)
            throw At(new Place(sources.Length - 1, sources[^1], built[^1].Input), "ends the model, but that of a cluster model is kmeans");
        if (shape.Count != OutputCount || !shape.IsVector)
        {
            throw At(
                new Place(sources.Length - 1, sources[^1], built[^1].Input),
                $"ends the model with {shape}, but {file.Task} needs a vector of {OutputCount}");
        }
        if (offset == 0)
            throw new ModelFormatException($"Model '{Name}' has no parameters: it needs a conv1d or a dense layer to learn with.");
        return [.. built];
    }

    private LayerSpec[] BuildLayer(in Place place, int offset) => place.Source!.Type switch
    {
        "conv1d" => [Conv(place, offset)],
        "depthwiseconv1d" => [Depthwise(place, offset)],
        "separableconv1d" => Separable(place, offset),
        "gru" => [Gru(place, offset)],
        "maxpool1d" => [Pool(place, LayerKind.MaxPool1d, offset)],
        "averagepool1d" => [Pool(place, LayerKind.AveragePool1d, offset)],
        "dense" => [Dense(place, offset)],
        "relu" => [Same(place, LayerKind.Relu, offset)],
        "tanh" => [Same(place, LayerKind.Tanh, offset)],
        "sigmoid" => [Same(place, LayerKind.Sigmoid, offset)],
        "gelu" => [Same(place, LayerKind.Gelu, offset)],
        "layernorm" => [Same(place, LayerKind.LayerNorm, offset) with { Size = place.Input.Channels, ParameterCount = 2 * place.Input.Channels }],
        "groupnorm" => [GroupNorm(place, offset)],
        "dropout" => [Dropout(place, offset)],
        "randomfourier" => [RandomFourier(place, offset)],
        "globalaverage" => [GlobalAverage(place, offset)],
        "features" => [MakeFeatures(place, offset)],
        "flatten" => [Flatten(place, offset)],
        "kmeans" => [KMeans(place, offset)],
        "image" => [Image(place, offset)],
        "conv2d" => [Conv2d(place, offset)],
        "maxpool2d" => [MaxPool2d(place, offset)],
        _ => throw At(place, $"is of no known type; there are {LayerTypes}"),
    };

    private LayerSpec Conv(in Place place, int offset)
    {
        TakeOnly(place, "filters", "kernel");
        NeedRows(place);
        var filters = Number(place, "filters", place.Source!.Filters, 1, 1024);
        var kernel = Taps(place);
        var output = Sized(place, filters, place.Input.Length - kernel + 1, false);
        return new LayerSpec(
            LayerKind.Conv1d, filters, kernel, place.Input, output, offset, Weights(place, filters, (long)place.Input.Channels * kernel));
    }

    private LayerSpec Depthwise(in Place place, int offset)
    {
        TakeOnly(place, "kernel");
        NeedRows(place);
        return Depthwise(place, Taps(place), offset);
    }

    private LayerSpec Depthwise(in Place place, int kernel, int offset)
    {
        var output = place.Input with { Length = place.Input.Length - kernel + 1 };
        var channels = place.Input.Channels;
        return new LayerSpec(LayerKind.DepthwiseConv1d, channels, kernel, place.Input, output, offset, Weights(place, channels, kernel));
    }

    /// <summary>Each channel over time, then the channels with one another: two layers, as if the file had named both.</summary>
    private LayerSpec[] Separable(in Place place, int offset)
    {
        TakeOnly(place, "filters", "kernel");
        NeedRows(place);
        var filters = Number(place, "filters", place.Source!.Filters, 1, 1024);
        var depthwise = Depthwise(place, Taps(place), offset);
        var middle = depthwise.Output;
        var pointwise = new LayerSpec(
            LayerKind.Conv1d,
            filters,
            1,
            middle,
            Sized(place, filters, middle.Length, false),
            offset + depthwise.ParameterCount,
            Weights(place, filters, middle.Channels));
        return [depthwise, pointwise];
    }

    private LayerSpec Gru(in Place place, int offset)
    {
        TakeOnly(place, "outputs", "sequence");
        NeedRows(place);
        var units = Number(place, "outputs", place.Source!.Outputs, 1, 1024);
        var output = place.Source.Sequence == true ? Sized(place, units, place.Input.Length, false) : new ActivationShape(units, 1, true);
        // Three gates, each with weights for the input and the state, and two biases.
        return new LayerSpec(LayerKind.Gru, units, 0, place.Input, output, offset, Weights(place, 3 * units, place.Input.Channels + units + 1));
    }

    private LayerSpec GroupNorm(in Place place, int offset)
    {
        TakeOnly(place, "groups");
        var channels = place.Input.Channels;
        var groups = Number(place, "groups", place.Source!.Groups, 1, 1024);
        if (channels % groups != 0)
            throw At(place, $"makes {groups} groups of {channels} channels; the groups must have one size");
        return new LayerSpec(LayerKind.GroupNorm, groups, 0, place.Input, place.Input, offset, 2 * channels);
    }

    private LayerSpec Dropout(in Place place, int offset)
    {
        TakeOnly(place, "rate");
        var rate = place.Source!.Rate ?? throw At(place, "lacks \"rate\", a number from 0 to 0.95");
        if (!(rate is >= 0f and <= 0.95f))
            throw At(place, string.Create(CultureInfo.InvariantCulture, $"has \"rate\": {rate}; it must be 0 to 0.95"));
        return new LayerSpec(LayerKind.Dropout, 0, 0, place.Input, place.Input, offset, 0) { Rate = rate };
    }

    private LayerSpec Pool(in Place place, LayerKind kind, int offset)
    {
        TakeOnly(place, "size");
        NeedRows(place);
        var size = Number(place, "size", place.Source!.Size, 1, 1024);
        if (size > place.Input.Length)
            throw At(place, $"pools {size} rows, more than the {place.Input.Length} that reach it");
        return new LayerSpec(kind, size, 0, place.Input, place.Input with { Length = place.Input.Length / size }, offset, 0);
    }

    private LayerSpec Dense(in Place place, int offset)
    {
        TakeOnly(place, "outputs");
        if (!place.Input.IsVector)
            throw At(place, "needs a vector; put flatten or globalaverage before it");
        var outputs = Number(place, "outputs", place.Source!.Outputs, 0, 65536);
        outputs = outputs == 0 ? OutputCount : outputs;
        var output = Sized(place, outputs, 1, true);
        return new LayerSpec(LayerKind.Dense, outputs, 0, place.Input, output, offset, Weights(place, outputs, place.Input.Channels));
    }

    private LayerSpec RandomFourier(in Place place, int offset)
    {
        TakeOnly(place, "outputs", "width", "seed");
        if (!place.Input.IsVector)
            throw At(place, "needs a vector; put flatten or globalaverage before it");
        var outputs = Number(place, "outputs", place.Source!.Outputs, 1, 65536);
        if ((long)outputs * place.Input.Channels > ParametersMax)
            throw At(place, $"draws a projection of {(long)outputs * place.Input.Channels} values, more than {ParametersMax}");
        var width = place.Source.Width ?? 1f;
        if (!(width is >= 1e-4f and <= 1e3f))
            throw At(place, string.Create(CultureInfo.InvariantCulture, $"has \"width\": {width}; it must be 0.0001 to 1000"));
        var seed = Number(place, "seed", place.Source.Seed ?? 0, 0, int.MaxValue);
        return new LayerSpec(LayerKind.RandomFourier, outputs, 0, place.Input, new ActivationShape(outputs, 1, true), offset, 0)
        {
            Width = width,
            Seed = seed,
        };
    }

    private LayerSpec Same(in Place place, LayerKind kind, int offset)
    {
        TakeOnly(place);
        return new LayerSpec(kind, 0, 0, place.Input, place.Input, offset, 0);
    }

    private LayerSpec GlobalAverage(in Place place, int offset)
    {
        TakeOnly(place);
        if (place.Input.IsVector)
            throw At(place, "needs rows of channels; time is already gone");
        return new LayerSpec(LayerKind.GlobalAverage, 0, 0, place.Input, new ActivationShape(place.Input.Channels, 1, true), offset, 0);
    }

    private LayerSpec MakeFeatures(in Place place, int offset)
    {
        TakeOnly(place, "bands", "block");
        if (place.Index > 0)
            throw At(place, "measures the sensor's own rows; it can only be the first layer");
        if (place.Input.Length < 4)
            throw At(place, $"needs windows of 4 rows or more, not {place.Input.Length}");
        if (Task == TaskKind.Forecast)
            throw At(place, "stands in the place of the rows, so that there are none to forecast");
        var block = Number(place, "block", place.Source!.Block ?? place.Input.Length, 4, place.Input.Length);
        if (place.Input.Length % block != 0)
            throw At(place, $"has \"block\": {block}; it must divide the window's {place.Input.Length} rows");
        var bands = Number(place, "bands", place.Source.Bands, 1, Math.Min(64, block / 2));
        var output = Sized(place, place.Input.Channels * (WindowFeatures.Plain + bands), 1, true);
        return features = new LayerSpec(LayerKind.Features, bands, block, place.Input, output, offset, 0);
    }

    private LayerSpec Flatten(in Place place, int offset)
    {
        TakeOnly(place);
        if (place.Input.IsVector)
            throw At(place, "needs rows of channels; this is already a vector");
        return new LayerSpec(LayerKind.Flatten, 0, 0, place.Input, Sized(place, place.Input.Count, 1, true), offset, 0);
    }

    private LayerSpec KMeans(in Place place, int offset)
    {
        TakeOnly(place, "clusters");
        if (Task != TaskKind.Cluster)
            throw At(place, $"belongs to cluster models only; this one is {file.Task}");
        if (!place.Input.IsVector)
            throw At(place, "needs a vector; put features or flatten before it");
        if (offset > 0)
            throw At(place, $"comes behind {offset} parameters, which would learn to make all windows alike; put nothing before it that learns");
        clusters = Number(place, "clusters", place.Source!.Clusters, 2, 1024);
        var output = Sized(place, clusters, 1, true);
        return new LayerSpec(LayerKind.KMeans, clusters, 0, place.Input, output, offset, Weights(place, clusters, place.Input.Channels));
    }

    private int Taps(in Place place)
    {
        var kernel = Number(place, "kernel", place.Source!.Kernel, 1, 1024);
        if (kernel > place.Input.Length)
            throw At(place, $"has a kernel of {kernel} taps, longer than the {place.Input.Length} rows that reach it");
        return kernel;
    }

    private ActivationShape Sized(in Place place, int channels, int length, bool vector)
    {
        if ((long)channels * length > ValuesMax)
            throw At(place, $"makes {channels}x{length} values a window, more than {ValuesMax}");
        return new ActivationShape(channels, length, vector);
    }

    private int Weights(in Place place, int outputs, long inputs)
    {
        if ((inputs + 1) * outputs > ParametersMax)
            throw At(place, $"has {(inputs + 1) * outputs} parameters, more than {ParametersMax}");
        return (int)((inputs + 1) * outputs);
    }

    private int Number(in Place place, string member, int? value, int low, int high)
    {
        if (value is null)
            throw At(place, $"lacks \"{member}\", a number from {low} to {high}");
        if (value < low || value > high)
            throw At(place, $"has \"{member}\": {value}; it must be {low} to {high}");
        return value.Value;
    }

    private void NeedRows(in Place place)
    {
        if (place.Input.IsVector)
            throw At(place, "needs rows of channels; put it before flatten, globalaverage and dense");
        if (place.Input.IsImage)
            throw At(place, "goes over time, and this is an image; conv2d and maxpool2d go over images");
    }

    /// <summary>Refuses members that stand in the layer but mean nothing to its type.</summary>
    private void TakeOnly(in Place place, params ReadOnlySpan<string> members)
    {
        var source = place.Source!;
        Refuse(place, members, "filters", source.Filters is not null);
        Refuse(place, members, "kernel", source.Kernel is not null);
        Refuse(place, members, "size", source.Size is not null);
        Refuse(place, members, "outputs", source.Outputs is not null);
        Refuse(place, members, "groups", source.Groups is not null);
        Refuse(place, members, "bands", source.Bands is not null);
        Refuse(place, members, "block", source.Block is not null);
        Refuse(place, members, "clusters", source.Clusters is not null);
        Refuse(place, members, "rate", source.Rate is not null);
        Refuse(place, members, "sequence", source.Sequence is not null);
        Refuse(place, members, "width", source.Width is not null);
        Refuse(place, members, "height", source.Height is not null);
        Refuse(place, members, "seed", source.Seed is not null);
    }

    private void Refuse(in Place place, ReadOnlySpan<string> members, string member, bool given)
    {
        if (given && !members.Contains(member))
            throw At(place, $"takes no \"{member}\"");
    }

    private ModelFormatException At(in Place place, string what) =>
        new($"Model '{Name}', layer {place.Index} ({place.Source?.Type ?? "no type"}), input {place.Input}: {what}.");

    /// <summary>A layer in the file, and what reaches it.</summary>
    private readonly record struct Place(int Index, LayerFile? Source, ActivationShape Input);
}
