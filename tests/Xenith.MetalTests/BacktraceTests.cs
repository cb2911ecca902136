using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.MetalTests;

/// <summary>Unwinding through frames of different shapes, up to the assembly code that started it all.</summary>
internal static class BacktraceTests
{
    private struct Context
    {
        internal ulong Rip;
        internal ulong Rsp;
        internal ulong Rbp;
    }

    internal static void Run()
    {
        Check.That(Large(3) == 3 + 7 + 5);
        Check.That(!Symbols.TryFind(0, out _, out _) && !Symbols.TryFind(0xffff_82d0_5000_0000, out _, out _));

        Context lost = default;
        Check.That(!Unwinder.Step(ref lost.Rip, ref lost.Rsp, ref lost.Rbp));
        capture_context(ref lost);
        lost.Rsp = 0xffff_8300_0000_0000;
        Check.That(!Unwinder.Step(ref lost.Rip, ref lost.Rsp, ref lost.Rbp));
    }

    /// <summary>More than a page of locals: rbp frame, stack probe.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Large(int value)
    {
        Span<int> buffer = stackalloc int[2000];
        buffer[value] = 7;
        return value + Saving(value, buffer) + 5;
    }

    /// <summary>Several registers to save.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Saving(int value, Span<int> buffer)
    {
        int a = Identity(value), b = Identity(a), c = Identity(b), d = Identity(c);
        Small();
        return buffer[a] + a + b - c - d;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Identity(int value) => value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Small()
    {
        Context context = default;
        capture_context(ref context);
        Expect(context);
    }

    private static void Expect(Context context)
    {
        Check.That(Name(context.Rip).EndsWith(".Small"u8));
        Check.That(Unwinder.Step(ref context.Rip, ref context.Rsp, ref context.Rbp) && Name(context.Rip).EndsWith(".Saving"u8));
        Check.That(Unwinder.Step(ref context.Rip, ref context.Rsp, ref context.Rbp) && Name(context.Rip).EndsWith(".Large"u8));
        Check.That(Unwinder.Step(ref context.Rip, ref context.Rsp, ref context.Rbp));
        Check.That(Name(context.Rip).SequenceEqual("Xenith.MetalTests.BacktraceTests.Run"u8));
        Check.That(Unwinder.Step(ref context.Rip, ref context.Rsp, ref context.Rbp) && Name(context.Rip).EndsWith(".Entry.Main"u8));
        Check.That(Unwinder.Step(ref context.Rip, ref context.Rsp, ref context.Rbp) && Name(context.Rip).SequenceEqual("high_half"u8));
        Check.That(!Unwinder.Step(ref context.Rip, ref context.Rsp, ref context.Rbp));
    }

    private static ReadOnlySpan<byte> Name(ulong rip) => Symbols.TryFind(rip, out ReadOnlySpan<byte> name, out _) ? name : default;

    [RuntimeImport("*", "capture_context")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void capture_context(ref Context context);
}
