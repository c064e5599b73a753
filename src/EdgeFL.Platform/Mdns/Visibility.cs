using System.Runtime.CompilerServices;

// The codec and the synchronous cores stay internal, yet their tests drive them with made-up time and bytes.
[assembly: InternalsVisibleTo("EdgeFL.Platform.Tests")]
