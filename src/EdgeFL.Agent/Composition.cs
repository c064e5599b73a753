using System.Runtime.CompilerServices;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Node.Recording;
using EdgeFL.Platform.Boards;
using EdgeFL.Platform.Configuration;
using EdgeFL.Platform.Links;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Agent;

/// <summary>Puts an agent together from its configuration: credentials, sensor, model, node, link. The one place that knows all of them.</summary>
internal static class Composition
{
    private const int RowsPerWindowDefault = 2;

    /// <summary>Builds an agent; on an error nothing stays open.</summary>
    /// <param name="config">What it is told.</param>
    /// <param name="folder">Folder that relative paths start from.</param>
    /// <param name="version">Version of the agent.</param>
    /// <param name="recording">Where the node's inputs are recorded, or null.</param>
    public static async Task<AgentHost> BuildAsync(AgentConfig config, string folder, string version, InputRecording? recording)
    {
        DeviceCredentials credentials = LoadCredentials(config, folder);
        ISensor? sensor = null;
        try
        {
            string state = Path.GetFullPath(config.State, folder);
            Directory.CreateDirectory(state);
            sensor = SensorFactory.Create(config.Sensor, new SensorContext { BaseFolder = folder });
            int channels = sensor.Description.Channels.Count;
            ModelSpec model = LoadModel(Path.GetFullPath(config.Model, folder), out byte[] modelFile).Resolve(channels);
            CheckClasses(model, sensor.Description, config.Model);
            uint boot = BootCounter.Next(Path.Combine(state, "boot"));
            var windows = new WindowOptions
            {
                Length = model.Length,
                Step = config.Training.WindowStep ?? Math.Max(1, model.Length / RowsPerWindowDefault),
                PeriodMs = sensor.Description.RateHz > 0 ? 1000 / sensor.Description.RateHz : 0,
                Label = model.Task == TaskKind.Classify ? WindowLabel.AllRows : WindowLabel.LastRow, // Only classes care where a label changes.
            };
            var data = new LocalDataOptions
            {
                TrainingWindows = config.Training.WindowsMax,
                HeldOutWindows = Math.Max(1, config.Training.WindowsMax / 4),
                HeldOutPerBlock = config.Training.HeldOutPer20,
                Rotation = config.Training.Rotation,
                Replay = config.Training.Replay,
            };
            NodeOptions options = TrainingOptions.Of(config.Training, credentials.Identity.Fleet, credentials.Identity.Node, boot);
            NodeCore node = MakeNode(options, model, windows, data);
            var store = new CheckpointStore(state, "model");
            ReadOnlyMemory<byte> restored = Restore(node, store), restoredIntegers = default;
            string quantized = Path.Combine(state, "model.int8");
            if (options.Int8Inference && File.Exists(quantized))
                restoredIntegers = RestoreIntegers(node, quantized);
            recording?.Begin(new RecordedNode
            {
                Options = options,
                Model = modelFile,
                Channels = channels,
                Windows = windows,
                Data = data,
                Checkpoint = restored,
                Quantized = restoredIntegers,
            });
            InfoPayload info = Describe(config, credentials, version, boot, model, sensor.Description);
            return new AgentHost(node, sensor, new CheckpointWriter(store, quantized), credentials, config with { Network = config.Network.In(folder) }, info, recording);
        }
        catch
        {
            if (sensor is not null)
                await sensor.DisposeAsync().ConfigureAwait(false);
            credentials.Dispose();
            throw;
        }
    }

    private static DeviceCredentials LoadCredentials(AgentConfig config, string folder)
    {
        string path = Path.GetFullPath(config.Identity, folder);
        DeviceCredentials credentials = DeviceCredentials.Load(path);
        PeerIdentity own = credentials.Identity;
        string? wrong = own.Role != CertificateRole.Device ? "is an operator's, not a device's"
            : own.Fleet.Value != config.Fleet ? $"is of fleet '{own.Fleet}', but the configuration says '{config.Fleet}'"
            : own.Node.Value != config.Node ? $"is of node '{own.Node}', but the configuration says '{config.Node}'"
            : credentials.NotAfter < DateTimeOffset.UtcNow ? $"has expired on {credentials.NotAfter:u}"
            : null;
        if (wrong is null)
            return credentials;
        credentials.Dispose();
        throw new ConfigException("wrong-certificate", $"The certificate in {path} {wrong}.", $"edgefl node add {config.Node}");
    }

