// What a kernel tells Xen about itself: ELF notes with owner "Xen" (public/elfnote.h). Numbers may be one, two, four or eight bytes
// long; texts end at a zero byte or with the note. Of a note that comes twice the last counts.

using System;
using System.Buffers.Binary;

namespace Xenith.Hypervisor.Boot;

/// <summary>The Xen notes of a kernel, as they stand in the file.</summary>
public ref struct XenNotes
{
    // More notes than any kernel has; bounds the walk.
    private const int MaximumNotes = 4096;

    private uint _present;

    /// <summary>ENTRY: virtual address at which to start.</summary>
    public ulong Entry { get; private set; }

    /// <summary>HYPERCALL_PAGE: virtual address of a page to be filled with hypercall stubs.</summary>
    public ulong HypercallPage { get; private set; }

    /// <summary>VIRT_BASE: virtual address that stands for the start of the domain's memory.</summary>
    public ulong VirtualBase { get; private set; }

    /// <summary>PADDR_OFFSET: what the program headers' physical addresses are too large by.</summary>
    public ulong PhysicalOffset { get; private set; }

    /// <summary>HV_START_LOW: lowest address that the kernel leaves to the hypervisor.</summary>
    public ulong HypervisorStartLow { get; private set; }

    /// <summary>INIT_P2M: virtual address at which to map the initial physical-to-machine table.</summary>
    public ulong InitialP2m { get; private set; }

    /// <summary>L1_MFN_VALID: these bits of a level-1 entry ...</summary>
    public ulong ValidMfnMask { get; private set; }

    /// <summary>... have this value if it maps a machine frame.</summary>
    public ulong ValidMfnValue { get; private set; }

    /// <summary>SUSPEND_CANCEL: the kernel notices when a suspension was called off.</summary>
    public bool SuspendCancel { get; private set; }

    /// <summary>MOD_START_PFN: start_info.mod_start may be a frame number, and the initrd need not be mapped.</summary>
    public bool InitrdByFrame { get; private set; }

    /// <summary>PHYS32_ENTRY: where a PVH domain starts.</summary>
    public uint Physical32Entry { get; private set; }

    /// <summary>FEATURES and SUPPORTED_FEATURES together: XENFEAT numbers 0 to 31 as bits.</summary>
    public uint SupportedFeatures { get; private set; }

    /// <summary>The features of FEATURES that carry a '!'.</summary>
    public uint RequiredFeatures { get; private set; }

    public ReadOnlySpan<byte> XenVersion { get; private set; }

    public ReadOnlySpan<byte> GuestOs { get; private set; }

    public ReadOnlySpan<byte> GuestVersion { get; private set; }

    public ReadOnlySpan<byte> Loader { get; private set; }

    /// <summary>FEATURES as it stands in the file.</summary>
    public ReadOnlySpan<byte> Features { get; private set; }

    public ReadOnlySpan<byte> PaeMode { get; private set; }

    /// <summary>Whether there is any Xen note.</summary>
    public readonly bool Any => _present != 0;

    /// <summary>Whether the kernel has this note.</summary>
    public readonly bool Has(XenNote note) => (_present & (1u << (int)note)) != 0;

    /// <summary>Collects the notes of a kernel.</summary>
    public static KernelError Read(ElfImage image, out XenNotes notes)
    {
        notes = default;
        int budget = MaximumNotes;
        KernelError error = KernelError.None;
        foreach (ElfSegment segment in new ElfImage.SegmentEnumerator(image, ElfSegment.Note))
        {
            ElfNotes area = ElfNotes.InSegment(image, segment);
            error = error != KernelError.None ? error : notes.Add(area, ref budget);
        }

        if (!notes.Any)
        {
            for (int i = 0; i < image.SectionHeaderCount && error == KernelError.None; i++)
            {
                ElfNotes area = ElfNotes.InSection(image, i);
                error = notes.Add(area, ref budget);
            }
        }

        return error != KernelError.None ? error : notes.Any ? KernelError.None : KernelError.NoXenNotes;
    }

    private KernelError Add(ElfNotes area, ref int budget)
    {
        while (area.MoveNext())
        {
            if (budget == 0)
            {
                return KernelError.TooManyNotes;
            }

            budget--;
            if (area.Owner.SequenceEqual("Xen"u8))
            {
                KernelError error = Add(area.Type, area.Description);
                if (error != KernelError.None)
                {
                    return error;
                }
            }
        }

        return KernelError.None;
    }

    private KernelError Add(uint type, ReadOnlySpan<byte> description)
    {
        if (type > (uint)XenNote.Last)
        {
            return KernelError.None;
        }

        XenNote note = (XenNote)(int)type;
        ulong number = Number(description);
        ReadOnlySpan<byte> text = ElfNotes.UpToZero(description);
        switch (note)
        {
            case XenNote.Entry: Entry = number; break;
            case XenNote.HypercallPage: HypercallPage = number; break;
            case XenNote.VirtualBase: VirtualBase = number; break;
            case XenNote.PhysicalOffset: PhysicalOffset = number; break;
            case XenNote.HypervisorStartLow: HypervisorStartLow = number; break;
            case XenNote.InitialP2m: InitialP2m = number; break;
            case XenNote.SuspendCancel: SuspendCancel = number != 0; break;
            case XenNote.InitrdByFrame: InitrdByFrame = number != 0; break;
            case XenNote.Physical32Entry: Physical32Entry = unchecked((uint)number); break;
            case XenNote.XenVersion: XenVersion = text; break;
            case XenNote.GuestOs: GuestOs = text; break;
            case XenNote.GuestVersion: GuestVersion = text; break;
            case XenNote.Loader: Loader = text; break;
            case XenNote.PaeMode: PaeMode = text; break;

            case XenNote.SupportedFeatures:
                SupportedFeatures |= unchecked((uint)number);
                break;

            case XenNote.L1MfnValid:
                if (description.Length < 16)
                {
                    return KernelError.BadXenNotes;
                }

                ValidMfnMask = BinaryPrimitives.ReadUInt64LittleEndian(description);
                ValidMfnValue = BinaryPrimitives.ReadUInt64LittleEndian(description.Slice(8));
                break;

            case XenNote.Features:
                Features = text;
                if (!FeatureList.TryParse(text, out uint supported, out uint required))
                {
                    return KernelError.UnknownFeatureRequired;
                }

                SupportedFeatures |= supported;
                RequiredFeatures |= required;
                break;

            default:
                return KernelError.None;
        }

        _present |= 1u << (int)note;
        return KernelError.None;
    }

    private static ulong Number(ReadOnlySpan<byte> description) => description.Length switch
    {
        1 => description[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(description),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(description),
        8 => BinaryPrimitives.ReadUInt64LittleEndian(description),
        _ => 0,
    };
}
