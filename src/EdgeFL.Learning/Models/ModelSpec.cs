using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeFL.Learning;

/// <summary>What a model learns to say about a window.</summary>
public enum TaskKind
{
    /// <summary>Which class the window belongs to.</summary>
    Classify,

    /// <summary>The last rows of the window from the ones before.</summary>
    Forecast,

    /// <summary>The window itself, through a narrow place: how badly it fails says how unusual the window is.</summary>
    Reconstruct,

    /// <summary>A number that belongs to the window, such as how long a machine will last.</summary>
    Regress,

    /// <summary>Which of a number of groups, found without labels, the window belongs to, and how far it lies from it.</summary>
    Cluster,
}

/// <summary>What training makes small.</summary>
public enum LossKind
{
    /// <summary>-ln softmax(logits)[label], mean over the batch.</summary>
    CrossEntropy,

    /// <summary>Mean of the squared errors over outputs and batch.</summary>
    MeanSquaredError,

    /// <summary>Mean of Huber's loss over outputs and batch: squared errors up to <see cref="ModelSpec.HuberDelta"/>, linear beyond.</summary>
    Huber,

    /// <summary>Mean of half the squared distances to the nearest centroid.</summary>
    Nearest,
}

/// <summary>
/// A model as its file describes it: layers with their shapes worked out. Parameters are one vector, layer after layer, weight then bias, each as
/// <see cref="LayerKind"/> says. Immutable.
/// </summary>
public sealed partial class ModelSpec
{
    /// <summary>Largest model that is accepted, in parameters: a device of 512 MB holds a dozen copies.</summary>
    public const int ParametersMax = 4_000_000;

    private readonly ModelFile file;
    private readonly LayerSpec[] layers;
    private readonly float[] scale;
    private LayerSpec? features;
    private int clusters;

