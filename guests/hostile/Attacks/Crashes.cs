// What a domain cannot come back from: no gate for an exception, no stack to deliver it on, no frame to return by, no address
// space to return to. One of them for each boot (`crash=NAME`); the host says why the domain ends, and ends with it, as the
// domain is its dom0.

using System;
using Xenith.Guest.Hostile.Kernel;
using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Hostile.Attacks;

static unsafe class Crashes
{
    public static void Run()
    {
        if (CommandLine.IsCrash("no-gate"))
        {
            Hypercall.SetTrapTable(null);
            Probe.Run([0x0f, 0x0b]);
        }

        if (CommandLine.IsCrash("stack-unmapped"))
        {
            FaultOn(0x12345000);
        }

        if (CommandLine.IsCrash("stack-non-canonical"))
        {
            FaultOn(0x0000800000000000);
        }

        if (CommandLine.IsCrash("stack-in-hypervisor"))
        {
            FaultOn(0xffff82d040200000);
        }

        if (CommandLine.IsCrash("stack-read-only"))
        {
            FaultOn(Vcpu.Start->PtBase + 2048);
        }

        if (CommandLine.IsCrash("entry-stack"))
        {
            UserMode.Prepare();
            Hypercall.StackSwitch(Selector.Data, 0xffff82d040200000);
            UserMode.Run([0x0f, 0x0b]);
        }

        if (CommandLine.IsCrash("iret-unmapped"))
        {
            IretFrom(0x12345000);
        }

        if (CommandLine.IsCrash("iret-non-canonical"))
        {
            IretFrom(0x0000800000000000);
        }

        if (CommandLine.IsCrash("iret-in-hypervisor"))
        {
            IretFrom(0xffff82d040200000);
        }

        if (CommandLine.IsCrash("no-user-root"))
        {
            UserMode.Prepare();
            Mmu.Ext(MmuextCommand.NewUserBaseptr, 0);
            UserMode.Run([0x0f, 0x0b]);
        }

        if (CommandLine.IsCrash("shutdown"))
        {
            Hypercall.Shutdown(3);
        }

        Pv.Kernel.Console.WriteLine("NOTE the domain is still there");
    }

    /// <summary>An exception that cannot be delivered, as there is nowhere to put its frame.</summary>
    static void FaultOn(ulong stack)
    {
        Probe.Registers.Rax = stack;
        Probe.Run([0x48, 0x89, 0xc4, 0x0f, 0x0b]); // mov %rax,%rsp; ud2
    }

    static void IretFrom(ulong stack)
    {
        Probe.Registers.Rax = stack;
        Probe.Run([0x48, 0x89, 0xc4, 0xb8, 0x17, 0, 0, 0, 0x0f, 0x05]); // mov %rax,%rsp; mov $23,%eax; syscall
    }
}
