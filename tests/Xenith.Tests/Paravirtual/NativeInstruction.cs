// Runs a single instruction on the CPU that runs the tests, with chosen registers, flags and eight bytes of memory at [RDI]: the reference for emulated instructions.

using System.Runtime.InteropServices;

namespace Xenith.Tests.Paravirtual;

/// <summary>What the instruction works on. The layout is that of the code below.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeState
{
    public ulong Rax, Rcx, Rdx, Rbx, Rflags;
    public ulong Before, Memory, After;
}

internal static unsafe partial class NativeInstruction
{
    private const int PageSize = 4096, ReadWriteExecute = 7, PrivateAnonymous = 0x22;

    private static readonly byte* s_code = Allocate();

    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && s_code != null;

    public static void Run(ReadOnlySpan<byte> instruction, ref NativeState state)
    {
        lock (typeof(NativeInstruction))
        {
            Span<byte> code = new(s_code, PageSize);
            ReadOnlySpan<byte> before =
            [
                0x53, 0x41, 0x57, 0x49, 0x89, 0xff,                             // push rbx; push r15; mov r15, rdi
                0x49, 0x8b, 0x07, 0x49, 0x8b, 0x4f, 0x08,                       // mov rax, [r15]; mov rcx, [r15+8]
                0x49, 0x8b, 0x57, 0x10, 0x49, 0x8b, 0x5f, 0x18,                 // mov rdx, [r15+16]; mov rbx, [r15+24]
                0x49, 0x8d, 0x7f, 0x30,                                         // lea rdi, [r15+48]
                0x41, 0xff, 0x77, 0x20, 0x9d,                                   // push qword [r15+32]; popfq
            ];
            ReadOnlySpan<byte> after =
            [
                0x9c, 0x41, 0x8f, 0x47, 0x20,                                   // pushfq; pop qword [r15+32]
                0x49, 0x89, 0x07, 0x49, 0x89, 0x4f, 0x08,
                0x49, 0x89, 0x57, 0x10, 0x49, 0x89, 0x5f, 0x18,
                0xfc, 0x41, 0x5f, 0x5b, 0xc3,                                   // cld; pop r15; pop rbx; ret
            ];
            before.CopyTo(code);
            instruction.CopyTo(code[before.Length..]);
            after.CopyTo(code[(before.Length + instruction.Length)..]);
            fixed (NativeState* at = &state)
                ((delegate* unmanaged<NativeState*, void>)s_code)(at);
        }
    }

    private static byte* Allocate()
    {
        nint at = mmap(0, PageSize, ReadWriteExecute, PrivateAnonymous, -1, 0);
        return at == -1 ? null : (byte*)at;
    }

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nint length, int protection, int flags, int file, nint offset);
}
