using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;

namespace EdgeFL.Mqtt;

/// <summary>
/// Makes TLS cheaper in memory than .NET lets one ask for, by saying it to the OpenSSL that .NET has loaded. Where that is another library or looks
/// otherwise, all stays as it is.
/// </summary>
internal static class TlsMemory
{
    // OpenSSL 3, ssl.h: SSL_set_mode and SSL_CTX_set_session_cache_mode are SSL_ctrl and SSL_CTX_ctrl with these commands.
    private const int SetMode = 33;
    private const nint ReleaseBuffers = 0x10;
    private const int SetSessionCacheMode = 44;
    private const nint SessionCacheOff = 0;
    private const ulong NoTicket = 1UL << 14;

    // dlfcn.h: only a library that the process has already.
    private const int LazyIfLoaded = 0x1 | 0x4;

    private static readonly FieldInfo? Context = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic);
    private static Library? openSsl;
    private static bool isSought;
    private static volatile bool mayShareContext;

    private delegate nint Control(nint target, int command, nint number, nint pointer);

    private delegate nint ContextOf(nint ssl);

    private delegate ulong SetOptions(nint context, ulong options);

    /// <summary>
    /// Lets OpenSSL give record buffers back while nothing comes or goes: 33 KB of each connection. To be called once the handshake is done.
    /// </summary>
    public static void ReleaseWhileSilent(SslStream stream) => Say(stream, static (library, ssl) => library.OfSsl(ssl, SetMode, ReleaseBuffers, 0));

    /// <summary>
    /// Whether connections of one certificate may share what OpenSSL calls a context, which saves 15 KB of each. .NET lets them only where it allows
    /// resumption too, so not before <see cref="ForbidResumption"/> was seen to work.
    /// </summary>
    public static bool MayShareContext => mayShareContext;

    /// <summary>Switches resumption off in the context of a connection, for all that share it. To be called once the handshake is done.</summary>
    public static void ForbidResumption(SslStream stream) => mayShareContext = Say(stream, static (library, ssl) =>
    {
        nint context = library.ContextOf(ssl);
        library.SetOptions(context, NoTicket);
        library.OfContext(context, SetSessionCacheMode, SessionCacheOff, 0);
    });

    private static bool Say(SslStream stream, Action<Library, nint> what)
    {
        if (!Volatile.Read(ref isSought))
        {
            // Not before a handshake: by then .NET has loaded the library.
            openSsl = Library.Find();
            Volatile.Write(ref isSought, true);
        }
        if (openSsl is null || Context?.GetValue(stream) is not SafeHandle { IsInvalid: false } ssl)
            return false;
        bool held = false;
        try
        {
            ssl.DangerousAddRef(ref held);
            what(openSsl, ssl.DangerousGetHandle());
            return true;
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

    [DllImport("libc", EntryPoint = "dlopen", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern nint Open(string name, int flags);

    /// <summary>The functions that are needed.</summary>
    private sealed record Library(Control OfSsl, Control OfContext, ContextOf ContextOf, SetOptions SetOptions)
    {
        public static Library? Find()
        {
            if (!OperatingSystem.IsLinux())
                return null;
            // Where two versions are in the process, nobody can tell from here whose the connections are.
            nint library = Open("libssl.so.3", LazyIfLoaded);
            if (library == 0 || Open("libssl.so.1.1", LazyIfLoaded) != 0)
                return null;
            return Function<Control>(library, "SSL_ctrl") is { } ofSsl && Function<Control>(library, "SSL_CTX_ctrl") is { } ofContext
                && Function<ContextOf>(library, "SSL_get_SSL_CTX") is { } contextOf && Function<SetOptions>(library, "SSL_CTX_set_options") is { } setOptions
                ? new Library(ofSsl, ofContext, contextOf, setOptions) : null;
        }

        private static T? Function<T>(nint library, string name)
            where T : Delegate =>
            NativeLibrary.TryGetExport(library, name, out nint address) ? Marshal.GetDelegateForFunctionPointer<T>(address) : null;
    }
}
