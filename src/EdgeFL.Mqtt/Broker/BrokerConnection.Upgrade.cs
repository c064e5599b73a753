namespace EdgeFL.Mqtt;

internal sealed partial class BrokerConnection
{
    /// <summary>A frame may hold many packets, and none of it is kept: this bounds what a single head can claim.</summary>
    private const int FrameBytesMax = 16 * 1024 * 1024;

    private WebSocketStream? web;

    /// <summary>Makes a WebSocket of the connection. The time to CONNECT bounds the handshake too.</summary>
    /// <returns>False when it was refused or lost.</returns>
    private async Task<bool> UpgradeAsync()
    {
        byte[] buffer = new byte[WebSocketHandshake.HeadBytesMax];
        try
        {
            int length = 0;
            do
            {
                int count = await Stream!.ReadAsync(buffer.AsMemory(length)).ConfigureAwait(false);
                if (count == 0)
                    return false;
                length += count;
            }
            while (length < buffer.Length && WebSocketHandshake.HeadLength(buffer.AsSpan(0, length)) == 0);
            string? refusal = WebSocketHandshake.Judge(buffer.AsSpan(0, length), listener.AllowsOrigin, out byte[] answer);
            await Stream.WriteAsync(answer).ConfigureAwait(false);
            if (refusal is null)
            {
                web = new WebSocketStream(Stream, Math.Max(options.PacketBytesMax, FrameBytesMax));
                Use(web);
                return true;
            }
            Refused(MqttSecurityEventKind.ConnectRefused, $"not a WebSocket for MQTT: {refusal}");
            lock (router.Gate)
                BeginClosing();
            await ShutSendingAsync().ConfigureAwait(false);
            await DiscardAsync(Stream).ConfigureAwait(false);
            return false;
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            return false;
        }
    }

    /// <summary>Answers what ended the WebSocket from the other side: its good-bye, or a frame that was none.</summary>
    private void AnswerEnd(WebSocketStream ended)
    {
        if (ended.Fault is null)
        {
            lock (router.Gate)
                BeginClosing();
            Wake();
        }
        else if (session is null)
        {
            RefuseConnect($"malformed WebSocket: {ended.Fault}");
        }
        else
        {
            Violation(MqttReason.MalformedPacket, $"malformed WebSocket: {ended.Fault}");
        }
    }
}
