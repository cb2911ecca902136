// xen/hvm/hvm_vcpu.h: the state in which a further vCPU of an HVM or PVH guest starts.

using System.Runtime.InteropServices;

namespace Xenith.Abi;

/// <summary>In which mode a vCPU starts.</summary>
public enum VcpuHvmMode : uint
{
    Mode32 = 0,
    Mode64 = 1,
}

/// <summary>Registers of a vCPU that starts in 32-bit or 16-bit mode. C: <c>struct vcpu_hvm_x86_32</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuHvmX86_32
{
    public uint Eax;
    public uint Ecx;
    public uint Edx;
    public uint Ebx;
    public uint Esp;
    public uint Ebp;
    public uint Esi;
    public uint Edi;
    public uint Eip;
    public uint Eflags;
    public uint Cr0;
    public uint Cr3;
    public uint Cr4;
    public uint Pad1;
    public ulong Efer;
    public uint CsBase;
    public uint DsBase;
    public uint SsBase;
    public uint EsBase;
    public uint TrBase;
    public uint CsLimit;
    public uint DsLimit;
    public uint SsLimit;
    public uint EsLimit;
    public uint TrLimit;
    public ushort CsAr;
    public ushort DsAr;
    public ushort SsAr;
    public ushort EsAr;
    public ushort TrAr;
    public Inline3<ushort> Pad2;
}

/// <summary>Registers of a vCPU that starts in 64-bit mode. C: <c>struct vcpu_hvm_x86_64</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuHvmX86_64
{
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rbx;
    public ulong Rsp;
    public ulong Rbp;
    public ulong Rsi;
    public ulong Rdi;
    public ulong Rip;
    public ulong Rflags;
    public ulong Cr0;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Efer;
}

/// <summary>How a vCPU starts. C: <c>struct vcpu_hvm_context</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public struct VcpuHvmContext
{
    [FieldOffset(0)] public uint Mode;
    [FieldOffset(4)] public uint Pad;
    [FieldOffset(8)] public VcpuHvmX86_32 CpuRegsX86_32;
    [FieldOffset(8)] public VcpuHvmX86_64 CpuRegsX86_64;
}
