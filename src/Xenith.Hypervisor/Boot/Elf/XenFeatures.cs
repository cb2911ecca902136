// The text form of feature lists: names separated by '|', with a '!' before those that the kernel cannot do without (public/elfnote.h,
// XEN_ELFNOTE_FEATURES). Only the features that kernels name in text have names here; numbers are XENFEAT_* of public/features.h.

using System;

namespace Xenith.Hypervisor.Boot;

public static class XenFeatures
{
    public const int WritablePageTables = 0;
    public const int WritableDescriptorTables = 1;
    public const int AutoTranslatedPhysmap = 2;
    public const int SupervisorModeKernel = 3;
    public const int PaePgdirAbove4Gb = 4;
    public const int HvmCallbackVector = 8;
    public const int Dom0 = 11;

    /// <summary>
    /// Parses a feature list into bits. A name that is not known is passed over; false if it was required.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> list, out uint supported, out uint required)
    {
        supported = 0;
        required = 0;
        while (!list.IsEmpty)
        {
            int end = list.IndexOf((byte)'|');
            ReadOnlySpan<byte> name = end < 0 ? list : list.Slice(0, end);
            list = end < 0 ? default : list.Slice(end + 1);
            bool must = name.StartsWith("!"u8);
            int number = Number(must ? name.Slice(1) : name);
            if (number < 0)
            {
                if (must)
                {
                    return false;
                }

                continue;
            }

            supported |= 1u << number;
            required |= must ? 1u << number : 0;
        }

        return true;
    }

    private static int Number(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("writable_page_tables"u8) ? WritablePageTables
        : name.SequenceEqual("writable_descriptor_tables"u8) ? WritableDescriptorTables
        : name.SequenceEqual("auto_translated_physmap"u8) ? AutoTranslatedPhysmap
        : name.SequenceEqual("supervisor_mode_kernel"u8) ? SupervisorModeKernel
        : name.SequenceEqual("pae_pgdir_above_4gb"u8) ? PaePgdirAbove4Gb
        : name.SequenceEqual("hvm_callback_vector"u8) ? HvmCallbackVector
        : name.SequenceEqual("dom0"u8) ? Dom0
        : -1;
}
