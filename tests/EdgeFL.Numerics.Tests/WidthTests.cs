namespace EdgeFL.Numerics.Tests;

/// <summary>Every kernel gives the scalar twin's bits at every width, at every length from 0 to 257.</summary>
[Collection(LaneWidths.Name)]
public sealed class WidthTests
{
    public static TheoryData<string> Kernels => [.. Table.Keys];

    private static readonly Dictionary<string, Action<float[], float[], float[]>> Table = new()
    {
        ["axpy"] = (x, y, z) => { y.CopyTo(z, 0); Vectors.Axpy(0.37f, x, z); },
        ["scale"] = (x, y, z) => { x.CopyTo(z, 0); Vectors.Scale(1.1f, z); },
        ["divide"] = (x, y, z) => { x.CopyTo(z, 0); Vectors.Divide(7f, z); },
        ["add"] = (x, y, z) => Vectors.Add(x, y, z),
        ["subtract"] = (x, y, z) => Vectors.Subtract(x, y, z),
        ["multiply"] = (x, y, z) => Vectors.Multiply(x, y, z),
        ["multiply-add"] = (x, y, z) => { x.CopyTo(z, 0); Vectors.MultiplyAdd(x, y, z, z); },
        ["shift"] = (x, y, z) => Vectors.Shift(0.7f, x, z),
        ["sum"] = (x, y, z) => Fill(z, Vectors.Sum(x)),
        ["lerp"] = (x, y, z) => { x.CopyTo(z, 0); Vectors.Lerp(z, y, 0.3f); },
        ["relu"] = (x, y, z) => Activations.Relu(x, z),
        ["relu gradient"] = (x, y, z) => Activations.ReluGradient(x, y, z),
        ["random fourier"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            RandomFourier.Forward(x, x.Length, z);
            RandomFourier.Backward(y, x.Length, z);
        },
        ["gelu"] = (x, y, z) => { Elementary.Gelu(x, z); Elementary.GeluGradient(x, z, z); },
        ["huber"] = (x, y, z) => Vectors.Shift(Huber.Sum(x, y, 0.8f, 0.1f, z), z, z),
        ["layer norm"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            float[] scratch = new float[x.Length], scale = new float[x.Length], shift = new float[x.Length];
            LayerNorm.Forward(x, y, x, shift);
            LayerNorm.Backward(x, y, shift, scratch, z, scale, shift);
            Vectors.Add(z, scale, z);
            Vectors.Add(z, shift, z);
        },
        ["group norm"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            float[] scratch = new float[3 * x.Length], scale = new float[x.Length], shift = new float[x.Length], both = [.. x, .. y], spread = new float[2 * x.Length];
            var groups = x.Length % 3 == 0 ? 3 : 1;
            GroupNorm.Forward(both, groups, x, y, scratch, spread);
            GroupNorm.Backward(both, groups, x, [.. spread], scratch, spread, scale, shift);
            Vectors.Add(spread.AsSpan(x.Length), scale, z);
            Vectors.Add(z, shift, z);
        },
        ["depthwise convolution"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            // As many channels as elements, four rows, three taps.
            var shape = new DepthwiseShape(x.Length, 3, 4);
            float[] rows = [.. x, .. y, .. y, .. x], taps = [.. y, .. x, .. y], output = new float[2 * x.Length], spread = new float[4 * x.Length];
            DepthwiseConv1d.Forward(shape, rows, taps, x, output);
            DepthwiseConv1d.InputGradient(shape, output, taps, spread);
            DepthwiseConv1d.WeightGradient(shape, spread, output, 1, taps);
            for (var k = 0; k < 3; k++)
                Vectors.Add(z, taps.AsSpan(k * x.Length, x.Length), z);
        },
        ["gru cell"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            float[] gates = [.. x, .. y, .. y, .. x], hidden = [.. y, .. x, .. x], next = new float[x.Length];
            GruCell.Forward(gates, hidden, y, next);
            GruCell.Backward(gates, hidden, y, next);
            next.CopyTo(z, 0);
            for (var k = 0; k < 3; k++)
                Vectors.Add(z, gates.AsSpan(k * x.Length, x.Length), z);
            Vectors.Add(z, hidden.AsSpan(2 * x.Length), z);
        },
        ["hadamard"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            // The largest power of two that the length holds; the rest stays.
            x.CopyTo(z, 0);
            Hadamard.Transform(z.AsSpan(0, 1 << System.Numerics.BitOperations.Log2((uint)x.Length)));
        },
        ["exp"] = (x, y, z) => Elementary.Exp(x, z),
        ["sigmoid"] = (x, y, z) => Elementary.Sigmoid(x, z),
        ["tanh"] = (x, y, z) => Elementary.Tanh(x, z),
        ["sort columns"] = (x, y, z) =>
        {
            var table = new float[x.Length * 5];
            for (var row = 0; row < 5; row++)
                (row % 2 == 0 ? x : y).AsSpan().CopyTo(table.AsSpan(row * x.Length));
            Vectors.Scale(-1f, table.AsSpan(x.Length, x.Length));
            OrderStatistics.SortColumns(table, 5, x.Length);
            table.AsSpan(2 * x.Length, x.Length).CopyTo(z);
        },
        ["dot"] = (x, y, z) => Fill(z, Vectors.Dot(x, y)),
        ["sum of squares"] = (x, y, z) => Fill(z, Vectors.SumOfSquares(x)),
        ["squared distance"] = (x, y, z) => Fill(z, Vectors.SquaredDistance(x, y)),
        ["average pooling"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            float[] three = [.. x, .. y, .. x];
            Pooling.Average(three, x.Length, z);
            Pooling.AverageGradient(z, x.Length, three);
            three.AsSpan(x.Length, x.Length).CopyTo(z);
        },
        ["max pooling"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            float[] two = [.. x, .. y];
            Pooling.Max(two, x.Length, 2, z);
            var left = x.ToArray();
            var spread = new float[two.Length];
            Pooling.MaxGradient(two, z, left, x.Length, 2, spread);
            Vectors.Add(z, spread.AsSpan(x.Length), z);
        },
        ["rotated values at a few bits"] = (x, y, z) =>
        {
            var bytes = new byte[EntropyCoded.EncodedLengthMax(x.Length, 4)];
            var used = bytes.AsSpan(0, EntropyCoded.Encode(x, 4, 3, 4, bytes));
            EntropyCoded.TryDecode(used, 4, 3, 4, z);
            var eden = new byte[Eden.EncodedLength(x.Length, 2)];
            var decoded = new float[x.Length];
            Eden.Encode(y, 2, 3, 4, eden);
            Eden.TryDecode(eden, 2, 3, 4, decoded);
            Vectors.Add(z, decoded, z);
        },
        ["modulo lattice"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            // The receiver is off by half a reach at most values, so that it corrects; what it decodes and what was sent both count.
            float[] scratch = new float[ModuloLattice.ScratchLength(x.Length)], own = new float[x.Length];
            var bytes = new byte[ModuloLattice.EncodedLength(x.Length, 4)];
            ModuloLattice.Encode(x, 4, [1f], 7f, 3, 4, scratch, bytes);
            var noise = new Philox(8);
            for (var i = 0; i < own.Length; i++)
                own[i] = x[i] + 1.1f * noise.NextGaussian();
            var error = ModuloLattice.TryDecode(bytes, 4, own, [100f], 3, 4, scratch, z);
            for (var i = 0; i < bytes.Length; i++)
                z[i % z.Length] += bytes[i] * (1 + (int)error);
        },
        ["max pooling of an image"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            // As many channels as elements, five pixels by three.
            float[] image = [.. x, .. y, .. y, .. x, .. x, .. y, .. x, .. y, .. x, .. x, .. x, .. y, .. y, .. y, .. x];
            float[] most = new float[2 * x.Length], spread = new float[image.Length];
            for (var i = 0; i < image.Length; i++)
                image[i] += i % 7;
            Pooling.MaxOfImage(image, 5, x.Length, 2, most);
            Pooling.MaxOfImageGradient(image, most, most, 5, x.Length, 2, spread);
            for (var pixel = 0; pixel < 15; pixel++)
                Vectors.MultiplyAdd(z, spread.AsSpan(pixel * x.Length, x.Length), x, z);
        },
        ["convolution over an image"] = (x, y, z) =>
        {
            if (x.Length == 0)
                return;
            // As many filters as elements over one channel, then as many channels.
            var shape = new Conv2dShape(1, x.Length, 2, 3, 4);
            Over(shape, Inputs.Wild(shape.InputCount, 3), [.. x, .. y, .. y, .. x], z);
            shape = new Conv2dShape(x.Length, 1, 2, 2, 3);
            Over(shape, [.. x, .. y, .. y, .. x, .. x, .. y], [.. y, .. x, .. x, .. y], z);

            static void Over(in Conv2dShape shape, float[] image, float[] weight, float[] z)
            {
                float[] scratch = new float[shape.ScratchCount], bias = new float[shape.Outputs], output = new float[shape.OutputCount], dx = new float[image.Length];
                float[] forward = new float[shape.PackedForwardCount], backward = new float[shape.PackedBackwardCount];
                Conv2d.PackForward(shape, weight, forward);
                Conv2d.Forward(shape, image, forward, bias, scratch, output);
                Conv2d.PackBackward(shape, weight, backward);
                Conv2d.InputGradient(shape, output, backward, scratch, dx);
                Conv2d.ParameterGradient(shape, image, output, 1, scratch, weight, bias);
                foreach (var values in new[] { output, dx, weight, bias })
                {
                    for (var i = 0; i < values.Length; i++)
                        z[i % z.Length] = MathF.FusedMultiplyAdd(z[i % z.Length], 0.9f, values[i]);
                }
            }
        },
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernel_AtEveryWidthAndLength_GivesTheScalarBits(string name)
    {
        for (var length = 0; length <= 257; length++)
        {
            var x = Inputs.Wild(length, 1);
            var y = Inputs.Wild(length, 2);
            int[]? expected = null;
            foreach (var bits in LaneWidths.Bits.Reverse())
            {
                var got = LaneWidths.At(bits, () =>
                {
                    var z = new float[length];
                    Table[name](x, y, z);
                    return Numbers.Bits(z);
                });
                expected ??= got;
                Assert.True(expected.AsSpan().SequenceEqual(got), $"{name}, length {length}, {bits} bits");
            }
        }
    }

    /// <summary>What the vectors replace at the ends, and NaN with whatever bits, must come out as the scalar twin has it.</summary>
    [Fact]
    public void Exponentials_AllOverTheFloats_GiveTheScalarBits()
    {
        var x = new float[4096];
        for (long first = 0; first <= uint.MaxValue; first += 4096L * 9973)
        {
            for (var i = 0; i < x.Length; i++)
                x[i] = BitConverter.UInt32BitsToSingle((uint)(first + i * 9973L));
            float[] exp = new float[x.Length], tanh = new float[x.Length], sigmoid = new float[x.Length];
            Elementary.Exp(x, exp);
            Elementary.Tanh(x, tanh);
            Elementary.Sigmoid(x, sigmoid);
            Assert.Equal(Numbers.Bits([.. x.Select(Elementary.Exp)]), Numbers.Bits(exp));
            Assert.Equal(Numbers.Bits([.. x.Select(Elementary.Tanh)]), Numbers.Bits(tanh));
            Assert.Equal(Numbers.Bits([.. x.Select(Elementary.Sigmoid)]), Numbers.Bits(sigmoid));
        }
    }

    [Fact]
    public void AllFinite_OneBadValueAnywhere_IsSeenAtEveryWidth()
    {
        foreach (var bits in LaneWidths.Bits)
        {
            for (var length = 0; length <= 70; length++)
            {
                var x = Inputs.Wild(length, 3);
                Assert.True(LaneWidths.At(bits, () => Vectors.AllFinite(x)));
                foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    for (var i = 0; i < length; i++)
                    {
                        var before = x[i];
                        x[i] = bad;
                        Assert.False(LaneWidths.At(bits, () => Vectors.AllFinite(x)), $"{bad} at {i} of {length}, {bits} bits");
                        x[i] = before;
                    }
                }
            }
        }
    }

