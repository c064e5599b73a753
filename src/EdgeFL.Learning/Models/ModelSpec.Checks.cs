using System.Globalization;

namespace EdgeFL.Learning;

public sealed partial class ModelSpec
{
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
        "regress" => TaskKind.Regress,
        "cluster" => TaskKind.Cluster,
        _ => throw new ModelFormatException($"\"task\" must be classify, forecast, reconstruct, regress or cluster, not \"{task}\"."),
    };

    private static NormaliseKind ParseNormalise(string? normalise) => normalise switch
    {
        null or "none" => NormaliseKind.None,
        "running" => NormaliseKind.Running,
        _ => throw new ModelFormatException($"\"normalise\" must be none or running, not \"{normalise}\"."),
    };

    private float[] CheckScale()
    {
        var factors = file.Scale ?? [];
        if (factors.Length == 0)
            return [];
        if (Normalise != NormaliseKind.None)
            throw new ModelFormatException("\"scale\" goes with \"normalise\": \"none\" only; running statistics bring channels to like size by themselves.");
        if (factors.Length != Channels)
            throw new ModelFormatException($"\"scale\" has {factors.Length} factors for {Channels} channels; it has one for each, or none.");
        foreach (var factor in factors)
        {
            if (!(factor is >= 1e-6f and <= 1e6f))
                throw new ModelFormatException(string.Create(CultureInfo.InvariantCulture, $"A factor of \"scale\" is 0.000001 to 1000000, not {factor}."));
        }
        return [.. factors];
    }

    private LossKind ParseLoss(string? loss)
    {
        if (Task == TaskKind.Cluster)
            return loss is null ? LossKind.Nearest : throw new ModelFormatException($"A cluster model takes no \"loss\": it is the distance to the nearest centroid, not {loss}.");
        var natural = Task == TaskKind.Classify ? LossKind.CrossEntropy : LossKind.MeanSquaredError;
        var named = loss switch
        {
            null => natural,
            "cross-entropy" => LossKind.CrossEntropy,
            "mse" => LossKind.MeanSquaredError,
            "huber" => LossKind.Huber,
            _ => throw new ModelFormatException($"\"loss\" must be cross-entropy, mse or huber, not \"{loss}\"."),
        };
        if ((named == LossKind.CrossEntropy) != (natural == LossKind.CrossEntropy))
        {
            var right = natural == LossKind.CrossEntropy ? "cross-entropy" : "mse or huber";
            throw new ModelFormatException($"\"loss\" of a {file.Task} model must be {right}, not {loss}.");
        }
        return named;
    }

    private float CheckDelta()
    {
        if (Loss != LossKind.Huber)
            return file.Delta is null ? 0f : throw new ModelFormatException("\"delta\" goes with \"loss\": \"huber\" only.");
        var delta = file.Delta ?? 1f;
        if (!(delta is >= 1e-3f and <= 1e3f))
            throw new ModelFormatException(string.Create(CultureInfo.InvariantCulture, $"\"delta\" must be 0.001 to 1000, not {delta}."));
        return delta;
    }

    private int CheckHorizon()
    {
        if (Task == TaskKind.Forecast)
        {
            // What is seen is told by its differences from the last row seen: one row alone says nothing.
            if (Length < 3)
                throw new ModelFormatException($"\"length\" of a forecast model must be 3 or more, not {Length}: two rows or more to see, and rows to forecast.");
            return CheckRange("horizon", file.Horizon, 1, Length - 2);
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
            if (!IsPrintable(name))
                throw new ModelFormatException($"A class name is 1 to 64 printable characters, not \"{name}\".");
        }
        if (classes.Distinct(StringComparer.Ordinal).Count() != classes.Length)
            throw new ModelFormatException("\"classes\" names a class twice.");
        return [.. classes];
    }

    private TargetSpec? CheckTarget()
    {
        if (Task != TaskKind.Regress)
            return file.Target is null ? null : throw new ModelFormatException($"\"target\" belongs to regress models only; this one is {file.Task}.");
        var target = file.Target
            ?? throw new ModelFormatException("A regress model says what number it learns: \"target\": { \"name\": …, \"unit\": …, \"cap\": …, \"scale\": … }.");
        if (!IsPrintable(target.Name))
            throw new ModelFormatException($"\"target.name\" is 1 to 64 printable characters, not \"{target.Name}\".");
        var unit = target.Unit ?? "";
        if (unit.Length > 16 || (unit.Length > 0 && !IsPrintable(unit)))
            throw new ModelFormatException($"\"target.unit\" is up to 16 printable characters, not \"{unit}\".");
        var cap = target.Cap ?? float.PositiveInfinity;
        if (target.Cap is not null && !(cap is > 0f and <= 1e9f))
            throw new ModelFormatException(string.Create(CultureInfo.InvariantCulture, $"\"target.cap\" must be above 0 to 1000000000, not {cap}."));
        var factor = target.Scale ?? 1f;
        if (!(factor is >= 1e-6f and <= 1e6f))
            throw new ModelFormatException(string.Create(CultureInfo.InvariantCulture, $"\"target.scale\" must be 0.000001 to 1000000, not {factor}."));
        return new TargetSpec(target.Name!, unit, cap, factor);
    }

    private static bool IsPrintable(string? name) =>
        !string.IsNullOrWhiteSpace(name) && name.Length <= 64 && !Array.Exists(name.ToCharArray(), char.IsControl);
}