    private ModelSpec(ModelFile file, int channels)
    {
        this.file = file;
        Channels = channels;
        Name = CheckName(file.Name);
        Task = ParseTask(file.Task);
        Length = CheckRange("length", file.Length, 1, 65536);
        Horizon = CheckHorizon();
        Classes = CheckClasses();
        Target = CheckTarget();
        Normalise = ParseNormalise(file.Normalise);
        scale = CheckScale();
        Loss = ParseLoss(file.Loss);
        HuberDelta = CheckDelta();
        layers = BuildLayers();
        ParameterCount = layers.Sum(layer => layer.ParameterCount);
        Hash = SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalText()));
    }

    /// <summary>Name, kebab-case, 1 to 64 characters.</summary>
    public string Name { get; }

    /// <summary>What the model says about a window.</summary>
    public TaskKind Task { get; }

    /// <summary>C, sensor channels; 0 until <see cref="Resolve"/> in a model that takes as many as the sensor has.</summary>
    public int Channels { get; }

    /// <summary>T, rows of a window, the rows to be forecast included.</summary>
    public int Length { get; }

    /// <summary>Rows to be forecast at the end of the window; 0 in other tasks.</summary>
    public int Horizon { get; }

    /// <summary>Rows that go into the network: <see cref="Length"/> - <see cref="Horizon"/>.</summary>
    public int InputLength => Length - Horizon;

    /// <summary>Values that go into the network for one window: C·<see cref="InputLength"/>, or the features.</summary>
    public int InputCount => features?.Output.Count ?? Channels * InputLength;

    /// <summary>Values that a device keeps of a window to learn from: its features, or all its rows.</summary>
    public int KeptCount => features?.Output.Count ?? Channels * Length;

    /// <summary>The first layer when it is features: they are made once, as windows come in, and stand in the place of the rows from there on. Else null.</summary>
    public LayerSpec? Features => features;

    /// <summary>Class names in the order of their indices; empty unless the task is to classify.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The number to be learned; null unless the task is to regress.</summary>
    public TargetSpec? Target { get; }

    /// <summary>How windows are normalised.</summary>
    public NormaliseKind Normalise { get; }

    /// <summary>
    /// What each channel is multiplied by before it reaches the network, shape [C]; empty for no change. A constant of the model, not of a device: it
    /// brings units of different reach (g, rad/s) to like size, so that one learning rate fits all channels.
    /// </summary>
    public ReadOnlySpan<float> Scale => scale;

    /// <summary>What training makes small.</summary>
    public LossKind Loss { get; }

    /// <summary>Error beyond which Huber's loss turns linear, 0.001 to 1000; 0 with other losses. Default 1.</summary>
    public float HuberDelta { get; }

    /// <summary>The layers, first to last; of an unresolved model, as they would be for one channel.</summary>
    public IReadOnlyList<LayerSpec> Layers => layers;

    /// <summary>False while <see cref="Channels"/> is 0.</summary>
    public bool IsResolved => Channels > 0;

    /// <summary>P, parameters; meaningful once resolved.</summary>
    public int ParameterCount { get; }

    /// <summary>Values that come out for one window: classes, C·horizon, C·T or the features, 1, or clusters; meaningful once resolved.</summary>
    public int OutputCount => TaskOutputs(Math.Max(1, Channels));

    /// <summary>Values that a window's outputs are held against: as many, or none where it has a label or a nearest centroid instead.</summary>
    public int TargetCount => Task is TaskKind.Classify or TaskKind.Cluster ? 0 : OutputCount;

    /// <summary>SHA-256 of <see cref="CanonicalText"/>: devices mix parameters only if theirs are equal.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>Reads a model file. Comments and trailing commas are allowed, unknown members are not.</summary>
    /// <param name="utf8Json">The file's bytes.</param>
    /// <exception cref="ModelFormatException">The file is not JSON, or does not describe a model; the message names the layer and the
    /// shapes.</exception>
    public static ModelSpec Parse(ReadOnlySpan<byte> utf8Json)
    {
        if (utf8Json.StartsWith(Encoding.UTF8.Preamble))
            utf8Json = utf8Json[Encoding.UTF8.Preamble.Length..];
        ModelFile? file;
        try
        {
            file = System.Text.Json.JsonSerializer.Deserialize(utf8Json, ModelJson.Default.ModelFile);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new ModelFormatException(
                $"The model file is not valid at line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}, {e.Path ?? "$"}: {e.Message}", e);
        }
        if (file is null)
            throw new ModelFormatException("The model file holds null; it must be an object with name, task, channels, length and layers.");
        if (file.Format != 1)
            throw new ModelFormatException($"The model file has format {file.Format}; this program reads format 1.");
        return new ModelSpec(file, CheckRange("channels", file.Channels, 0, 4096));
    }

    /// <summary>The model for a sensor with this many channels: itself if it says how many it takes.</summary>
    /// <param name="channels">Channels of the sensor, 1 to 4096.</param>
    /// <exception cref="ModelFormatException">The model takes another number of channels, or does not fit together with this
    /// one.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is outside its range.</exception>
    public ModelSpec Resolve(int channels)
    {
        if (channels is < 1 or > 4096)
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "A sensor has 1 to 4096 channels.");
        if (Channels == channels)
            return this;
        if (IsResolved)
        {
            throw new ModelFormatException(
                $"Model '{Name}' takes {Channels} channels, the sensor has {channels}. Choose another model, or \"channels\": 0 for as many as there are.");
        }
        return new ModelSpec(file, channels);
    }

    /// <summary>Whether a window can be learned from: it has a label that is one of <see cref="Classes"/>, or a finite target, if the task needs one.</summary>
    /// <param name="window">Of any shape.</param>
    public bool CanLearn(SampleWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return Task switch
        {
            TaskKind.Classify => (uint)window.Label < (uint)Classes.Count,
            TaskKind.Regress => float.IsFinite(window.Target),
            _ => true,
        };
    }

    /// <summary>Everything that must be equal for two models' parameters to mean the same, one fact a line.</summary>
    public string CanonicalText()
    {
        var text = new StringBuilder();
        text.Append("edgefl-model/2\n"); // Of the meaning: another order of parameters, say, is another.
        text.Append($"name={Name}\ntask={Task}\nchannels={Channels}\nlength={Length}\nhorizon={Horizon}\n");
        text.Append($"normalise={Normalise}\nloss={Loss}\n");
        if (Loss == LossKind.Huber)
            text.Append($"delta={HuberDelta.ToString("R", CultureInfo.InvariantCulture)}\n");
        if (scale.Length > 0)
            text.Append($"scale={string.Join(',', scale.Select(s => s.ToString("R", CultureInfo.InvariantCulture)))}\n");
        foreach (var name in Classes)
            text.Append($"class={name}\n");
        if (Target is { } target)
        {
            text.Append($"target.name={target.Name}\ntarget.unit={target.Unit}\n");
            text.Append($"target.cap={target.Cap.ToString("R", CultureInfo.InvariantCulture)}\ntarget.scale={target.Scale.ToString("R", CultureInfo.InvariantCulture)}\n");
        }
        foreach (var layer in layers)
        {
            text.Append($"layer={layer.Kind},{layer.Size},{layer.Kernel},{layer.Input},{layer.Output}");
            if (layer.Rate > 0f)
                text.Append($",rate={layer.Rate.ToString("R", CultureInfo.InvariantCulture)}");
            if (layer.Kind == LayerKind.RandomFourier)
                text.Append($",width={layer.Width.ToString("R", CultureInfo.InvariantCulture)},seed={layer.Seed}");
            text.Append('\n');
        }
        return text.ToString();
    }

    private int TaskOutputs(int channels) => Task switch
    {
        TaskKind.Classify => Classes.Count,
        TaskKind.Forecast => checked(channels * Horizon),
        TaskKind.Regress => 1,
        TaskKind.Cluster => clusters,
        _ => features?.Output.Count ?? checked(channels * Length),
    };
}