    [Fact]
    public void Multiply_AnyShape_IsOneChainOfFusedMultiplyAdds()
    {
        var random = new Philox(20260101);
        for (var round = 0; round < 300; round++)
        {
            int rows = 1 + random.NextInt32(60), columns = 1 + random.NextInt32(70), depth = 1 + random.NextInt32(30);
            int batches = 1 + random.NextInt32(3);
            if (round % 5 == 0)
                depth = batches = 1; // An outer product.
            int aRow = random.NextInt32(4) == 0 ? 0 : 1 + random.NextInt32(9), aDepth = 1 + random.NextInt32(5);
            var product = new MatrixProduct
            {
                Rows = rows,
                Columns = columns,
                Depth = depth,
                ARow = aRow,
                ADepth = aDepth,
                BDepth = columns,
                CRow = columns + random.NextInt32(3),
                Batches = batches,
                ABatch = 11,
                BBatch = depth * columns,
            };
            var a = Inputs.Wild((rows - 1) * aRow + (depth - 1) * aDepth + (batches - 1) * 11 + 1, (ulong)round);
            var b = Inputs.Wild(batches * depth * columns, (ulong)round + 1000);
            var initial = round % 2 == 0 ? Inputs.Wild(columns, (ulong)round + 2000) : [];
            var expected = new float[(rows - 1) * product.CRow + columns];
            for (var m = 0; m < rows; m++)
            {
                for (var n = 0; n < columns; n++)
                {
                    var sum = initial.Length == 0 ? 0f : initial[n];
                    for (var batch = 0; batch < batches; batch++)
                    {
                        for (var k = 0; k < depth; k++)
                            sum = MathF.FusedMultiplyAdd(a[m * aRow + k * aDepth + batch * 11], b[(batch * depth + k) * columns + n], sum);
                    }
                    expected[m * product.CRow + n] = sum;
                }
            }
            foreach (var bits in LaneWidths.Bits)
            {
                var got = LaneWidths.At(bits, () =>
                {
                    var c = new float[expected.Length];
                    Matrix.Multiply(product, a, b, initial, c);
                    return Numbers.Bits(c);
                });
                Assert.True(Numbers.Bits(expected).AsSpan().SequenceEqual(got), $"round {round}, {bits} bits, {product}");
            }
        }
    }

