using System;

namespace Xenith.Machine;

/// <summary>What is done at the hypervisor's first and last instructions against speculation (native/guarded.S). The bits are shared with native/frame.inc.</summary>
[Flags]
public enum GuardKinds : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>VERW on the way out: overwrites microarchitectural buffers on CPUs with MD_CLEAR.</summary>
    Buffers = 1,

    /// <summary>The return stack buffer is overwritten on the way in.</summary>
    Returns = 2,

    /// <summary>IA32_SPEC_CTRL has the hypervisor's value inside and 0 in the guest.</summary>
    SpecCtrl = 4,
}
