// The least there can be of a test framework: count, and name what failed.

using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Xenith.MetalTests;

internal static class Check
{
    private static int s_passed;
    private static int s_failed;

    internal static void That(bool condition, [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (condition)
        {
            s_passed++;
            return;
        }

        s_failed++;
        Print("FAILED: ");
        Print(expression);
        Print("\r\n");
    }

    /// <summary>Says how it went, and ends the emulator with 1 for success, 3 for failure.</summary>
    internal static void Report()
    {
        Print("checks passed: ");
        Print(s_passed);
        Print(", failed: ");
        Print(s_failed);
        Print("\r\n");
        leave_emulator(s_failed == 0 ? 0 : 1);
    }

    internal static void Print(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            early_serial_write((byte)c);
        }
    }

    internal static void Print(int value)
    {
        if (value >= 10)
        {
            Print(value / 10);
        }

        early_serial_write((byte)('0' + (value % 10)));
    }

    [RuntimeImport("*", "early_serial_write")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void early_serial_write(byte value);

    [RuntimeImport("*", "leave_emulator")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void leave_emulator(int status);
}