    [Fact]
    public void Multiply_LargeEnoughToBePacked_IsOneChainOfFusedMultiplyAdds()
    {
        const int Rows = 101, Columns = 139, Depth = 263, Batches = 2;
        var product = new MatrixProduct
        {
            Rows = Rows,
            Columns = Columns,
            Depth = Depth,
            ARow = Depth,
            ADepth = 1,
            BDepth = Columns,
            CRow = Columns + 3,
            Batches = Batches,
            ABatch = Rows * Depth,
            BBatch = Depth * Columns,
        };
        float[] a = Inputs.Wild(Batches * Rows * Depth, 1), b = Inputs.Wild(Batches * Depth * Columns, 2), initial = Inputs.Wild(Columns, 3);
        foreach (var bits in LaneWidths.Bits)
        {
            var c = LaneWidths.At(bits, () =>
            {
                var result = new float[Rows * product.CRow];
                Matrix.Multiply(product, a, b, initial, result);
                return result;
            });
            for (var i = 0; i < Rows * Columns; i++)
            {
                int m = i / Columns, n = i % Columns;
                var sum = initial[n];
                for (var k = 0; k < Batches * Depth; k++)
                    sum = MathF.FusedMultiplyAdd(a[(k / Depth * Rows + m) * Depth + k % Depth], b[k * Columns + n], sum);
                Assert.Equal(BitConverter.SingleToInt32Bits(sum), BitConverter.SingleToInt32Bits(c[m * product.CRow + n]));
            }
        }
    }

