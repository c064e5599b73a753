using EdgeFL.Numerics;

namespace EdgeFL.Bench;

/// <summary>
/// Codecs on normal numbers: the relative squared error (NMSE) held against theory, the gap ½·log2(NMSE·4^R) to the least possible error at the R bits a parameter really sent, headers included,
/// and how often a lattice cannot be read.
/// </summary>
internal static class CodecBench
{
    private const ulong Seed = 2026;
    private const int Small = 3286, Large = 44_426;

    // E[max²] of 64 normal numbers: the mean square of a block's scale, in levels.
    private const double LargestSquareOf64 = 6.91390;

    private delegate int Code(ReadOnlySpan<float> source, ulong stream, Span<byte> bytes, Span<float> back);

    public static BenchRow[] Run(Arguments arguments)
    {
        arguments.End();
        List<BenchRow> rows = [];
        foreach ((int bits, double error) in new[] { (1, 0.5708), (2, 0.1331), (4, 0.00959) })
        {
            rows.Add(Error($"nmse/eden/{bits}b", error, (source, stream, bytes, back) =>
            {
                var used = bytes[..Eden.EncodedLength(source.Length, bits)];
                Eden.Encode(source, bits, Seed, stream, used);
                return Eden.TryDecode(used, bits, Seed, stream, back) ? used.Length : 0;
            }).Nmse);
        }
        foreach ((int bits, double error) in new[] { (2, 0.0889), (3, 0.02224), (4, 0.00556) })
        {
            (BenchRow nmse, double gap) = Error($"nmse/entropy-coded/{bits}b", error, (source, stream, bytes, back) =>
            {
                int used = EntropyCoded.Encode(source, bits, Seed, stream, bytes);
                return EntropyCoded.TryDecode(bytes[..used], bits, Seed, stream, back) ? used : 0;
            });
            rows.Add(nmse);
            rows.Add(BenchRow.Lower($"gap-bits/entropy-coded/{bits}b", "bits", Math.Round(gap, 4), 0.3));
        }
        foreach (int bits in new[] { 4, 8 })
        {
            // With subtractive dither the error is uniform within a level; the table's stochastic rounding has twice that and more.
            double level = (1 << (bits - 1)) - 1.5;
            rows.Add(Error($"nmse/int-block-64/{bits}b", LargestSquareOf64 / (12 * level * level), (source, stream, bytes, back) =>
            {
                var used = bytes[..IntBlocks.EncodedLength(source.Length, bits)];
                IntBlocks.Encode(source, bits, Seed, stream, used);
                return IntBlocks.TryDecode(used, bits, Seed, stream, back) ? used.Length : 0;
            }).Nmse);
        }
        Lattice(rows);
        Speed(rows);
        return [.. rows];
    }

    private static (BenchRow Nmse, double Gap) Error(string name, double expected, Code code)
    {
        const int Messages = 200;
        float[] back = new float[Small];
        var bytes = new byte[sizeof(float) * Small];
        double error = 0, size = 0, sent = 0;
        for (ulong stream = 0; stream < Messages; stream++)
        {
            float[] source = Normal(Small, 1f, stream);
            sent += 8.0 * code(source, stream, bytes, back) / ((long)Small * Messages);
            error += Vectors.SquaredDistance(source, back);
            size += Vectors.SumOfSquares(source);
        }
        double nmse = error / size;
        var row = new BenchRow(name, "NMSE", Math.Round(nmse, 7), Math.Round(expected, 7), Math.Round(nmse / expected, 4), "lower", 1.03);
        return (row, 0.5 * Math.Log2(nmse * Math.Pow(4, sent)));
    }

    private static void Lattice(List<BenchRow> rows)
    {
        const int Bits = 4;
        LatticeTrial small = new(Small, Bits), large = new(Large, Bits);
        (double gap, double again) = small.Run(ModuloLattice.DefaultReach, 20_000);
        rows.Add(BenchRow.Lower("gap-bits/lattice/4b", "bits", Math.Round(gap, 4), 1.3));
        rows.Add(BenchRow.Lower("asked-again/lattice/4b", "share", again, 0.001));
        (gap, again) = large.Run(ModuloLattice.DefaultReach, 2_000);
        rows.Add(BenchRow.Lower($"gap-bits/lattice/4b/{Large}", "bits", Math.Round(gap, 4), 1.3));
        rows.Add(BenchRow.Lower($"asked-again/lattice/4b/{Large}", "share", again, 0.001));
        for (int corrections = 0; corrections <= LatticeSyndrome.MostCorrections; corrections++)
        {
            double least = LeastGap(small, corrections, out double reach);
            rows.Add(new BenchRow($"gap-bits/lattice/4b/corrections-{corrections}", "bits", Math.Round(least, 4), null, Math.Round(least, 4), "lower", null));
            rows.Add(new BenchRow($"reach/lattice/4b/corrections-{corrections}", "deviations", reach, null, reach, "lower", null));
        }
    }

