// The world that calls are made for: its domains, their vCPUs and what each has mapped where.

namespace Xenith.Fuzzing.Calls;

/// <summary>How many domains, vCPUs and CPUs there are.</summary>
public struct FuzzShape
{
    /// <summary>Domains; the first is the control domain.</summary>
    public int Domains;

    /// <summary>vCPUs of all domains.</summary>
    public int Vcpus;

    /// <summary>CPUs that run them.</summary>
    public int Cpus;

    /// <summary>dom0 with two vCPUs, a guest with two and a guest with one, on two CPUs.</summary>
    public static FuzzShape Whole => new() { Domains = 3, Vcpus = 5, Cpus = 2 };

    /// <summary>The control domain alone with one vCPU: what a kernel on a real machine is.</summary>
    public static FuzzShape Alone => new() { Domains = 1, Vcpus = 1, Cpus = 1 };

    /// <summary>The domain that a vCPU belongs to.</summary>
    public readonly int DomainOf(int vcpu) => vcpu / 2;
}

/// <summary>Frames of a domain by slot, and pages of its arena. A page below <see cref="Slots"/> maps the frame of the same number; the tables are mapped read-only.</summary>
public static class FuzzArena
{
    /// <summary>Page tables: the kernel's root, the user's, and those of the arena.</summary>
    public const int Root = 0, UserRoot = 1, L3 = 2, L2 = 3, L1 = 4;

    /// <summary>Arguments of calls; code; the stack.</summary>
    public const int Arguments = 5, Code = 6, Stack = 7;

    /// <summary>Pages that anything may be done with.</summary>
    public const int FirstData = 8;

    /// <summary>Frames that a domain starts with.</summary>
    public const int Slots = 24;

    /// <summary>Slots that take the numbers of frames that the domain gets later.</summary>
    public const int AllSlots = 32;

    /// <summary>shared_info, and the first page of the grant table.</summary>
    public const int SharedInfo = 24, GrantTable = 25;

    /// <summary>Pages that nothing is mapped at.</summary>
    public const int FirstFree = 26, EndFree = 48;

    /// <summary>Pages below the L1 tables that are not there yet.</summary>
    public const int FirstLinked = 512, EndLinked = 2048;

    /// <summary>Offset of the handler of all exceptions in the page of code.</summary>
    public const int Handler = 0xf00;

    /// <summary>Offset of the SYSCALL instruction.</summary>
    public const int Syscall = 0xf80;

    /// <summary>Offset of the stack pointer in the page of the stack.</summary>
    public const int StackTop = 0xe00;
}