    [Fact]
    public void Multiply_WithTransposedB_GivesTheBitsOfTheUntransposed()
    {
        var random = new Philox(20260102);
        for (var round = 0; round < 150; round++)
        {
            int rows = 1 + random.NextInt32(60), columns = 1 + random.NextInt32(150), depth = 1 + random.NextInt32(150), batches = 1 + random.NextInt32(2);
            var upright = new MatrixProduct
            {
                Rows = rows,
                Columns = columns,
                Depth = depth,
                ARow = batches * depth,
                ADepth = 1,
                BDepth = columns,
                CRow = columns,
                Batches = batches,
                ABatch = depth,
                BBatch = depth * columns,
            };
            var a = Inputs.Wild(rows * batches * depth, (ulong)round);
            var b = Inputs.Wild(batches * depth * columns, (ulong)round + 1000);
            var initial = round % 2 == 0 ? Inputs.Wild(columns, (ulong)round + 2000) : [];
            var turned = new float[b.Length];
            for (var batch = 0; batch < batches; batch++)
                Matrix.Transpose(b.AsSpan(batch * depth * columns), depth, columns, turned.AsSpan(batch * depth * columns));
            var expected = new float[rows * columns];
            Matrix.Multiply(upright, a, b, initial, expected);
            foreach (var bits in LaneWidths.Bits)
            {
                var got = LaneWidths.At(bits, () =>
                {
                    var c = new float[expected.Length];
                    Matrix.Multiply(upright with { BDepth = 1, BColumn = depth }, a, turned, initial, c);
                    return Numbers.Bits(c);
                });
                Assert.True(Numbers.Bits(expected).AsSpan().SequenceEqual(got), $"round {round}, {bits} bits, {upright}");
            }
        }
    }