    /// <summary>The gap at the narrowest interval, in tenths of a deviation, at which one message in a thousand is asked again at most.</summary>
    private static double LeastGap(LatticeTrial trial, int corrections, out double reach)
    {
        LatticeSyndrome.CorrectionsAllowed = corrections;
        try
        {
            double least = double.NaN;
            int tenths = 110;
            for (; tenths > 50; tenths -= 2)
            {
                (double gap, double again) = trial.Run(tenths / 10f, 4_000);
                if (again > 0.001)
                    break;
                least = gap;
            }
            reach = (tenths + 2) / 10.0;
            return least;
        }
        finally
        {
            LatticeSyndrome.CorrectionsAllowed = LatticeSyndrome.MostCorrections;
        }
    }

    private static void Speed(List<BenchRow> rows)
    {
        foreach ((string suffix, int width, double goal) in new[] { ("", 512, 1000.0), ("/avx2", 256, 400.0) })
        {
            int before = Lanes.WidestBits;
            Lanes.WidestBits = width;
            try
            {
                var trial = new LatticeTrial(Large, 4);
                rows.Add(Rate($"encode-mb-s/lattice/4b{suffix}", trial.Encode, goal));
                rows.Add(Rate($"decode-mb-s/lattice/4b{suffix}", trial.Decode, goal));
            }
            finally
            {
                Lanes.WidestBits = before;
            }
        }
    }

    /// <summary>What a core does when nobody else has it: the fastest of many short readings.</summary>
    private static BenchRow Rate(string name, Action work, double goal)
    {
        double nanoseconds = double.MaxValue;
        for (int turn = 0; turn < 40; turn++)
            nanoseconds = Math.Min(nanoseconds, Duel.Readings(work, 50, 1).Order().ElementAt(10));
        double rate = Math.Round(1000.0 * sizeof(float) * Large / nanoseconds, 1);
        return new BenchRow(name, "MB/s", rate, null, rate, "higher", goal);
    }

    private static float[] Normal(int count, float deviation, ulong stream)
    {
        var random = new Philox(Seed, stream);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = deviation * random.NextGaussian();
        return values;
    }

    /// <summary>A sender and receivers that are off by normal differences of a hundredth of the sender's deviation.</summary>
    private sealed class LatticeTrial
    {
        private const float Distance = 0.01f;

        private readonly int count;
        private readonly int bits;
        private readonly float[] source, differences, own, back, scratch, deviation, limits;
        private readonly byte[] bytes;
        private Philox random = new(Seed, 77);
        private ulong stream;

        public LatticeTrial(int count, int bits)
        {
            this.count = count;
            this.bits = bits;
            source = Normal(count, 1f, 1);
            differences = Normal(3 * count, Distance, 2);
            (own, back) = (new float[count], new float[count]);
            scratch = new float[ModuloLattice.ScratchLength(count)];
            deviation = new float[ModuloLattice.GroupCount(count)];
            limits = new float[deviation.Length];
            deviation.AsSpan().Fill(Distance);
            limits.AsSpan().Fill(1f);
            bytes = new byte[ModuloLattice.EncodedLength(count, bits)];
            Vectors.Add(source, differences.AsSpan(0, count), own);
            Encode();
        }

        public void Encode() => ModuloLattice.Encode(source, bits, deviation, ModuloLattice.DefaultReach, Seed, stream, scratch, bytes);

        public void Decode() => ModuloLattice.TryDecode(bytes, bits, own, limits, Seed, stream, scratch, back);

        /// <summary>The gap relative to the receivers' distance, and the share of messages that could not be read.</summary>
        public (double Gap, double Again) Run(float reach, int messages)
        {
            double error = 0, size = 0;
            int again = 0;
            for (int message = 0; message < messages; message++)
            {
                stream++;
                ReadOnlySpan<float> difference = differences.AsSpan(random.NextInt32(2 * count), count);
                Vectors.Add(source, difference, own);
                ModuloLattice.Encode(source, bits, deviation, reach, Seed, stream, scratch, bytes);
                if (ModuloLattice.TryDecode(bytes, bits, own, limits, Seed, stream, scratch, back) != LatticeError.None)
                {
                    again++;
                    continue;
                }
                error += Vectors.SquaredDistance(source, back);
                size += Vectors.SumOfSquares(difference);
            }
            return (0.5 * Math.Log2(error / size * Math.Pow(4, 8.0 * bytes.Length / count)), (double)again / messages);
        }
    }
}
