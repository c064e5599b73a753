using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeFL.Learning;

namespace EdgeFL.Arm64.Proof;

/// <summary>
/// Models made without JSON and SHA-256, which need more of a runtime than there is on arm64: the members that the model file would give are set
/// one by one, and <see cref="ModelSpec"/> works out the layers as ever. A test holds the outcome against the shipped file.
/// </summary>
internal static class Models
{
    /// <summary>firmware-config/models/activity-cnn.json.</summary>
    internal static ModelSpec ActivityCnn()
    {
        LayerFile[] layers =
        [
            new() { Type = "conv1d", Filters = 16, Kernel = 5 },
            new() { Type = "relu" },
            new() { Type = "maxpool1d", Size = 2 },
            new() { Type = "conv1d", Filters = 32, Kernel = 5 },
            new() { Type = "relu" },
            new() { Type = "globalaverage" },
            new() { Type = "dense", Outputs = 6 },
        ];
        return Make(
            "activity-cnn", 128, ["walking", "walking-upstairs", "walking-downstairs", "sitting", "standing", "laying"], [0.5f, 0.5f, 0.5f, 2f, 2f, 2f], layers);
    }

    /// <summary>A linear model of the features of two channels, in windows of two blocks.</summary>
    /// <param name="block">Rows of a block, 4 or more.</param>
    internal static ModelSpec Features(int block) => Make(
        "features", 2 * block, ["a", "b"], [0.5f, 3f],
        [new() { Type = "features", Bands = Math.Min(9, 1 + (block / 3)), Block = block }, new() { Type = "dense", Outputs = 2 }]);

    /// <summary>Centroids of the features of two channels.</summary>
    internal static ModelSpec Clusters() => Make(
        "clusters", 16, [], [0.5f, 3f], [new() { Type = "features", Bands = 2, Block = 8 }, new() { Type = "kmeans", Clusters = 5 }], TaskKind.Cluster, LossKind.Nearest);

    private static ModelSpec Make(
        string name, int length, string[] classes, float[] scale, LayerFile[] layers, TaskKind task = TaskKind.Classify, LossKind loss = LossKind.CrossEntropy)
    {
        var spec = Blank();
        File(spec) = new ModelFile { Layers = layers };
        Name(spec) = name;
        Task(spec) = task;
        Channels(spec) = scale.Length;
        Length(spec) = length;
        Classes(spec) = classes;
        Scale(spec) = scale;
        Loss(spec) = loss;
        var built = BuildLayers(spec);
        Layers(spec) = built;
        var count = 0;
        foreach (var layer in built)
            count += layer.ParameterCount;
        ParameterCount(spec) = count;
        return spec;
    }

#if NET10_0_OR_GREATER
    private static ModelSpec Blank() => (ModelSpec)RuntimeHelpers.GetUninitializedObject(typeof(ModelSpec));
#else
    // The same for arm64, where there is no reflection: proof.c makes objects.
    private static ModelSpec Blank()
    {
        var made = RhpNewFast(typeof(ModelSpec).TypeHandle.Value);
        return Unsafe.As<nint, ModelSpec>(ref made);
    }

    [DllImport("proof")]
    private static extern nint RhpNewFast(nint type);
#endif

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "file")]
    private static extern ref ModelFile File(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "layers")]
    private static extern ref LayerSpec[] Layers(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "scale")]
    private static extern ref float[] Scale(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Name>k__BackingField")]
    private static extern ref string Name(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Task>k__BackingField")]
    private static extern ref TaskKind Task(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Channels>k__BackingField")]
    private static extern ref int Channels(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Length>k__BackingField")]
    private static extern ref int Length(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Classes>k__BackingField")]
    private static extern ref IReadOnlyList<string> Classes(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Loss>k__BackingField")]
    private static extern ref LossKind Loss(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<ParameterCount>k__BackingField")]
    private static extern ref int ParameterCount(ModelSpec spec);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "BuildLayers")]
    private static extern LayerSpec[] BuildLayers(ModelSpec spec);
}
