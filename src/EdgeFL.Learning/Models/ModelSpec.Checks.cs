namespace EdgeFL.Learning;

public sealed partial class ModelSpec
{
    private const string LayerTypes = "conv1d, relu, tanh, sigmoid, maxpool1d, globalaverage, flatten, dense";

    private static string CheckName(string? name)
    {
        if (name is null || name.Length is < 1 or > 64 || !Array.TrueForAll(name.ToCharArray(), c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'))
            throw new ModelFormatException($"\"name\" must be 1 to 64 of a-z, 0-9 and '-', not \"{name}\".");
        return name;
    }

    private static int CheckRange(string member, int? value, int low, int high)
    {
        if (value is null)
            throw new ModelFormatException($"\"{member}\" is missing; it is a number from {low} to {high}.");
        if (value < low || value > high)
            throw new ModelFormatException($"\"{member}\" must be {low} to {high}, not {value}.");
        return value.Value;
    }

    private static TaskKind ParseTask(string? task) => task switch
    {
        "classify" => TaskKind.Classify,
        "forecast" => TaskKind.Forecast,
        "reconstruct" => TaskKind.Reconstruct,
        _ => throw new ModelFormatException($"\"task\" must be classify, forecast or reconstruct, not \"{task}\"."),
    };

    private static NormaliseKind ParseNormalise(string? normalise) => normalise switch
    {
        null or "none" => NormaliseKind.None,
        "running" => NormaliseKind.Running,
        _ => throw new ModelFormatException($"\"normalise\" must be none or running, not \"{normalise}\"."),
    };

    private LossKind ParseLoss(string? loss)
    {
        var natural = Task == TaskKind.Classify ? LossKind.CrossEntropy : LossKind.MeanSquaredError;
        var named = loss switch
        {
            null => natural,
            "cross-entropy" => LossKind.CrossEntropy,
            "mse" => LossKind.MeanSquaredError,
            _ => throw new ModelFormatException($"\"loss\" must be cross-entropy or mse, not \"{loss}\"."),
        };
        if (named != natural)
        {
            var right = natural == LossKind.CrossEntropy ? "cross-entropy" : "mse";
            throw new ModelFormatException($"\"loss\" of a {file.Task} model must be {right}, not {loss}.");
        }
        return named;
    }

    private int CheckHorizon()
    {
        if (Task == TaskKind.Forecast)
        {
            if (Length < 2)
                throw new ModelFormatException($"\"length\" of a forecast model must be 2 or more, not {Length}: rows to see and rows to forecast.");
            return CheckRange("horizon", file.Horizon, 1, Length - 1);
        }
        if (file.Horizon is not (null or 0))
            throw new ModelFormatException($"\"horizon\" belongs to forecast models only; this one is {file.Task}.");
        return 0;
    }

    private string[] CheckClasses()
    {
        var classes = file.Classes ?? [];
        if (Task != TaskKind.Classify)
        {
            if (classes.Length > 0)
                throw new ModelFormatException($"\"classes\" belongs to classify models only; this one is {file.Task}.");
            return [];
        }
        if (classes.Length is < 2 or > 1024)
            throw new ModelFormatException($"A classify model names 2 to 1024 \"classes\", not {classes.Length}.");
        foreach (var name in classes)
        {
            if (string.IsNullOrWhiteSpace(name) || name.Length > 64 || Array.Exists(name.ToCharArray(), char.IsControl))
                throw new ModelFormatException($"A class name is 1 to 64 printable characters, not \"{name}\".");
        }
        if (classes.Distinct(StringComparer.Ordinal).Count() != classes.Length)
            throw new ModelFormatException("\"classes\" names a class twice.");
        return [.. classes];
    }

    private LayerSpec[] BuildLayers()
    {
        var sources = file.Layers ?? [];
        if (sources.Length is < 1 or > 64)
            throw new ModelFormatException($"A model has 1 to 64 \"layers\", not {sources.Length}.");
        if ((long)Math.Max(1, Channels) * Length > 1 << 22)
            throw new ModelFormatException($"Model '{Name}' looks at {Channels}x{Length} values a window, more than {1 << 22}.");
        var shape = new ActivationShape(Math.Max(1, Channels), InputLength, false);
        var built = new LayerSpec[sources.Length];
        var offset = 0;
        for (var i = 0; i < sources.Length; i++)
        {
            built[i] = BuildLayer(i, sources[i] ?? throw At(i, sources[i], shape, "is null"), shape, offset);
            shape = built[i].Output;
            offset += built[i].ParameterCount;
            if (offset > ParametersMax)
                throw At(i, sources[i], built[i].Input, $"brings the model to {offset} parameters, more than {ParametersMax}");
        }
        var wanted = OutputCount;
        if (shape.Count != wanted || !shape.IsVector)
        {
            throw At(
                built.Length - 1,
                sources[^1],
                built[^1].Input,
                $"ends the model with {shape}, but {file.Task} needs a vector of {wanted}");
        }
        if (offset == 0)
            throw new ModelFormatException($"Model '{Name}' has no parameters: it needs a conv1d or a dense layer to learn with.");
        return built;
    }

    private LayerSpec BuildLayer(int index, LayerFile source, ActivationShape input, int offset)
    {
        switch (source.Type)
        {
            case "conv1d":
                Refuse(index, source, input, size: true, outputs: true);
                if (input.IsVector)
                    throw At(index, source, input, "needs rows of channels; put it before flatten, globalaverage and dense");
                var filters = Number(index, source, input, "filters", source.Filters, 1, 1024);
                var kernel = Number(index, source, input, "kernel", source.Kernel, 1, 1024);
                if (kernel > input.Length)
                    throw At(index, source, input, $"has a kernel of {kernel} taps, longer than the {input.Length} rows that reach it");
                var convolved = Sized(index, source, input, filters, input.Length - kernel + 1, false);
                return new LayerSpec(
                    LayerKind.Conv1d, filters, kernel, input, convolved, offset, Weights(index, source, input, filters, input.Channels * kernel));
            case "maxpool1d":
                Refuse(index, source, input, filters: true, kernel: true, outputs: true);
                if (input.IsVector)
                    throw At(index, source, input, "needs rows of channels; put it before flatten, globalaverage and dense");
                var size = Number(index, source, input, "size", source.Size, 1, 1024);
                if (size > input.Length)
                    throw At(index, source, input, $"pools {size} rows, more than the {input.Length} that reach it");
                return new LayerSpec(LayerKind.MaxPool1d, size, 0, input, input with { Length = input.Length / size }, offset, 0);
            case "dense":
                Refuse(index, source, input, filters: true, kernel: true, size: true);
                if (!input.IsVector)
                    throw At(index, source, input, "needs a vector; put flatten or globalaverage before it");
                var outputs = Number(index, source, input, "outputs", source.Outputs, 0, 65536);
                outputs = outputs == 0 ? OutputCount : outputs;
                return new LayerSpec(
                    LayerKind.Dense, outputs, 0, input, Sized(index, source, input, outputs, 1, true), offset, Weights(index, source, input, outputs, input.Channels));
            case "relu" or "tanh" or "sigmoid":
                Refuse(index, source, input, filters: true, kernel: true, size: true, outputs: true);
                var kind = source.Type == "relu" ? LayerKind.Relu : source.Type == "tanh" ? LayerKind.Tanh : LayerKind.Sigmoid;
                return new LayerSpec(kind, 0, 0, input, input, offset, 0);
            case "globalaverage":
                Refuse(index, source, input, filters: true, kernel: true, size: true, outputs: true);
                if (input.IsVector)
                    throw At(index, source, input, "needs rows of channels; time is already gone");
                return new LayerSpec(LayerKind.GlobalAverage, 0, 0, input, new ActivationShape(input.Channels, 1, true), offset, 0);
            case "flatten":
                Refuse(index, source, input, filters: true, kernel: true, size: true, outputs: true);
                if (input.IsVector)
                    throw At(index, source, input, "needs rows of channels; this is already a vector");
                return new LayerSpec(LayerKind.Flatten, 0, 0, input, Sized(index, source, input, input.Count, 1, true), offset, 0);
            default:
                throw At(index, source, input, $"is of no known type; there are {LayerTypes}");
        }
    }

    private ActivationShape Sized(int index, LayerFile source, ActivationShape input, int channels, int length, bool vector)
    {
        if ((long)channels * length > 1 << 22)
            throw At(index, source, input, $"makes {channels}x{length} values a window, more than {1 << 22}");
        return new ActivationShape(channels, length, vector);
    }

    private int Weights(int index, LayerFile source, ActivationShape input, int outputs, long inputs)
    {
        if ((inputs + 1) * outputs > ParametersMax)
            throw At(index, source, input, $"has {(inputs + 1) * outputs} parameters, more than {ParametersMax}");
        return (int)((inputs + 1) * outputs);
    }

    private int Number(int index, LayerFile source, ActivationShape input, string member, int? value, int low, int high)
    {
        if (value is null)
            throw At(index, source, input, $"lacks \"{member}\", a number from {low} to {high}");
        if (value < low || value > high)
            throw At(index, source, input, $"has \"{member}\": {value}; it must be {low} to {high}");
        return value.Value;
    }

    private void Refuse(
        int index, LayerFile source, ActivationShape input, bool filters = false, bool kernel = false, bool size = false, bool outputs = false)
    {
        var stray = filters && source.Filters is not null ? "filters"
            : kernel && source.Kernel is not null ? "kernel"
            : size && source.Size is not null ? "size"
            : outputs && source.Outputs is not null ? "outputs" : null;
        if (stray is not null)
            throw At(index, source, input, $"takes no \"{stray}\"");
    }

    private ModelFormatException At(int index, LayerFile? source, ActivationShape input, string what) =>
        new($"Model '{Name}', layer {index} ({source?.Type ?? "no type"}), input {input}: {what}.");
}
