// The memory from which native/switch.S loads a vCPU's registers and to which it stores them again; one block for each of two vCPUs.

using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Xenith.Guest.Pv.Kernel;

/// <summary>The order is known to native/switch.S. General registers stand as rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct SwitchBlock
{
    public const int Rax = 0, Rbx = 1, Rcx = 2, Rdx = 3, Rsi = 4, Rdi = 5, Rbp = 6, Rsp = 7, R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15;

    /// <summary>Bytes of an image of vector registers that are kept: enough for AVX-512 in the standard format.</summary>
    public const int VectorSize = 8192;

    public fixed ulong In[16];
    public ulong InFlags;
    public fixed ulong Out[16];
    public ulong OutFlags;
    public ulong SavedRsp;

    /// <summary>The components that XRSTOR and XSAVE move; 0 for FXRSTOR and FXSAVE.</summary>
    public ulong Components;

    /// <summary>What is done between the load and the store.</summary>
    public ulong Operation;
    public ulong Turns;

    /// <summary>How often each handler was entered.</summary>
    public ulong DeviceEntries, OpcodeEntries, DebugEntries;
    public ulong DebugStatus;
    public ulong UserEntries;
    public fixed ulong Selectors[4];
    public ulong SecondRax, SecondRdi;

    /// <summary>Bytes that the handler of an invalid opcode passes over.</summary>
    public ulong Skip;
    public ulong UserRip;

    /// <summary>How often there was a fault that nobody expected; only the second vCPU counts them here.</summary>
    public ulong Lost;

    /// <summary>The word that the vCPU has a breakpoint on.</summary>
    public ulong Watched;

    /// <summary>What C# runs with.</summary>
    public ulong Mxcsr;

    /// <summary>Words for FS and GS to point to.</summary>
    public ulong FsWord, GsWord;

    public byte* VectorsIn
    {
        get
        {
            fixed (SwitchBlock* self = &this)
            {
                return (byte*)self + 4096;
            }
        }
    }

    public byte* VectorsOut
    {
        get
        {
            fixed (SwitchBlock* self = &this)
            {
                return (byte*)self + 4096 + VectorSize;
            }
        }
    }
}

/// <summary>What a round does; the order is that of the table in native/switch.S.</summary>
static class SwitchOperation
{
    public const uint Loop = 0, Count = 1, Call = 2, Twice = 3, Fault = 4, Watch = 5, Base = 6, User = 7;
}

/// <summary>Entries that native/switch.S has handlers for.</summary>
static class SwitchGate
{
    public const uint Debug = 0, Opcode = 1, Device = 2, Lost = 3, Returned = 4;
}

static unsafe class SwitchNative
{
    [RuntimeImport("*", "switch_block"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern SwitchBlock* Block(uint vcpu);

    [RuntimeImport("*", "switch_operation"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Operation(uint vcpu, uint operation);

    [RuntimeImport("*", "switch_gate"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong Gate(uint vcpu, uint gate);

    [RuntimeImport("*", "switch_round"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Round(uint vcpu);

    [RuntimeImport("*", "switch_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Start();

    [RuntimeImport("*", "switch_user_code"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserCode();

    [RuntimeImport("*", "switch_user_code_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void UserCodeEnd();

    /// <summary>The words at FS:0 and GS:0.</summary>
    [RuntimeImport("*", "switch_read_bases"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void ReadBases(ulong* two);

    [RuntimeImport("*", "switch_load_selectors"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void LoadSelectors(ulong ds, ulong es, ulong fs, ulong gs);

    [RuntimeImport("*", "switch_read_cr4"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadCr4();

    [RuntimeImport("*", "switch_write_cr4"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteCr4(ulong value);

    [RuntimeImport("*", "switch_read_xcr0"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadXcr0();

    [RuntimeImport("*", "switch_write_xcr0"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void WriteXcr0(ulong value);

    [RuntimeImport("*", "switch_read_msr"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ReadMsr(uint index);
}
