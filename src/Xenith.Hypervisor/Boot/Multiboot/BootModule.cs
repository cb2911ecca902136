// What a boot loader loads beside the hypervisor: the first module is dom0's kernel, the second its initial RAM disk.

using System;
using System.Runtime.CompilerServices;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>A boot module: a range of memory, and the string that the boot loader gave with it.</summary>
internal struct BootModule
{
    /// <summary>Physical addresses; the end is never below the start.</summary>
    internal ulong Start, End;

    /// <summary>Where the string lies, and its length without the terminating zero.</summary>
    internal ulong TextAddress, TextLength;

    /// <summary>The string.</summary>
    internal readonly ReadOnlySpan<byte> Text => BootMemory.Bytes(TextAddress, TextLength);
}

/// <summary>Room for modules.</summary>
[InlineArray(Capacity)]
internal struct BootModules
{
    internal const int Capacity = 16;
    private BootModule _first;
}
