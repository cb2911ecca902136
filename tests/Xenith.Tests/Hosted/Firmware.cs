// What firmware and boot loader leave in the memory of a simulated machine: multiboot information (Multiboot Specification 0.6.96, section 3.3) and the
// ACPI tables that the hypervisor reads (ACPI 6.5, 5.2.5 to 5.2.12).

using System.Text;
using Xenith.Machine.Simulation;

namespace Xenith.Tests.Hosted;

internal static class Firmware
{
    public const uint LoaderMagic = 0x2bad_b002;
    public const uint InformationAddress = 0x1_0000;

    /// <summary>Where the ACPI tables and their root pointer are.</summary>
    public const ulong RootPointerAddress = 0xf_0000, TablesAddress = 0xe_0000;

    /// <summary>Where the memory map is, 24 bytes a range; and the list of modules.</summary>
    public const ulong MapAddress = 0x1_4000, ModulesAddress = 0x1_3000;

    private const ulong CommandLineAddress = 0x1_1000, KernelTextAddress = 0x1_2000;
    private const ulong KernelAddress = 0x100_0000;

    /// <summary>Writes everything for a start with one module, the kernel.</summary>
    public static void Write(SimulatedMachine machine, byte[] kernel, string commandLine, string kernelArguments, params (string Signature, byte[] Body)[] moreTables)
    {
        PhysicalMemory memory = machine.Memory;
        kernel.CopyTo(memory.Bytes(KernelAddress, kernel.Length));
        Text(memory, CommandLineAddress, "xenith.gz " + commandLine);
        Text(memory, KernelTextAddress, "vmlinuz " + kernelArguments);
        memory.Write(ModulesAddress, (uint)KernelAddress);
        memory.Write(ModulesAddress + 4, (uint)(KernelAddress + (ulong)kernel.Length));
        memory.Write(ModulesAddress + 8, (uint)KernelTextAddress);

        ulong map = MapAddress;
        Range(memory, ref map, 0, 0x9_f000, 1);
        Range(memory, ref map, 0x9_f000, 0x6_1000, 2);
        Range(memory, ref map, 0x10_0000, memory.Size - 0x10_0000, 1);
        Range(memory, ref map, 0xfec0_0000, 0x140_0000, 2);

        memory.Write(InformationAddress, 1u << 2 | 1u << 3 | 1u << 6);
        memory.Write(InformationAddress + 16UL, (uint)CommandLineAddress);
        memory.Write(InformationAddress + 20UL, 1u);
        memory.Write(InformationAddress + 24UL, (uint)ModulesAddress);
        memory.Write(InformationAddress + 44UL, (uint)(map - MapAddress));
        memory.Write(InformationAddress + 48UL, (uint)MapAddress);
        WriteAcpi(machine, moreTables);
    }

    /// <summary>Writes a memory map in place of the usual one.</summary>
    public static void WriteMap(SimulatedMachine machine, IEnumerable<(ulong Start, ulong Length, uint Kind)> ranges)
    {
        ulong map = MapAddress;
        foreach ((ulong start, ulong length, uint kind) in ranges)
            Range(machine.Memory, ref map, start, length, kind);
        machine.Memory.Write(InformationAddress + 44UL, (uint)(map - MapAddress));
    }

    private static void WriteAcpi(SimulatedMachine machine, (string Signature, byte[] Body)[] moreTables)
    {
        PhysicalMemory memory = machine.Memory;
        ulong at = TablesAddress + 0x100;
        // A test's own come in their place: of two, the first is read.
        List<byte> list = [];
        if (!moreTables.Any(table => table.Signature == "FACP"))
            list.AddRange(BitConverter.GetBytes(Table(memory, ref at, "FACP", 3, FixedTable())));
        if (!moreTables.Any(table => table.Signature == "APIC"))
            list.AddRange(BitConverter.GetBytes(Table(memory, ref at, "APIC", 3, InterruptTable(machine.Cpus.Count))));
        foreach ((string signature, byte[] body) in moreTables)
            list.AddRange(BitConverter.GetBytes(Table(memory, ref at, signature, 1, body)));
        ulong root = TablesAddress;
        Table(memory, ref root, "XSDT", 1, [.. list]);

        byte[] pointer = [.. "RSD PTR "u8, 0, .. "XENITH"u8, 2, 0, 0, 0, 0, .. BitConverter.GetBytes(36u), .. BitConverter.GetBytes(TablesAddress), 0, 0, 0, 0];
        pointer[8] = Checksum(pointer.AsSpan(0, 20));
        pointer[32] = Checksum(pointer);
        pointer.CopyTo(memory.Bytes(RootPointerAddress, pointer.Length));
    }

    private static byte[] FixedTable()
    {
        byte[] body = new byte[244 - 36];
        BitConverter.GetBytes(0x604u).CopyTo(body, 64 - 36);            // PM1a control block
        BitConverter.GetBytes((uint)PmTimer.PortNumber).CopyTo(body, 76 - 36);
        body[89 - 36] = 2;
        body[91 - 36] = 4;
        BitConverter.GetBytes(1u << 8).CopyTo(body, 112 - 36);          // the PM timer has 32 bits
        return body;
    }

    private static byte[] InterruptTable(int cpus)
    {
        var body = new List<byte>();
        body.AddRange(BitConverter.GetBytes((uint)LocalApic.Address));
        body.AddRange(BitConverter.GetBytes(1u));
        for (int cpu = 0; cpu < cpus; cpu++)
            body.AddRange([0, 8, (byte)cpu, (byte)cpu, 1, 0, 0, 0]);
        body.AddRange([1, 12, 0, 0, .. BitConverter.GetBytes((uint)IoApic.Address), 0, 0, 0, 0]);
        body.AddRange([2, 10, 0, 0, 2, 0, 0, 0, 0, 0]);                 // ISA interrupt 0 is GSI 2
        return [.. body];
    }

    private static ulong Table(PhysicalMemory memory, ref ulong at, string signature, byte revision, byte[] body)
    {
        ulong address = at;
        byte[] table = [.. Encoding.ASCII.GetBytes(signature), .. BitConverter.GetBytes((uint)(36 + body.Length)), revision, 0, .. "XENITHSIMULATE"u8, 1, 0, 0, 0, .. "TEST"u8, 1, 0, 0, 0, .. body];
        table[9] = Checksum(table);
        table.CopyTo(memory.Bytes(address, table.Length));
        at += (ulong)(table.Length + 63) & ~63UL;
        return address;
    }

    private static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes)
            sum += value;
        return (byte)-sum;
    }

    private static void Range(PhysicalMemory memory, ref ulong at, ulong start, ulong length, uint kind)
    {
        memory.Write(at, 20u);
        memory.Write(at + 4, start);
        memory.Write(at + 12, length);
        memory.Write(at + 20, kind);
        at += 24;
    }

    private static void Text(PhysicalMemory memory, ulong address, string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text + "\0");
        bytes.CopyTo(memory.Bytes(address, bytes.Length));
    }
}
