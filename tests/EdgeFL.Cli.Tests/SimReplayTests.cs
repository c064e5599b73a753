using System.Text;
using System.Text.Json;
using EdgeFL.Identity;
using EdgeFL.Learning;
using EdgeFL.Node;
using EdgeFL.Node.Recording;
using EdgeFL.Numerics;

namespace EdgeFL.Cli.Tests;

public sealed class SimReplayTests
{
    private static readonly byte[] Model = Encoding.UTF8.GetBytes(
        """{"name":"points","task":"classify","channels":2,"length":3,"classes":["a","b"],"normalise":"running","layers":[{"type":"flatten"},{"type":"dense","outputs":0}]}""");

    [Fact]
    public async Task Replay_OfAFleetsFolder_GivesTheSameBits()
    {
        using var folder = new TemporaryFolder();
        Fleet recorded = Recorded();
        for (int i = 0; i < recorded.Files.Length; i++)
            await File.WriteAllBytesAsync(folder[$"{i}.record"], recorded.Files[i]);
        CliRun run = await CliRun.Of(folder.Path, ["sim", "--replay", ".", "--json"]);
        Assert.True(run.Exit == 0, run.Err);
        JsonElement json = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal((2, true), (json.GetProperty("nodes").GetInt32(), json.GetProperty("identical").GetBoolean()));
        JsonElement[] each = [.. json.GetProperty("each").EnumerateArray()];
        for (int i = 0; i < each.Length; i++)
        {
            Assert.Equal($"node-{i}", each[i].GetProperty("node").GetString());
            Assert.Equal(Convert.ToHexStringLower(RecordingEnd.Of(recorded.Nodes[i]).Hash.Span), each[i].GetProperty("hash").GetString());
            Assert.Equal(recorded.Nodes[i].Round, each[i].GetProperty("round").GetInt32());
            Assert.True(recorded.Nodes[i] is { Round: > 5, Received: > 5 }, "They learned together.");
        }

        CliRun table = await CliRun.Of(folder.Path, ["sim", "--replay", "0.record", "1.record"]);
        Assert.Equal(0, table.Exit);
        Assert.Contains(json.GetProperty("hash").GetString()!, table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfAnotherSample_Differs()
    {
        CliRun run = await Replay(Recorded(change: 1e-3f).Files[0]);
        Assert.Equal(0, run.Exit);
        // The same inputs, with the end of another node.
        Fleet first = Recorded(), second = Recorded(change: 1e-3f);
        byte[] mixed = [.. first.Files[0].AsSpan(0, first.Files[0].Length - first.EndBytes), .. second.Files[0].AsSpan(second.Files[0].Length - second.EndBytes)];
        run = await Replay(mixed);
        Assert.Equal(1, run.Exit);
        Assert.Contains("came to another model", run.Err, StringComparison.Ordinal);
        Assert.False(JsonDocument.Parse(run.Out).RootElement.GetProperty("identical").GetBoolean());
    }

    [Fact]
    public async Task Replay_OfADamagedFile_SaysWhere()
    {
        byte[] whole = Recorded().Files[0];
        byte[] flipped = [.. whole];
        flipped[whole.Length / 2] ^= 1;
        byte[] version = [.. whole];
        version[17] = 9;
        RecordingFormat.WritePrefix(version.AsSpan(16, BitConverter.ToInt32(version, 8)), version.AsSpan(8));
        byte[] huge = [.. whole.AsSpan(0, 8), 0xFF, 0xFF, 0xFF, 0x07, 0, 0, 0, 0, 1];
        foreach ((byte[] file, string says) in new (byte[], string)[]
        {
            ([], "was cut after 0 inputs"), (whole[..4], "was cut after 0 inputs"), (whole[..^1], "was cut after"), (whole[..^3000], "at byte"), ([.. whole, 0], "no recorder writes"),
            ("{\"name\":\"x\"}"u8.ToArray(), "no recording"), (flipped, "damaged"), (version, "another version"), (huge, "was cut"),
        })
        {
            CliRun run = await Replay(file);
            Assert.Equal(1, run.Exit);
            Assert.Contains(says, run.Err, StringComparison.Ordinal);
            Assert.False(JsonDocument.Parse(run.Out).RootElement.GetProperty("identical").GetBoolean());
        }
    }

    [Fact]
    public async Task Replay_OfNothing_IsAMistake()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(2, (await CliRun.Of(folder.Path, ["sim", "--replay", "."])).Exit);
        Assert.Equal(2, (await CliRun.Of(folder.Path, ["sim", "--replay", "none.record"])).Exit);
        Assert.Equal(2, (await CliRun.Of(folder.Path, ["sim", "--replay", ".", "--fuzz", "1"])).Exit);
    }

    [Fact]
    public void Replay_OfChangedBytesWithRightChecksums_NeverThrows()
    {
        Fleet recorded = Recorded();
        byte[] whole = recorded.Files[0];
        var starts = new List<int>();
        for (int at = RecordingFormat.Magic.Length; at < whole.Length; at += RecordingFormat.PrefixBytes + BitConverter.ToInt32(whole, at))
            starts.Add(at);
        for (ulong seed = 1; seed <= 300; seed++)
        {
            var random = new Philox(seed, 5);
            byte[] changed = [.. whole];
            for (int i = 1 + random.NextInt32(3); i > 0; i--)
            {
                int start = starts[random.NextInt32(starts.Count)], length = BitConverter.ToInt32(whole, start);
                Span<byte> record = changed.AsSpan(start + RecordingFormat.PrefixBytes, length);
                record[random.NextInt32(length)] = (byte)random.NextInt32(256);
                RecordingFormat.WritePrefix(record, changed.AsSpan(start));
            }

            Exception? thrown = Record.Exception(() => Simulation.Replay.NodeReplay.Run(new MemoryStream(changed), default));
            Assert.True(thrown is null, $"Seed {seed}: {thrown}");
        }
    }

    private static async Task<CliRun> Replay(byte[] file)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["one.record"], file);
        return await CliRun.Of(folder.Path, ["sim", "--replay", "one.record", "--json"]);
    }

    private sealed record Fleet(NodeCore[] Nodes, byte[][] Files, int EndBytes);

    /// <summary>Two nodes that learn with each other, recorded; the first one's first sample is off by the change.</summary>
    private static Fleet Recorded(float change = 0)
    {
        RecordedNode[] made = [.. Enumerable.Range(0, 2).Select(i => new RecordedNode
        {
            Options = new NodeOptions { Fleet = FleetId.Parse("points"), Node = NodeId.Parse($"node-{i}"), BootEpoch = 1, Seed = (ulong)i + 1, MinimumWindows = 4, StepsPerRound = 2 },
            Model = Model,
            Channels = 2,
            Windows = new WindowOptions { Length = 3, Step = 3 },
            Data = new LocalDataOptions { TrainingWindows = 64, HeldOutWindows = 16 },
        })];
        NodeCore[] nodes = [.. made.Select(one => one.Make())];
        InputRecorder[] recorders = [new(1 << 20), new(1 << 20)];
        MemoryStream[] files = [new(), new()];
        var outbox = new Outbox();
        for (int i = 0; i < 2; i++)
        {
            files[i].Write(recorders[i].Begin(made[i]));
            Give(i, new NodeInput.PeerSeen(made[1 - i].Options.Node), 10);
            Give(i, new NodeInput.LinkUp(made[1 - i].Options.Node), 20);
            Give(i, new NodeInput.SamplesRead(Rows(i, i == 0 ? change : 0)), 30);
        }

        for (int tick = 1; tick <= 40; tick++)
        {
            for (int i = 0; i < 2; i++)
                Give(i, new NodeInput.Tick(), 30 + 20 * tick);
        }

        int endBytes = 0;
        for (int i = 0; i < 2; i++)
        {
            Give(i, new NodeInput.Shutdown(), 1000);
            ReadOnlySpan<byte> end = recorders[i].End(nodes[i]);
            files[i].Write(end);
            endBytes = end.Length;
        }

        return new Fleet(nodes, [.. files.Select(file => file.ToArray())], endBytes);

        void Give(int to, NodeInput input, long nowMs)
        {
            Assert.True(recorders[to].TryTake(input, nowMs, out ReadOnlySpan<byte> bytes));
            files[to].Write(bytes);
            nodes[to].Handle(input, nowMs, outbox);
            NodeEffect[] effects = [.. outbox.Effects];
            outbox.Clear();
            foreach (NodeEffect.SendUpdate sent in effects.OfType<NodeEffect.SendUpdate>())
                Give(1 - to, new NodeInput.UpdateArrived(made[to].Options.Node, sent.Payload), nowMs);
        }
    }

    private static SampleBatch Rows(int device, float change)
    {
        var random = new Philox((ulong)device, 9);
        var batch = new SampleBatch(2, 180);
        for (int row = 0; row < batch.Capacity; row++)
        {
            int label = row / 3 % 2;
            Assert.True(batch.TryAdd(row, row / 3, label, [label + 0.5f * random.NextGaussian() + (row == 0 ? change : 0), random.NextGaussian()]));
        }

        return batch;
    }
}
