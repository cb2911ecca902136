// COM1 before anything else works: one byte at a time, waiting for the transmitter.

using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Xenith.Machine;

public static class EarlySerial
{
    public static void Write(ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
        {
            serial_write(value);
        }
    }

    [RuntimeImport("*", "early_serial_write")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void serial_write(byte value);
}
