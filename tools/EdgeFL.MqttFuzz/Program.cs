using System.Globalization;
using EdgeFL.MqttFuzz;

// Mutated packets to the MQTT codec, a live broker and live clients: build/fuzz mqtt [--packets N] [--live N] [--seed S].
// One line a part on stdout; a fault ends it with the seed and the bytes on stderr.

const int ExitOk = 0, ExitFault = 1, ExitUsage = 2;
const long HeapBytesMax = 256L << 20;
const string Usage = "Usage: build/fuzz mqtt [--packets N] [--live N] [--seed S]   (N packets to the codec; to broker and client a fiftieth each, or --live N)";

long packets = 1_000_000;
long? live = null;
int seed = Random.Shared.Next();
for (int i = 1; i < args.Length; i += 2)
{
    bool isNumber = long.TryParse(args.ElementAtOrDefault(i + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value);
    switch (args[i])
    {
        case "--packets" when isNumber:
            packets = value;
            break;
        case "--live" when isNumber:
            live = value;
            break;
        case "--seed" when isNumber && value <= int.MaxValue:
            seed = (int)value;
            break;
        default:
            Console.Error.WriteLine($"error: '{args[i]}' is not understood. {Usage}");
            return ExitUsage;
    }
}
if (args.FirstOrDefault() != "mqtt")
{
    Console.Error.WriteLine(Usage);
    return ExitUsage;
}

try
{
    Console.WriteLine($"seed {seed}");
    Tell(CodecFuzz.Run(seed, packets, HeapBytesMax));
    Tell(await BrokerFuzz.RunAsync(seed, live ?? packets / 50, HeapBytesMax));
    Tell(await ClientFuzz.RunAsync(seed, live ?? packets / 50, HeapBytesMax));
    return ExitOk;
}
catch (FuzzException found)
{
    Console.Error.WriteLine($"error: {found.Message}");
    Console.Error.WriteLine(found.InnerException);
    return ExitFault;
}

static void Tell(FuzzReport report) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{report.Part}: {report.Packets} mutated packets, {report.Packets / report.Seconds:F0} a second, {100.0 * report.Accepted / report.Packets:F0} % well formed, {report.Kept} kept as seeds"));
