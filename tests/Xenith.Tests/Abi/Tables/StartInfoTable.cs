// Our names beside C's for xen/xen.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class StartInfoTable
{
    public const string Rows = """
        header xen/xen.h
        value StartInfoFlags.Privileged = SIF_PRIVILEGED
        value StartInfoFlags.Initdomain = SIF_INITDOMAIN
        value StartInfoFlags.MultibootMod = SIF_MULTIBOOT_MOD
        value StartInfoFlags.ModStartPfn = SIF_MOD_START_PFN
        value StartInfoFlags.VirtP2m4tools = SIF_VIRT_P2M_4TOOLS
        value StartInfoFlags.PmMask = SIF_PM_MASK
        value VgaConsoleType.TextMode3 = XEN_VGATYPE_TEXT_MODE_3
        value VgaConsoleType.VesaLfb = XEN_VGATYPE_VESA_LFB
        value VgaConsoleType.EfiLfb = XEN_VGATYPE_EFI_LFB
        struct StartInfo = struct start_info
            Magic = magic
            NrPages = nr_pages
            SharedInfo = shared_info
            Flags = flags
            StoreMfn = store_mfn
            StoreEvtchn = store_evtchn
            ConsoleDomUMfn = console.domU.mfn
            ConsoleDomUEvtchn = console.domU.evtchn
            ConsoleDom0InfoOff = console.dom0.info_off
            ConsoleDom0InfoSize = console.dom0.info_size
            PtBase = pt_base
            NrPtFrames = nr_pt_frames
            MfnList = mfn_list
            ModStart = mod_start
            ModLen = mod_len
            CmdLine = cmd_line
            FirstP2mPfn = first_p2m_pfn
            NrP2mFrames = nr_p2m_frames
        struct MultibootModList = both struct xen_multiboot_mod_list
            ModStart = mod_start
            ModEnd = mod_end
            Cmdline = cmdline
            Pad = pad
        struct Dom0VgaConsoleInfo = both struct dom0_vga_console_info
            VideoType = video_type
            TextMode3FontHeight = u.text_mode_3.font_height
            TextMode3CursorX = u.text_mode_3.cursor_x
            TextMode3CursorY = u.text_mode_3.cursor_y
            TextMode3Rows = u.text_mode_3.rows
            TextMode3Columns = u.text_mode_3.columns
            VesaLfbWidth = u.vesa_lfb.width
            VesaLfbHeight = u.vesa_lfb.height
            VesaLfbBytesPerLine = u.vesa_lfb.bytes_per_line
            VesaLfbBitsPerPixel = u.vesa_lfb.bits_per_pixel
            VesaLfbLfbBase = u.vesa_lfb.lfb_base
            VesaLfbLfbSize = u.vesa_lfb.lfb_size
            VesaLfbRedPos = u.vesa_lfb.red_pos
            VesaLfbRedSize = u.vesa_lfb.red_size
            VesaLfbGreenPos = u.vesa_lfb.green_pos
            VesaLfbGreenSize = u.vesa_lfb.green_size
            VesaLfbBluePos = u.vesa_lfb.blue_pos
            VesaLfbBlueSize = u.vesa_lfb.blue_size
            VesaLfbRsvdPos = u.vesa_lfb.rsvd_pos
            VesaLfbRsvdSize = u.vesa_lfb.rsvd_size
            VesaLfbGblCaps = u.vesa_lfb.gbl_caps
            VesaLfbModeAttrs = u.vesa_lfb.mode_attrs
            VesaLfbPad = u.vesa_lfb.pad
            VesaLfbExtLfbBase = u.vesa_lfb.ext_lfb_base
        """;
}
