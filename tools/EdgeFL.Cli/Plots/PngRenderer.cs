using System.ComponentModel;
using System.Diagnostics;

namespace EdgeFL.Cli.Plots;

/// <summary>PNG from SVG by <c>rsvg-convert</c> (Debian: librsvg2-bin) where it is installed. The only file that knows of it.</summary>
internal static class PngRenderer
{
    /// <summary>Longest time one picture may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Draws a PNG beside an SVG file, at twice its size so that it stays sharp.</summary>
    /// <param name="svgPath">The SVG file.</param>
    /// <param name="pngPath">The PNG file; written whole or not at all.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <param name="program">The program to run.</param>
    /// <returns>Whether there is a PNG now; false where the program is not installed or fails.</returns>
    public static async Task<bool> TryDrawAsync(string svgPath, string pngPath, CancellationToken cancel, string program = "rsvg-convert")
    {
        var unfinished = pngPath + ".tmp";
        try
        {
            var start = new ProcessStartInfo(program)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                ArgumentList = { "--zoom", "2", "--format", "png", "--output", unfinished, svgPath },
            };
            using var process = Process.Start(start);
            if (process is null)
                return false;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(Patience);
            try
            {
                await Task.WhenAll(
                    process.StandardOutput.ReadToEndAsync(limit.Token),
                    process.StandardError.ReadToEndAsync(limit.Token),
                    process.WaitForExitAsync(limit.Token)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                process.Kill(entireProcessTree: true);
                return false;
            }

            if (process.ExitCode != 0 || !File.Exists(unfinished))
                return false;
            File.Move(unfinished, pngPath, overwrite: true);
            return true;
        }
        catch (Win32Exception)
        {
            return false; // not installed
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
