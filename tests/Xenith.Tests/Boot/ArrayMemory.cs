using Xenith.Hypervisor.Boot;

namespace Xenith.Tests.Boot;

/// <summary>Physical memory made of an array, for readers of boot-time tables.</summary>
internal readonly struct ArrayMemory(byte[] memory) : IFirmwareMemory
{
    public ReadOnlySpan<byte> Bytes(ulong address, ulong length) =>
        address > (ulong)memory.Length || length > (ulong)memory.Length - address
            ? default
            : memory.AsSpan((int)address, (int)length);
}
