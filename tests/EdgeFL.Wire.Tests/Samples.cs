using EdgeFL.Identity;

namespace EdgeFL.Wire.Tests;

internal static class Samples
{
    public static readonly FleetId Farm = FleetId.Parse("farm");
    public static readonly NodeId Pi1 = NodeId.Parse("pi-1");
    public static readonly NodeId Pi2 = NodeId.Parse("pi-2");
    public static readonly NodeId Pi3 = NodeId.Parse("pi-3");

    public static UpdateHeader Header(int parameters, UpdateCodec codec = UpdateCodec.Int8Block64, ulong sequence = 7, uint bootEpoch = 3) => new()
    {
        ModelHash = 0x0123456789ABCDEF,
        BootEpoch = bootEpoch,
        Sequence = sequence,
        Round = 300,
        Steps = 5,
        Samples = 4000,
        HeldOutLoss = 0.25f,
        Codec = codec,
        ParameterCount = parameters,
    };

    /// <summary>Every number at its longest.</summary>
    public static UpdateHeader LongestHeader(int parameters) => Header(parameters) with
    {
        ModelHash = ulong.MaxValue,
        BootEpoch = uint.MaxValue,
        Sequence = ulong.MaxValue,
        Round = uint.MaxValue,
        Steps = uint.MaxValue,
        Samples = uint.MaxValue,
        HeldOutLoss = float.MaxValue,
    };

    public static float[] Parameters(int count, int seed = 1)
    {
        var random = new Random(seed);
        var parameters = new float[count];
        for (int i = 0; i < count; i++)
            parameters[i] = (float)(random.NextDouble() - 0.5);
        return parameters;
    }

    public static readonly DitherSeed Dither = DitherSeed.Of(Pi1, 3, 7);

    public static byte[] Data(int parameters, UpdateCodec codec = UpdateCodec.Int8Block64, int seed = 1)
    {
        var data = new byte[SnapshotCodec.EncodedLength(codec, parameters)];
        return data[..SnapshotCodec.Encode(codec, Parameters(parameters, seed), Dither, data)];
    }

    public static UpdateFrame Frame(int parameters, UpdateCodec codec = UpdateCodec.Int8Block64, ulong sequence = 7, uint bootEpoch = 3) =>
        UpdateFrame.Create(Header(parameters, codec, sequence, bootEpoch), Data(parameters, codec));
}
