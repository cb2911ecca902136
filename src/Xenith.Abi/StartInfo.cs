// Constants and structures of xen/xen.h.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>Values of <c>SIF_…</c>.</summary>
public enum StartInfoFlags : uint
{
    Privileged = 1,
    Initdomain = 2,
    MultibootMod = 4,
    ModStartPfn = 8,
    VirtP2m4tools = 16,
    PmMask = 0xff00,
}

/// <summary>Values of <c>XEN_VGATYPE_…</c>.</summary>
public enum VgaConsoleType : byte
{
    TextMode3 = 3,
    VesaLfb = 35,
    EfiLfb = 112,
}

/// <summary><c>struct start_info</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1168)]
public struct StartInfo
{
    [FieldOffset(0)] public Inline32<byte> Magic;
    [FieldOffset(32)] public ulong NrPages;
    [FieldOffset(40)] public ulong SharedInfo;
    [FieldOffset(48)] public uint Flags;
    [FieldOffset(56)] public ulong StoreMfn;
    [FieldOffset(64)] public uint StoreEvtchn;
    [FieldOffset(72)] public ulong ConsoleDomUMfn;
    [FieldOffset(80)] public uint ConsoleDomUEvtchn;
    [FieldOffset(72)] public uint ConsoleDom0InfoOff;
    [FieldOffset(76)] public uint ConsoleDom0InfoSize;
    [FieldOffset(88)] public ulong PtBase;
    [FieldOffset(96)] public ulong NrPtFrames;
    [FieldOffset(104)] public ulong MfnList;
    [FieldOffset(112)] public ulong ModStart;
    [FieldOffset(120)] public ulong ModLen;
    [FieldOffset(128)] public Inline1024<byte> CmdLine;
    [FieldOffset(1152)] public ulong FirstP2mPfn;
    [FieldOffset(1160)] public ulong NrP2mFrames;
}

/// <summary><c>struct xen_multiboot_mod_list</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MultibootModList
{
    public uint ModStart;
    public uint ModEnd;
    public uint Cmdline;
    public uint Pad;
}

/// <summary><c>struct dom0_vga_console_info</c>.</summary>
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
