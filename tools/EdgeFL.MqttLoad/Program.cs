using EdgeFL.MqttLoad;

// One part of a load on an MQTT broker, for build/bench mqtt: edgefl-mqttload ROLE [--NAME VALUE]...
// Says NAME=VALUE lines on stdout, and ends when its stdin does.

const int ExitOk = 0, ExitFailure = 1, ExitUsage = 2;

var roles = new Dictionary<string, Func<Settings, Task>>
{
    ["broker"] = BrokerRole.RunAsync,
    ["idle"] = IdleRole.RunAsync,
    ["publish"] = PublishRole.RunAsync,
    ["subscribe"] = settings => SubscribeRole.RunAsync(settings),
    ["together"] = TogetherRole.RunAsync,
};

try
{
    if (args.Length == 0 || !roles.TryGetValue(args[0], out Func<Settings, Task>? role))
        throw new UsageException($"a role is wanted: {string.Join(", ", roles.Keys)}");
    Settings settings = Settings.Parse(args.AsSpan(1));
    Parent.EndWithIt();
    await role(settings);
    return ExitOk;
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"error: {wrong.Message}");
    return ExitUsage;
}
catch (LoadException failed)
{
    Console.Error.WriteLine($"error: {failed.Message}");
    return ExitFailure;
}
