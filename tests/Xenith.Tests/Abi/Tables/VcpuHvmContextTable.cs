// Our names beside C's for xen/hvm/hvm_vcpu.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class VcpuHvmContextTable
{
    public const string Rows = """
        header xen/hvm/hvm_vcpu.h
        value VcpuHvmMode.Mode32 = VCPU_HVM_MODE_32B
        value VcpuHvmMode.Mode64 = VCPU_HVM_MODE_64B
        struct VcpuHvmX86_32 = both struct vcpu_hvm_x86_32
            Eax = eax
            Ecx = ecx
            Edx = edx
            Ebx = ebx
            Esp = esp
            Ebp = ebp
            Esi = esi
            Edi = edi
            Eip = eip
            Eflags = eflags
            Cr0 = cr0
            Cr3 = cr3
            Cr4 = cr4
            Pad1 = pad1
            Efer = efer
            CsBase = cs_base
            DsBase = ds_base
            SsBase = ss_base
            EsBase = es_base
            TrBase = tr_base
            CsLimit = cs_limit
            DsLimit = ds_limit
            SsLimit = ss_limit
            EsLimit = es_limit
            TrLimit = tr_limit
            CsAr = cs_ar
            DsAr = ds_ar
            SsAr = ss_ar
            EsAr = es_ar
            TrAr = tr_ar
            Pad2 = pad2
        struct VcpuHvmX86_64 = both struct vcpu_hvm_x86_64
            Rax = rax
            Rcx = rcx
            Rdx = rdx
            Rbx = rbx
            Rsp = rsp
            Rbp = rbp
            Rsi = rsi
            Rdi = rdi
            Rip = rip
            Rflags = rflags
            Cr0 = cr0
            Cr3 = cr3
            Cr4 = cr4
            Efer = efer
        struct VcpuHvmContext = both struct vcpu_hvm_context
            Mode = mode
            Pad = pad
            CpuRegsX86_32 = cpu_regs.x86_32
            CpuRegsX86_64 = cpu_regs.x86_64
        """;
}
