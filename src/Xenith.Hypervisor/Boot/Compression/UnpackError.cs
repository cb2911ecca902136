// Why packed data could not be unpacked, whatever the format. The data come from a boot module, so every one of these is an answer about
// a file, never about the hypervisor.

namespace Xenith.Hypervisor.Boot;

/// <summary>Result of a decoder; <see cref="None"/> is success.</summary>
public enum UnpackError
{
    None,
    NotThisFormat,
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

/// <summary>How far a decoder came.</summary>
public struct UnpackOutcome
{
    /// <summary>Bytes of the source that the packed data take, all headers and checksums included.</summary>
    public int Consumed;

    /// <summary>Bytes written to the destination and checked.</summary>
    public int Produced;
}

/// <summary>The sentences that go with <see cref="UnpackError"/>.</summary>
public static class UnpackErrors
{
    /// <summary>One clear sentence for people, without a full stop.</summary>
    public static string Message(this UnpackError error) => error switch
    {
        UnpackError.None => "the packed data are sound",
        UnpackError.NotThisFormat => "the data do not begin with the format's signature",
        UnpackError.Truncated => "the packed data end too early",
        UnpackError.HeaderDamaged => "the header of the packed data is damaged",
        UnpackError.BlockHeaderDamaged => "the header of a packed block is damaged",
        UnpackError.DataDamaged => "the packed data are damaged",
        UnpackError.CheckMismatch => "the checksum of the unpacked data does not match",
        UnpackError.IndexDamaged => "the index does not describe the blocks before it",
        UnpackError.FooterDamaged => "the footer of the packed data is damaged",
        UnpackError.UnsupportedOption => "the packed data use an option that the format reserves or that is not known",
        UnpackError.UnsupportedCheck => "the packed data have a kind of checksum other than none, CRC32 and CRC64",
        UnpackError.UnsupportedFilter => "the packed data use a filter other than LZMA2 and x86 branch conversion",
        UnpackError.DestinationTooSmall => "the unpacked data do not fit in the memory set aside for them",
        UnpackError.ScratchTooSmall => "the decoder was given too little scratch memory",
        _ => "unknown unpacking error",
    };
}
