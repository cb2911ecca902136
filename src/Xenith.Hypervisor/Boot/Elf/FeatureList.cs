// The text form of feature lists: names separated by '|', with a '!' before those that the kernel cannot do without (public/elfnote.h,
// XEN_ELFNOTE_FEATURES). Only the features that kernels name in text have names here; numbers are those of Abi.XenFeature.

using System;
using Xenith.Abi;

namespace Xenith.Hypervisor.Boot;

internal static class FeatureList
{
    /// <summary>
    /// Parses a feature list into bits. A name that is not known is passed over; false if it was required.
    /// </summary>
    internal static bool TryParse(ReadOnlySpan<byte> list, out uint supported, out uint required)
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

    // -1 for a name that is not known.
    private static int Number(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("writable_page_tables"u8) ? (int)XenFeature.WritablePageTables
        : name.SequenceEqual("writable_descriptor_tables"u8) ? (int)XenFeature.WritableDescriptorTables
        : name.SequenceEqual("auto_translated_physmap"u8) ? (int)XenFeature.AutoTranslatedPhysmap
        : name.SequenceEqual("supervisor_mode_kernel"u8) ? (int)XenFeature.SupervisorModeKernel
        : name.SequenceEqual("pae_pgdir_above_4gb"u8) ? (int)XenFeature.PaePgdirAboveFourGb
        : name.SequenceEqual("hvm_callback_vector"u8) ? (int)XenFeature.HvmCallbackVector
        : name.SequenceEqual("dom0"u8) ? (int)XenFeature.Dom0
        : -1;
}
