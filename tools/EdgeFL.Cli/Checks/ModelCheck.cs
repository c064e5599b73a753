using EdgeFL.Learning;
using EdgeFL.Platform.Sensors;

namespace EdgeFL.Cli.Checks;

/// <summary>Reads the model that the configuration names, as the agent will, for the channels and classes that the sensor has.</summary>
internal static class ModelCheck
{
    /// <summary>Runs the check.</summary>
    public static Finding Run(CheckScope scope)
    {
        if (scope.Device is not { } device)
            return Finding.Skip("no model named (--config agent.json)");
        try
        {
            var model = ModelSpec.Parse(File.ReadAllBytes(device.ModelPath));
            ISensor sensor;
            try
            {
                sensor = device.OpenSensor();
            }
            catch (SensorException)
            {
                return Finding.Warn($"{model.Name} can be read; whether it fits cannot be told without the sensor", "mend the sensor first, see below");
            }

            var channels = sensor.Description.Channels.Count;
            var classes = sensor.Description.Classes;
            var hasTarget = sensor.Description.HasTarget;
            sensor.DisposeAsync().AsTask().GetAwaiter().GetResult();
            var fitted = model.Resolve(channels);
            if (fitted.Task == TaskKind.Classify && classes.Count > 0 && !fitted.Classes.SequenceEqual(classes))
            {
                return Finding.Error($"the sensor's classes ({string.Join(", ", classes)}) are not those of {fitted.Name} ({string.Join(", ", fitted.Classes)})",
                    "give the sensor's options \"classes\" in the model's order");
            }

            if (fitted.Target is { } number && !hasTarget)
                return Finding.Warn($"{fitted.Name}: the sensor does not give the {number.Name}: this device only follows its neighbours", "name its column with \"targetColumn\" of the sensor");

            return Finding.Ok($"{fitted.Name}: {fitted.ParameterCount} parameters for {channels} channels");
        }
        catch (ModelFormatException wrong)
        {
            return Finding.Error($"{device.ModelPath}: {wrong.Message}", "name a model that fits: edgefl node add NAME --model MODEL writes one");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Finding.Error(refused.Message, "name the model file with \"model\" in agent.json");
        }
    }
}
