// How the readers of boot-time tables reach memory. The tables name physical addresses, and these may be anything: the answer for what
// is not there is an empty span. The readers are generic over it, so that tests give them a machine made of an array.

using System;
using Xenith.Machine;

namespace Xenith.Hypervisor.Boot;

/// <summary>Memory that firmware and boot loader have written and nobody writes any more.</summary>
internal interface IFirmwareMemory
{
    /// <summary>The bytes at a physical address; empty unless all of them can be read.</summary>
    ReadOnlySpan<byte> Bytes(ulong address, ulong length);
}

/// <summary>The machine's own memory.</summary>
internal readonly struct FirmwareMemory : IFirmwareMemory
{
    public ReadOnlySpan<byte> Bytes(ulong address, ulong length) => BootMemory.Bytes(address, length);
}
