namespace Xenith.Machine;

/// <summary>The I/O port space (SDM vol. 1, chapter 19).</summary>
public static class Port
{
    public static byte In8(ushort port) => Asm.port_in8(port);

    public static ushort In16(ushort port) => Asm.port_in16(port);

    public static uint In32(ushort port) => Asm.port_in32(port);

    public static void Out8(ushort port, byte value) => Asm.port_out8(port, value);

    public static void Out16(ushort port, ushort value) => Asm.port_out16(port, value);

    public static void Out32(ushort port, uint value) => Asm.port_out32(port, value);
}
