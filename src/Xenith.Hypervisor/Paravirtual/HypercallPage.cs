using System;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Paravirtual;

/// <summary>
/// The page of stubs through which older kernels make hypercalls: 32 bytes for each number (public/xen.h). A stub keeps RCX and R11, which SYSCALL destroys; that
/// of iret leaves them on the stack with RAX, as part of the return frame.
/// </summary>
internal static class HypercallPage
{
    private const int SlotSize = 32, Slots = 64;
    private const int NumberAt = 4, IretNumberAt = 5;

    private static ReadOnlySpan<byte> Stub =>
    [
        0x51, 0x41, 0x53,                           // push %rcx; push %r11
        0xb8, 0, 0, 0, 0,                           // mov $number, %eax
        0x0f, 0x05,                                 // syscall
        0x41, 0x5b, 0x59, 0xc3,                     // pop %r11; pop %rcx; ret
    ];

    private static ReadOnlySpan<byte> IretStub =>
    [
        0x51, 0x41, 0x53, 0x50,                     // push %rcx; push %r11; push %rax
        0xb8, 0, 0, 0, 0,                           // mov $number, %eax
        0x0f, 0x05,                                 // syscall
    ];

    /// <summary>Fills a frame that nobody uses as anything but memory.</summary>
    internal static void Fill(Mfn frame)
    {
        const ulong breakpoints = 0xcccc_cccc_cccc_cccc;
        Frame page = Frame.At(frame);
        for (int offset = 0; offset < AddressSpace.PageSize; offset += 8)
            page.Write(offset, breakpoints);
        for (int number = 0; number < Slots; number++)
        {
            bool isIret = number == (int)HypercallNumber.Iret;
            page.CopyFrom(number * SlotSize, isIret ? IretStub : Stub);
            page.Write(number * SlotSize + (isIret ? IretNumberAt : NumberAt), number);
        }
    }

    /// <summary>WRMSR of the register that CPUID names: an address whose page becomes the first, and only, hypercall page. False if the page is not the guest's to write.</summary>
    internal static bool TryPlace(Domain domain, ulong address)
    {
        if ((address & (AddressSpace.PageSize - 1)) != 0)
            return false;
        Mfn frame = Mfn.FromAddress(address);
        PageTypes types = Host.Current.Memory.Types;
        if (types.TryGetWritable(frame, domain) != XenError.None)
            return false;
        Fill(frame);
        types.PutType(frame);
        return true;
    }
}
