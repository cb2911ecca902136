namespace Xenith.Hypervisor.Console;

/// <summary>The keys + and -: more or fewer messages, while the host runs.</summary>
internal static class LogLevelKeys
{
    /// <summary>Changes the levels that key G has chosen, by one, and says what they are now.</summary>
    internal static void Adjust(ConsoleLog log, DebugKeyState state, byte key)
    {
        LogThreshold levels = state.AdjustsGuest ? log.Guest : log.Host;
        if (key == (byte)'+')
            levels.Raise();
        else
            levels.Lower();
        string which = state.AdjustsGuest ? "guest" : "standard";
        log.Always($"'{(char)key}' pressed -> {which} log level: {LogThreshold.Words(levels.Always)} (rate limited {LogThreshold.Words(levels.Limited)})");
    }
}
