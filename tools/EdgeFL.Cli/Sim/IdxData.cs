using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;

namespace EdgeFL.Cli.Sim;

/// <summary>Images in the idx files of MNIST and its like, plain or as .gz: each node has those that a list names, the test images test. Pixels are 0 to 1.</summary>
internal static class IdxData
{
    private const int UnsignedBytes = 8;

    /// <summary>Reads images and list.</summary>
    /// <param name="options">Where they are.</param>
    /// <param name="model">Resolved model that takes the images' pixels as rows of one channel, or as channels of one row.</param>
    /// <param name="root">Data folder.</param>
    /// <exception cref="CliException">Something is missing, or does not fit together.</exception>
    public static SimWorkload Read(SimData options, ModelSpec model, string root)
    {
        string folder = Path.Combine(root, options.Images), list = Path.Combine(root, options.Partition);
        try
        {
            (float[] pixels, int size) = Images(folder, "train-images-idx3-ubyte", model);
            byte[] labels = Labels(folder, "train-labels-idx1-ubyte", pixels.Length / size, model);
            using JsonDocument partition = JsonDocument.Parse(File.ReadAllBytes(list));
            JsonElement clients = partition.RootElement.GetProperty("clients");
            List<WindowStream> streams = [];
            foreach (JsonElement client in clients.EnumerateArray())
            {
                int[] own = [.. client.EnumerateArray().Select(index => index.GetInt32())];
                if (own.Any(index => index < 0 || index >= labels.Length))
                    throw new FormatException($"an image's number is not below {labels.Length}");
                streams.Add(new WindowStream(own.Length, w => new LabelledRows(pixels.AsMemory(own[w] * size, size), labels[own[w]]), model.Channels));
            }

            (float[] testPixels, _) = Images(folder, "t10k-images-idx3-ubyte", model);
            byte[] testLabels = Labels(folder, "t10k-labels-idx1-ubyte", testPixels.Length / size, model);
            List<SampleWindow> test = [.. testLabels.Select((label, i) => new LabelledRows(testPixels.AsMemory(i * size, size), label).ToWindow(model.Channels))];
            return new SimWorkload(streams, streams.Max(stream => stream.Windows), [test]);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CliException("bad-data", $"Images of {folder}, shared out by {list}: {wrong.Message}",
                "apt-get install dataset-fashion-mnist   (and \"data.images\" names the folder of its idx files)", ExitCodes.Failure, wrong);
        }
    }

    private static (float[] Pixels, int Size) Images(string folder, string name, ModelSpec model)
    {
        byte[] file = Bytes(folder, name, 3, out int[] shape);
        int size = shape[1] * shape[2];
        if (size != model.Channels * model.Length || (model.Channels > 1 && model.Length > 1))
            throw new FormatException($"images of {shape[1]}x{shape[2]} pixels are not windows of {model.Channels} channels and {model.Length} rows");
        var pixels = new float[file.Length];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = file[i] / 255f;
        return (pixels, size);
    }

    private static byte[] Labels(string folder, string name, int count, ModelSpec model)
    {
        byte[] labels = Bytes(folder, name, 1, out int[] shape);
        return shape[0] == count && labels.All(label => label < model.Classes.Count)
            ? labels
            : throw new FormatException($"{name} has {shape[0]} labels for {count} images, or one that is not below {model.Classes.Count}");
    }

    /// <summary>The bytes behind the header: magic 0, 0, type, dimensions; then each dimension, 32 bits, high byte first.</summary>
    private static byte[] Bytes(string folder, string name, int dimensions, out int[] shape)
    {
        string plain = Path.Combine(folder, name);
        using var bytes = new MemoryStream();
        if (File.Exists(plain))
        {
            bytes.Write(File.ReadAllBytes(plain));
        }
        else
        {
            using var packed = new GZipStream(File.OpenRead(plain + ".gz"), CompressionMode.Decompress);
            packed.CopyTo(bytes);
        }

        byte[] all = bytes.ToArray();
        int header = 4 + 4 * dimensions;
        if (all.Length < header || all[0] != 0 || all[1] != 0 || all[2] != UnsignedBytes || all[3] != dimensions)
            throw new FormatException($"{name} is no idx file of bytes in {dimensions} dimensions");
        shape = new int[dimensions];
        long count = 1;
        for (int d = 0; d < dimensions; d++)
        {
            shape[d] = BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(4 + 4 * d));
            count = checked(count * Math.Max(0, shape[d]));
        }

        return count == all.Length - header ? all[header..] : throw new FormatException($"{name} holds {all.Length - header} values, but says {count}");
    }
}
