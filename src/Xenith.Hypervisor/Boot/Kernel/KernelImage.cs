// A kernel that can be started as a paravirtual domain: a sound ELF file, sound notes, and both in agreement. Here the two are
// combined as Xen's loader does: physical addresses of the segments, less PADDR_OFFSET, plus VIRT_BASE, are the virtual addresses
// where the builder puts the image; ENTRY, or the ELF entry point without it, is where the first CPU starts.

using System;
using Xenith.Abi;

namespace Xenith.Hypervisor.Boot;

/// <summary>A 64-bit paravirtual kernel, checked.</summary>
public ref struct KernelImage
{
    /// <summary>More memory than any kernel's image spans; bounds what damaged headers can ask for.</summary>
    public const ulong MaximumLength = 512u << 20;

    // The part of the address space that a 64-bit guest leaves to the hypervisor (public/arch-x86/xen-x86_64.h), and the hole of
    // addresses that are not canonical before it.
    private const ulong LowHalfEnd = 0x0000_8000_0000_0000;
    private const ulong HypervisorEnd = 0xffff_8800_0000_0000;

    /// <summary>The ELF file.</summary>
    public ElfImage Elf;

    /// <summary>What the kernel says about itself.</summary>
    public XenNotes Notes;

    /// <summary>Virtual address of the first byte of the domain's memory.</summary>
    public ulong VirtualBase { get; private set; }

    /// <summary>Virtual address of the image's first byte.</summary>
    public ulong VirtualStart { get; private set; }

    /// <summary>Virtual address behind the image.</summary>
    public ulong VirtualEnd { get; private set; }

    /// <summary>Virtual address at which the first CPU starts.</summary>
    public ulong Entry { get; private set; }

    /// <summary>Bytes from <see cref="VirtualStart"/> to <see cref="VirtualEnd"/>; at most <see cref="MaximumLength"/>.</summary>
    public readonly int Length => unchecked((int)(VirtualEnd - VirtualStart));

    /// <summary>Reads and checks a kernel.</summary>
    /// <param name="file">The unpacked ELF file; the result refers to it.</param>
    /// <param name="asDom0">Whether the kernel must be able to run as dom0.</param>
    /// <param name="kernel">The kernel; meaningful on success.</param>
    public static KernelError Parse(ReadOnlySpan<byte> file, bool asDom0, out KernelImage kernel)
    {
        kernel = default;
        KernelError error = ElfImage.Parse(file, out kernel.Elf);
        if (error == KernelError.None)
        {
            error = XenNotes.Read(kernel.Elf, out kernel.Notes);
        }

        if (error == KernelError.None)
        {
            error = CheckNotes(kernel.Notes, asDom0);
        }

        return error != KernelError.None ? error : kernel.Place();
    }

    /// <summary>
    /// Writes the image, with zeros where the file has nothing. The first byte of <paramref name="destination"/> is
    /// <see cref="VirtualStart"/>; false if it ends before <see cref="VirtualEnd"/>.
    /// </summary>
    public readonly bool TryCopyTo(Span<byte> destination) => Elf.TryCopyTo(destination);

    private static KernelError CheckNotes(in XenNotes notes, bool asDom0)
    {
        if (notes.Has(XenNote.Physical32Entry) && !notes.Has(XenNote.Entry) && !notes.Has(XenNote.VirtualBase))
        {
            return KernelError.NotForParavirtual;
        }

        if (!notes.Loader.StartsWith("generic"u8) && !notes.GuestOs.StartsWith("linux"u8))
        {
            return KernelError.WrongLoader;
        }

        if (!notes.XenVersion.StartsWith("xen-3.0"u8))
        {
            return KernelError.WrongXenVersion;
        }

        const uint NotParavirtual = (1u << (int)XenFeature.SupervisorModeKernel) | (1u << (int)XenFeature.AutoTranslatedPhysmap);
        if ((notes.RequiredFeatures & NotParavirtual) != 0)
        {
            return KernelError.NotForParavirtual;
        }

        bool saysNotDom0 = notes.Has(XenNote.SupportedFeatures) && (notes.SupportedFeatures & (1u << (int)XenFeature.Dom0)) == 0;
        return asDom0 && saysNotDom0 ? KernelError.NotForDom0 : KernelError.None;
    }

    private KernelError Place()
    {
        if (Notes.Has(XenNote.PhysicalOffset) && !Notes.Has(XenNote.VirtualBase))
        {
            return KernelError.OffsetWithoutBase;
        }

        // Without notes of their own, base and offset are 0. The difference may be negative and is meant to wrap; the length does not.
        unchecked
        {
            ulong shift = Notes.VirtualBase - Notes.PhysicalOffset;
            VirtualBase = Notes.VirtualBase;
            VirtualStart = Elf.PhysicalStart + shift;
            VirtualEnd = Elf.PhysicalEnd + shift;
        }

        Entry = Notes.Has(XenNote.Entry) ? Notes.Entry : Elf.Entry;
        if (VirtualStart >= VirtualEnd || (VirtualEnd > LowHalfEnd && VirtualStart < HypervisorEnd))
        {
            return KernelError.ImageOutsideGuest;
        }

        return VirtualBase > VirtualStart ? KernelError.ImageBelowBase
            : Entry < VirtualStart || Entry >= VirtualEnd ? KernelError.EntryOutsideImage
            : Notes.Has(XenNote.InitialP2m) && Notes.InitialP2m >= VirtualStart && Notes.InitialP2m < VirtualEnd
                ? KernelError.P2mInsideImage
            : KernelError.None;
    }
}
