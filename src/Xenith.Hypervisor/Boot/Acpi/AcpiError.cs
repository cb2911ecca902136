// What can be wrong with an ACPI table. One damaged table says nothing about the others, so these are values in an enumeration, not the
// end of it.

namespace Xenith.Hypervisor.Boot;

internal enum AcpiError
{
    None,
    NoRootPointer,
    NoRootTable,
    NotFound,
    NotReadable,
    BadLength,
    BadChecksum,
    BadContent,
}

internal static class AcpiErrors
{
    /// <summary>One sentence for people, without a full stop.</summary>
    internal static string Message(this AcpiError error) => error switch
    {
        AcpiError.None => "the table is sound",
        AcpiError.NoRootPointer => "no ACPI root pointer was found",
        AcpiError.NoRootTable => "neither the XSDT nor the RSDT can be used",
        AcpiError.NotFound => "there is no such table",
        AcpiError.NotReadable => "the table is not in memory that can be read",
        AcpiError.BadLength => "the table's length is impossible",
        AcpiError.BadChecksum => "the table's checksum is wrong",
        AcpiError.BadContent => "the table's contents contradict its length",
        _ => "unknown ACPI error",
    };
}
