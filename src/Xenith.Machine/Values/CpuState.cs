namespace Xenith.Machine;

/// <summary>RFLAGS bits (SDM vol. 1, 3.4.3).</summary>
public static class Rflags
{
    public const ulong Carry = 1 << 0;
    public const ulong AlwaysOne = 1 << 1;
    public const ulong Trap = 1 << 8;
    public const ulong Interrupt = 1 << 9;
    public const ulong Direction = 1 << 10;
    public const ulong IoPrivilege = 3 << 12;
    public const ulong NestedTask = 1 << 14;
    public const ulong Resume = 1 << 16;
    public const ulong Virtual8086 = 1 << 17;
    public const ulong AlignmentCheck = 1 << 18;
    public const ulong VirtualInterrupt = 1 << 19;
    public const ulong VirtualInterruptPending = 1 << 20;
    public const ulong Identification = 1 << 21;
}

/// <summary>CR0 bits (SDM vol. 3, 2.5).</summary>
public static class Cr0
{
    public const ulong ProtectionEnable = 1 << 0;
    public const ulong MonitorCoprocessor = 1 << 1;
    public const ulong Emulation = 1 << 2;
    public const ulong TaskSwitched = 1 << 3;
    public const ulong ExtensionType = 1 << 4;
    public const ulong NumericError = 1 << 5;
    public const ulong WriteProtect = 1 << 16;
    public const ulong AlignmentMask = 1 << 18;
    public const ulong NotWriteThrough = 1 << 29;
    public const ulong CacheDisable = 1 << 30;
    public const ulong Paging = 1UL << 31;
}

/// <summary>CR4 bits (SDM vol. 3, 2.5).</summary>
public static class Cr4
{
    public const ulong TimeStampDisable = 1 << 2;
    public const ulong DebuggingExtensions = 1 << 3;
    public const ulong PageSizeExtension = 1 << 4;
    public const ulong PhysicalAddressExtension = 1 << 5;
    public const ulong MachineCheck = 1 << 6;
    public const ulong GlobalPages = 1 << 7;
    public const ulong OsFxsr = 1 << 9;
    public const ulong OsXmmExceptions = 1 << 10;
    public const ulong Umip = 1 << 11;
    public const ulong FsGsBase = 1 << 16;
    public const ulong Pcid = 1 << 17;
    public const ulong OsXsave = 1 << 18;
    public const ulong Smep = 1 << 20;
    public const ulong Smap = 1 << 21;
}

/// <summary>Model-specific register numbers (SDM vol. 4; APM vol. 2, appendix A).</summary>
public static class Msr
{
    public const uint ApicBase = 0x1b;
    public const uint MiscEnable = 0x1a0;
    public const uint Pat = 0x277;
    public const uint TscDeadline = 0x6e0;
    public const uint X2ApicFirst = 0x800;
    public const uint Efer = 0xc000_0080;
    public const uint Star = 0xc000_0081;
    public const uint Lstar = 0xc000_0082;
    public const uint Cstar = 0xc000_0083;
    public const uint SyscallMask = 0xc000_0084;
    public const uint FsBase = 0xc000_0100;
    public const uint GsBase = 0xc000_0101;
    public const uint KernelGsBase = 0xc000_0102;
    public const uint TscAux = 0xc000_0103;
    public const uint SysenterCs = 0x174;
    public const uint SysenterEsp = 0x175;
    public const uint SysenterEip = 0x176;
}

/// <summary>Exception vectors (SDM vol. 3, 6.15).</summary>
public static class ExceptionVector
{
    public const int DivideError = 0;
    public const int Debug = 1;
    public const int Nmi = 2;
    public const int Breakpoint = 3;
    public const int Overflow = 4;
    public const int BoundRange = 5;
    public const int InvalidOpcode = 6;
    public const int DeviceNotAvailable = 7;
    public const int DoubleFault = 8;
    public const int InvalidTss = 10;
    public const int SegmentNotPresent = 11;
    public const int StackFault = 12;
    public const int GeneralProtection = 13;
    public const int PageFault = 14;
    public const int FloatingPoint = 16;
    public const int AlignmentCheck = 17;
    public const int MachineCheck = 18;
    public const int SimdFloatingPoint = 19;
}

/// <summary>
/// Segment selectors that Xen's ABI fixes: they live in the descriptor page 14 (entries from 7168 on) of every PV guest's GDT.
/// </summary>
public static class Selectors
{
    public const ushort HypervisorCode = 0xe008;
    public const ushort HypervisorData = 0xe010;
    public const ushort Ring3Code32 = 0xe023;
    public const ushort Ring3Data = 0xe02b;
    public const ushort Ring3Code64 = 0xe033;
    public const ushort Tss = 0xe040;
    public const ushort Ldt = 0xe050;

    /// <summary>Index of the first descriptor page that a guest may not fill.</summary>
    public const int FirstReservedPage = 14;

    /// <summary>Number of descriptors that a guest may define in its GDT.</summary>
    public const int GuestEntries = FirstReservedPage * 512;

    /// <summary>True for the selectors that name no descriptor, of whatever privilege (SDM vol. 3, 3.4.2).</summary>
    public static bool IsNull(ushort selector) => (selector & ~3) == 0;
}
