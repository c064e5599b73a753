using System.IO.Compression;

namespace EdgeFL.Platform.Sensors;

/// <summary>Decompresses gzip and notices when the file was cut, which <see cref="GZipStream"/> takes for its end.</summary>
/// <remarks>
/// After the file's bytes it feeds one more gzip member (RFC 1952 section 2.2) with a known content. In a whole file that content comes out at the end;
/// in a cut one it is swallowed by the unfinished member. Nothing decoded from the extra member is ever handed out.
/// </remarks>
internal sealed class WholeGzipStream : Stream
{
    private static readonly byte[] Mark = [.. "\u0000EdgeFL end of file\u0000"u8];
    private static readonly byte[] MarkMember = Compress(Mark);

    private readonly Source source;
    private readonly GZipStream inner;
    private bool ended;

    public WholeGzipStream(Stream file)
    {
        source = new Source(file);
        inner = new GZipStream(source, CompressionMode.Decompress);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads decompressed bytes; 0 at the end of a whole file.</summary>
    /// <exception cref="InvalidDataException">The file is cut or damaged.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.IsEmpty)
            return 0;
        int got = inner.Read(buffer);
        if (!source.FileEnded)
            return got;
        // All that the file's own bytes give came out before it was asked for more: this is the extra member, or what a cut one made of it.
        Span<byte> tail = stackalloc byte[Mark.Length + 1];
        int length = Math.Min(got, tail.Length);
        buffer[..length].CopyTo(tail);
        while (length < tail.Length && (got = inner.Read(tail[length..])) > 0)
            length += got;
        if (!tail[..length].SequenceEqual(Mark))
            throw new InvalidDataException("The gzip data ends before its end mark.");
        ended = true;
        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var zip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write(bytes);
        return memory.ToArray();
    }

    /// <summary>The file's bytes, then the extra member's.</summary>
    private sealed class Source(Stream file) : Stream
    {
        private int markAt;

        /// <summary>The file has no more bytes and the extra member was begun.</summary>
        public bool FileEnded { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (!FileEnded)
            {
                int got = file.Read(buffer);
                if (got > 0 || buffer.IsEmpty)
                    return got;
                FileEnded = true;
            }
            int length = Math.Min(buffer.Length, MarkMember.Length - markAt);
            MarkMember.AsSpan(markAt, length).CopyTo(buffer);
            markAt += length;
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                file.Dispose();
            base.Dispose(disposing);
        }
    }
}