    [Fact]
    public void Transpose_AnyShapeAndWidth_PutsEachValueWhereItBelongs()
    {
        foreach (var bits in LaneWidths.Bits)
        {
            foreach (var rows in new[] { 1, 3, 4, 9, 16, 17, 33 })
            {
                foreach (var columns in new[] { 1, 2, 4, 7, 16, 35 })
                {
                    var source = Inputs.Wild(rows * columns, 5);
                    var turned = LaneWidths.At(bits, () =>
                    {
                        var destination = new float[source.Length];
                        Matrix.Transpose(source, rows, columns, destination);
                        return destination;
                    });
                    for (var i = 0; i < source.Length; i++)
                        Assert.Equal(source[i], turned[i % columns * rows + i / columns]);
                }
            }
        }
    }

    [Fact]
    public void Packing_OfConvolutionWeights_PutsEachValueWhereItBelongs()
    {
        foreach (var bits in LaneWidths.Bits)
        {
            foreach (var (inputs, outputs, kernel) in new[] { (1, 1, 1), (6, 16, 5), (9, 17, 3), (16, 32, 5), (5, 3, 4) })
            {
                var shape = new Conv1dShape(inputs, outputs, kernel, 20);
                var weight = Inputs.Wild(shape.WeightCount, 6);
                float[] forward = new float[weight.Length], backward = new float[weight.Length], back = new float[weight.Length];
                LaneWidths.At(bits, () =>
                {
                    Conv1d.PackForward(shape, weight, forward);
                    Conv1d.PackBackward(shape, weight, backward);
                    Conv1d.Unpack(shape, forward, back);
                    return 0;
                });
                for (var i = 0; i < weight.Length; i++)
                {
                    int o = i / (inputs * kernel), c = i / kernel % inputs, k = i % kernel;
                    Assert.Equal(weight[i], forward[(k * inputs + c) * outputs + o]);
                    Assert.Equal(weight[i], backward[((kernel - 1 - k) * outputs + o) * inputs + c]);
                }
                Assert.Equal(weight, back);
            }
        }
    }

    private static void Fill(float[] z, float value) => Array.Fill(z, value);
}
