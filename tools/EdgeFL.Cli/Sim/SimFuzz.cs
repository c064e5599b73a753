using System.Diagnostics;
using EdgeFL.Cli.Framework;
using EdgeFL.Simulation;

namespace EdgeFL.Cli.Sim;

/// <summary>Random small worlds, one for each seed, each run to its end under all invariants.</summary>
internal static class SimFuzz
{
    /// <summary>One world in so many is run again on two threads, which must give the same hash.</summary>
    private const ulong TwiceEvery = 10;

    private const int ToldMax = 10;

    /// <summary>Runs the worlds.</summary>
    /// <param name="worlds">How many.</param>
    /// <param name="seed">Of the first; the others follow.</param>
    /// <param name="threads">Worlds at a time.</param>
    /// <returns>Exit code.</returns>
    public static async Task<int> RunAsync(int worlds, ulong seed, int threads, CliContext context, CancellationToken cancel)
    {
        var wall = Stopwatch.StartNew();
        var broken = new SortedDictionary<ulong, string>();
        int done = 0;
        await Parallel.ForAsync(0, worlds, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel }, (i, _) =>
        {
            ulong own = seed + (ulong)i;
            string? wrong = Try(own);
            lock (broken)
            {
                if (wrong is not null)
                {
                    broken[own] = wrong;
                    if (broken.Count <= ToldMax)
                        context.Warn($"seed {own}: {wrong}\n  again: edgefl sim --fuzz 1 --seed {own}");
                }

                if (++done % 100 == 0)
                    context.Progress(FormattableString.Invariant($"{done} of {worlds} worlds, {broken.Count} broken, {wall.Elapsed.TotalSeconds:0.0} s"));
            }

            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        if (context.Json)
        {
            context.Data(JsonText.Line(json =>
            {
                json.WriteString("schema", "edgefl.sim-fuzz/1");
                json.WriteNumber("worlds", worlds);
                json.WriteNumber("seed", seed);
                json.WriteNumber("broken", broken.Count);
                json.WriteStartArray("seeds");
                foreach (ulong one in broken.Keys)
                    json.WriteNumberValue(one);
                json.WriteEndArray();
                json.WriteFinite("wall_seconds", wall.Elapsed.TotalSeconds, 3);
            }));
        }
        else
        {
            context.Data(FormattableString.Invariant($"{worlds} worlds from seed {seed} on: {worlds - broken.Count} kept all invariants, {broken.Count} did not; {wall.Elapsed.TotalSeconds:0.0} s"));
        }

        return broken.Count == 0 ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private static string? Try(ulong seed)
    {
        try
        {
            byte[] hash = new FuzzWorld(seed).Run(1);
            return seed % TwiceEvery == 0 && !hash.AsSpan().SequenceEqual(new FuzzWorld(seed).Run(2)) ? "two threads gave another hash than one" : null;
        }
        catch (InvariantException wrong)
        {
            return wrong.Message;
        }
#pragma warning disable CA1031 // whatever a node throws is what is looked for
        catch (Exception thrown)
        {
            return thrown.ToString();
        }
#pragma warning restore CA1031
    }
}
