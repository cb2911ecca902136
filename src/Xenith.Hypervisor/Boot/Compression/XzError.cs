// Why an .xz stream could not be unpacked. The stream comes from a boot module, so every one of these is an answer about a file,
// never about the hypervisor.

namespace Xenith.Hypervisor.Boot;

/// <summary>Result of <see cref="XzDecoder.Decode"/>; <see cref="None"/> is success.</summary>
public enum XzError
{
    None,
    NotXz,
    Truncated,
    HeaderDamaged,
    BlockHeaderDamaged,
    DataDamaged,
    CheckMismatch,
    IndexDamaged,
    FooterDamaged,
    UnsupportedOption,
    UnsupportedCheck,
    UnsupportedFilter,
    DestinationTooSmall,
    ScratchTooSmall,
}

/// <summary>The sentences that go with <see cref="XzError"/>.</summary>
public static class XzErrors
{
    /// <summary>One clear sentence for people, without a full stop.</summary>
    public static string Message(this XzError error) => error switch
    {
        XzError.None => "the XZ data are sound",
        XzError.NotXz => "the data do not begin with the XZ signature",
        XzError.Truncated => "the XZ data end too early",
        XzError.HeaderDamaged => "the XZ stream header is damaged",
        XzError.BlockHeaderDamaged => "an XZ block header is damaged",
        XzError.DataDamaged => "the compressed data of an XZ block are damaged",
        XzError.CheckMismatch => "the checksum of the unpacked XZ data does not match",
        XzError.IndexDamaged => "the XZ index does not describe the blocks before it",
        XzError.FooterDamaged => "the XZ stream footer is damaged",
        XzError.UnsupportedOption => "the XZ stream uses an option that the format reserves",
        XzError.UnsupportedCheck => "the XZ stream has a kind of checksum other than none, CRC32 and CRC64",
        XzError.UnsupportedFilter => "the XZ stream uses a filter other than LZMA2 and x86 branch conversion",
        XzError.DestinationTooSmall => "the unpacked XZ data do not fit in the memory set aside for them",
        XzError.ScratchTooSmall => "the XZ decoder was given too little scratch memory",
        _ => "unknown XZ error",
    };
}