    private static ModelSpec LoadModel(string path, out byte[] file)
    {
        try
        {
            file = File.ReadAllBytes(path);
            return ModelSpec.Parse(file);
        }
        catch (ModelFormatException error)
        {
            throw new ConfigException("bad-model", $"{path}: {error.Message}", "Mend the model file; firmware-config/models has working ones.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException("no-model", $"{path} cannot be read: {error.Message}", "Name the model file with \"model\" in agent.json.", error);
        }
    }

    /// <summary>A label means the same class everywhere: the sensor's class names must be the model's, in its order.</summary>
    private static void CheckClasses(ModelSpec model, SensorDescription sensor, string file)
    {
        if (model.Task != TaskKind.Classify || sensor.Classes.Count == 0 || model.Classes.SequenceEqual(sensor.Classes))
            return;
        throw new ConfigException(
            "wrong-classes", $"The sensor's classes ({string.Join(", ", sensor.Classes)}) are not those of {file} ({string.Join(", ", model.Classes)}).",
            "Give the sensor's options \"classes\" in the model's order.");
    }

    /// <summary>The rules have seen the file, but not together with the model and the sensor's rate.</summary>
    private static NodeCore MakeNode(NodeOptions options, ModelSpec model, WindowOptions windows, LocalDataOptions data)
    {
        try
        {
            return new NodeCore(options, model, windows, data);
        }
        catch (ArgumentException error)
        {
            throw new ConfigException("bad-training", $"training: {error.Message}", "Mend that member of agent.json, or the sensor's rate.", error);
        }
    }

    /// <summary>Gives the checkpoint that the node goes on from; empty for none.</summary>
    private static ReadOnlyMemory<byte> Restore(NodeCore node, CheckpointStore store)
    {
        CheckpointLoad load = store.Load();
        if (load.Reason.Length > 0)
            AgentLog.Error("checkpoint-damaged", load.Reason, load.Status == CheckpointStatus.FellBack ? "The generation before it was used." : "The node starts anew and catches up from its neighbours.");
        if (load.Payload.IsEmpty)
            return default;
        CheckpointError error = node.Restore(load.Payload.Span);
        if (error == CheckpointError.None)
        {
            AgentLog.Info($"going on from the checkpoint of round {node.Round}");
            return load.Payload;
        }

        AgentLog.Error("checkpoint-unusable", $"The checkpoint was not used: {error}.", "The node starts anew and catches up from its neighbours.");
        return default;
    }

    /// <summary>Gives the file that the node infers with; empty when it cannot.</summary>
    private static ReadOnlyMemory<byte> RestoreIntegers(NodeCore node, string path)
    {
        string why;
        try
        {
            byte[] file = File.ReadAllBytes(path);
            QuantizedModelError error = node.RestoreIntegers(file);
            if (error == QuantizedModelError.None)
                return file;
            why = $"{error}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            why = error.Message;
        }

        AgentLog.Error("quantized-unusable", $"{path} was not used: {why}.", "The node infers in floats until its next checkpoint.");
        return default;
    }

    private static InfoPayload Describe(AgentConfig config, DeviceCredentials credentials, string version, uint boot, ModelSpec model, SensorDescription sensor) => new(
        config.Fleet, config.Node, version, RuntimeFeature.IsDynamicCodeSupported ? "jit" : "aot", BoardInfo.Detect().Model, boot, Environment.ProcessId,
        model.Name, Convert.ToHexStringLower(model.Hash.Span[..8]), model.ParameterCount, sensor.Name,
        Convert.ToHexStringLower(credentials.Identity.Fingerprint.Span), credentials.ChainPem);
}
