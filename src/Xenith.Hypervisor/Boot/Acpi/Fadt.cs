// The fixed ACPI description table: the registers that exist once per machine (ACPI 6.5, 5.2.9). From revision 3 on most registers are
// given twice, as a port and as a general address; the general one counts unless it is empty.

namespace Xenith.Hypervisor.Boot;

/// <summary>A view of the table.</summary>
internal readonly ref struct Fadt(TableBytes table)
{
    private const uint TimerIs32Bits = 1u << 8;
    private const uint ResetRegisterIsThere = 1u << 10;
    private const uint IsHardwareReduced = 1u << 20;

    private readonly TableBytes _table = table;

    /// <summary>Physical address of the firmware control structure, 0 if there is none.</summary>
    internal ulong Facs => _table.U64(132) is var wide and not 0 ? wide : _table.U32(36);

    /// <summary>Physical address of the table with the machine's own code.</summary>
    internal ulong Dsdt => _table.U64(140) is var wide and not 0 ? wide : _table.U32(40);

    /// <summary>The interrupt that ACPI events use.</summary>
    internal ushort SciInterrupt => _table.U16(46);

    /// <summary>Port for commands to the firmware, 0 if there is no system management mode.</summary>
    internal uint SmiCommandPort => _table.U32(48);

    /// <summary>What to write to <see cref="SmiCommandPort"/> to switch to ACPI, and back.</summary>
    internal byte AcpiEnable => _table.U8(52);

    internal byte AcpiDisable => _table.U8(53);

    internal AcpiAddress Pm1aEvent => Register(148, 56, _table.U8(88));

    internal AcpiAddress Pm1bEvent => Register(160, 60, _table.U8(88));

    internal AcpiAddress Pm1aControl => Register(172, 64, _table.U8(89));

    internal AcpiAddress Pm1bControl => Register(184, 68, _table.U8(89));

    internal AcpiAddress PmTimer => Register(208, 76, _table.U8(91));

    /// <summary>Bits that the PM timer counts with: 24 or 32.</summary>
    internal int PmTimerBits => (Flags & TimerIs32Bits) != 0 ? 32 : 24;

    /// <summary>Index of the century in the RTC's memory, 0 if it has none.</summary>
    internal byte CenturyIndex => _table.U8(108);

    /// <summary>IA-PC boot architecture flags: 1 legacy devices, 2 8042, 4 no VGA, 8 no MSI, 0x10 no ASPM, 0x20 no CMOS RTC.</summary>
    internal ushort BootFlags => _table.U16(109);

    internal uint Flags => _table.U32(112);

    /// <summary>No PM1 registers and no PM timer: sleep registers instead.</summary>
    internal bool HardwareReduced => (Flags & IsHardwareReduced) != 0;

    /// <summary>The register that restarts the machine; empty if there is none.</summary>
    internal AcpiAddress ResetRegister => (Flags & ResetRegisterIsThere) != 0 ? _table.Address(116) : default;

    /// <summary>What to write to <see cref="ResetRegister"/>.</summary>
    internal byte ResetValue => _table.U8(128);

    internal AcpiAddress SleepControl => _table.Address(244);

    internal AcpiAddress SleepStatus => _table.Address(256);

    private AcpiAddress Register(int general, int port, byte length)
    {
        AcpiAddress address = _table.Address(general);
        return address.IsPresent ? address : new AcpiAddress
        {
            Space = AcpiSpace.Port,
            BitWidth = BitsOf(length),
            Value = _table.U32(port),
        };
    }

    // Bits of a register of this many bytes; lengths above 31 cannot be written in the byte that holds the bits.
    private static byte BitsOf(byte length) => length > 31 ? (byte)0 : (byte)(length * 8);
}
