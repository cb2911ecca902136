// The screen as the boot loader left it (Multiboot 0.6.96, section 3.3, bits 11 and 12; Multiboot2 2.0, sections 3.6.7 and 3.6.12).

namespace Xenith.Hypervisor.Boot;

/// <summary>How pixels are stored.</summary>
internal enum FramebufferKind : byte
{
    Palette = 0,
    Rgb = 1,
    Text = 2,
}

/// <summary>One colour of a pixel: lowest bit and number of bits.</summary>
internal struct ColorField
{
    internal byte Position;
    internal byte Bits;
}

/// <summary>The screen.</summary>
internal struct BootFramebuffer
{
    /// <summary>Physical address, 0 if the boot loader gave no framebuffer.</summary>
    internal ulong Address;

    /// <summary>Bytes from one line to the next.</summary>
    internal uint Pitch;

    /// <summary>In pixels, or in characters for <see cref="FramebufferKind.Text"/>.</summary>
    internal uint Width, Height;

    internal byte BitsPerPixel;
    internal FramebufferKind Kind;

    /// <summary>For <see cref="FramebufferKind.Rgb"/>.</summary>
    internal ColorField Red, Green, Blue;

    internal readonly bool IsPresent => Address != 0;
}

/// <summary>What the video BIOS said about the mode, as blocks that lie in memory.</summary>
internal struct BootVideoBios
{
    /// <summary>The VBE mode number.</summary>
    internal ushort Mode;

    /// <summary>Physical address of the controller information, 0 if there is none.</summary>
    internal ulong ControllerInformation;

    /// <summary>Physical address of the mode information, 0 if there is none.</summary>
    internal ulong ModeInformation;
}
