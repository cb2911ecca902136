using System;

namespace Xenith.Machine;

/// <summary>The simulated COM1 is the process's standard output.</summary>
public static class EarlySerial
{
    public static void Write(ReadOnlySpan<byte> text)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(text);
    }
}
