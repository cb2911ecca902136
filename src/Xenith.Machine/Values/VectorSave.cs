namespace Xenith.Machine;

/// <summary>The instruction that saves vector registers.</summary>
public enum VectorSave : byte
{
    /// <summary>FXSAVE64: x87 and SSE only.</summary>
    Fxsave,

    /// <summary>XSAVE64.</summary>
    Xsave,

    /// <summary>XSAVEOPT64: leaves out what has not changed since XRSTOR from the same area.</summary>
    XsaveOptimized,
}
