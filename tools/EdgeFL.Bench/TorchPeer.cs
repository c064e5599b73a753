using System.Diagnostics;
using System.Globalization;

namespace EdgeFL.Bench;

/// <summary>PyTorch in a process of its own, on the core this process is held to. It answers requests, so that both sides can take turns.</summary>
internal sealed class TorchPeer : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly Process process;

    private TorchPeer(Process process) => this.process = process;

    /// <summary>The peer, or null, said on stderr in one line, where PyTorch is not installed.</summary>
    public static TorchPeer? Start()
    {
        string script = Path.Combine(Machine.Root(), "tools/EdgeFL.Bench/torch_peer.py");
        if (!File.Exists(Python))
            return Without($"{Python} is not there");
        var start = new ProcessStartInfo(Python, [script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        Process process = Process.Start(start) ?? throw new BenchException($"{Python} cannot be started");
        string last = "";
        process.ErrorDataReceived += (_, line) => last = line.Data is { Length: > 0 } said ? said : last;
        process.BeginErrorReadLine();
        string? hello = process.StandardOutput.ReadLine();
        if (hello is not null)
        {
            Console.Error.WriteLine($"peer: {hello}, one thread");
            return new TorchPeer(process);
        }

        process.WaitForExit();
        process.Dispose();
        return Without(last);
    }

    /// <summary>Has the peer do something, and says how long each time took, in nanoseconds.</summary>
    /// <param name="request">Kind and sizes, as torch_peer.py tells.</param>
    /// <param name="count">How many times.</param>
    /// <exception cref="BenchException">The peer ended.</exception>
    public double[] Run(string request, int count)
    {
        process.StandardInput.WriteLine($"{request} {count.ToString(CultureInfo.InvariantCulture)}");
        process.StandardInput.Flush();
        string line = process.StandardOutput.ReadLine() ?? throw new BenchException($"the PyTorch peer ended at '{request}'");
        return [.. line.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    private static TorchPeer? Without(string why)
    {
        Console.Error.WriteLine($"PyTorch is not there ({why}): our figures alone. Next: build/bench peers");
        return null;
    }
}
