// xen/xen.h, start of day: what a PV guest finds at the address in RSI when it first runs, and for dom0 how the
// screen is set up.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>What kind of domain it is and how to read the rest (<c>SIF_*</c>).</summary>
public enum StartInfoFlags : uint
{
    /// <summary>The domain may do what the control domain may.</summary>
    Privileged = 1,
    /// <summary>It is the first domain, dom0.</summary>
    Initdomain = 2,
    /// <summary>The module is a list of modules.</summary>
    MultibootMod = 4,
    /// <summary>mod_start is a frame number, the module is not mapped.</summary>
    ModStartPfn = 8,
    /// <summary>Tools understand a linear map of frames.</summary>
    VirtP2m4tools = 16,
    /// <summary>Byte of power-management options.</summary>
    PmMask = 0xff00,
}

/// <summary>How the screen is set up (<c>XEN_VGATYPE_*</c>).</summary>
public enum VgaConsoleType : byte
{
    TextMode3 = 3,
    VesaLfb = 35,
    EfiLfb = 112,
}

/// <summary>What a PV guest finds when it starts; RSI has its address. C: <c>struct start_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1168)]
public struct StartInfo
{
    /// <summary>"xen-3.0-x86_64" or the like, zero-terminated.</summary>
    [FieldOffset(0)] public Inline32<byte> Magic;
    /// <summary>Pages of the domain.</summary>
    [FieldOffset(32)] public ulong NrPages;
    /// <summary>Machine address of the shared_info page.</summary>
    [FieldOffset(40)] public ulong SharedInfo;
    /// <summary><see cref="StartInfoFlags"/>.</summary>
    [FieldOffset(48)] public uint Flags;
    /// <summary>Machine frame of the xenstore ring.</summary>
    [FieldOffset(56)] public ulong StoreMfn;
    /// <summary>Port of the xenstore ring.</summary>
    [FieldOffset(64)] public uint StoreEvtchn;
    /// <summary>Machine frame of the console ring (not dom0).</summary>
    [FieldOffset(72)] public ulong ConsoleDomUMfn;
    [FieldOffset(80)] public uint ConsoleDomUEvtchn;
    /// <summary>dom0: offset of the <see cref="Dom0VgaConsoleInfo"/> from here.</summary>
    [FieldOffset(72)] public uint ConsoleDom0InfoOff;
    [FieldOffset(76)] public uint ConsoleDom0InfoSize;
    /// <summary>Virtual address of the page-table root.</summary>
    [FieldOffset(88)] public ulong PtBase;
    /// <summary>Frames of the page tables it starts with.</summary>
    [FieldOffset(96)] public ulong NrPtFrames;
    /// <summary>Virtual address of the list of the domain's machine frames.</summary>
    [FieldOffset(104)] public ulong MfnList;
    /// <summary>Virtual address of the module (initrd), or its frame number.</summary>
    [FieldOffset(112)] public ulong ModStart;
    /// <summary>Bytes of the module.</summary>
    [FieldOffset(120)] public ulong ModLen;
    /// <summary>Command line, zero-terminated.</summary>
    [FieldOffset(128)] public Inline1024<byte> CmdLine;
    /// <summary>First frame of the machine-frame list if that is mapped apart.</summary>
    [FieldOffset(1152)] public ulong FirstP2mPfn;
    /// <summary>Frames of that list and its page tables.</summary>
    [FieldOffset(1160)] public ulong NrP2mFrames;
}

/// <summary>An entry of a list of modules; one whose start is 0 ends it. C: <c>struct xen_multiboot_mod_list</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MultibootModList
{
    public uint ModStart;
    public uint ModEnd;
    public uint Cmdline;
    public uint Pad;
}

/// <summary>The screen as the boot loader left it, for dom0. C: <c>struct dom0_vga_console_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct Dom0VgaConsoleInfo
{
    [FieldOffset(0)] public byte VideoType;
    [FieldOffset(4)] public ushort TextMode3FontHeight;
    [FieldOffset(6)] public ushort TextMode3CursorX;
    [FieldOffset(8)] public ushort TextMode3CursorY;
    [FieldOffset(10)] public ushort TextMode3Rows;
    [FieldOffset(12)] public ushort TextMode3Columns;
    [FieldOffset(4)] public ushort VesaLfbWidth;
    [FieldOffset(6)] public ushort VesaLfbHeight;
    [FieldOffset(8)] public ushort VesaLfbBytesPerLine;
    [FieldOffset(10)] public ushort VesaLfbBitsPerPixel;
    [FieldOffset(12)] public uint VesaLfbLfbBase;
    [FieldOffset(16)] public uint VesaLfbLfbSize;
    [FieldOffset(20)] public byte VesaLfbRedPos;
    [FieldOffset(21)] public byte VesaLfbRedSize;
    [FieldOffset(22)] public byte VesaLfbGreenPos;
    [FieldOffset(23)] public byte VesaLfbGreenSize;
    [FieldOffset(24)] public byte VesaLfbBluePos;
    [FieldOffset(25)] public byte VesaLfbBlueSize;
    [FieldOffset(26)] public byte VesaLfbRsvdPos;
    [FieldOffset(27)] public byte VesaLfbRsvdSize;
    [FieldOffset(28)] public uint VesaLfbGblCaps;
    [FieldOffset(32)] public ushort VesaLfbModeAttrs;
    [FieldOffset(34)] public ushort VesaLfbPad;
    [FieldOffset(36)] public uint VesaLfbExtLfbBase;
}
