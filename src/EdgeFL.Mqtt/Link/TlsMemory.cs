using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;

namespace EdgeFL.Mqtt;

/// <summary>
/// Lets OpenSSL give its record buffers back while nothing comes or goes: 33 KB of each connection, most of what TLS costs a silent one. .NET has no
/// setting for it, so it is said to the library that .NET has loaded; where that is another one or looks otherwise, all stays as it is.
/// </summary>
internal static class TlsMemory
{
    // OpenSSL 3, ssl.h: SSL_set_mode is SSL_ctrl with this command.
    private const int SetMode = 33;
    private const nint ReleaseBuffers = 0x10;

    // dlfcn.h: only a library that the process has already.
    private const int LazyIfLoaded = 0x1 | 0x4;

    private static readonly Control? SslControl = FindControl();
    private static readonly FieldInfo? Context = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic);

    private delegate nint Control(nint ssl, int command, nint number, nint pointer);

    /// <summary>To be called once the handshake is done.</summary>
    /// <returns>Whether the buffers of this connection are released from now on.</returns>
    public static bool ReleaseWhileSilent(SslStream stream)
    {
        if (SslControl is null || Context?.GetValue(stream) is not SafeHandle { IsInvalid: false } ssl)
            return false;
        bool held = false;
        try
        {
            ssl.DangerousAddRef(ref held);
            return (SslControl(ssl.DangerousGetHandle(), SetMode, ReleaseBuffers, 0) & ReleaseBuffers) != 0;
        }
        catch (ObjectDisposedException)
        {
            return false; // The connection has ended meanwhile.
        }
        finally
        {
            if (held)
                ssl.DangerousRelease();
        }
    }

    private static Control? FindControl()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        // Where two versions are in the process, nobody can tell from here whose the connections are.
        nint library = Open("libssl.so.3", LazyIfLoaded);
        if (library == 0 || Open("libssl.so.1.1", LazyIfLoaded) != 0)
            return null;
        return NativeLibrary.TryGetExport(library, "SSL_ctrl", out nint address) ? Marshal.GetDelegateForFunctionPointer<Control>(address) : null;
    }

    [DllImport("libc", EntryPoint = "dlopen", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern nint Open(string name, int flags);
}
