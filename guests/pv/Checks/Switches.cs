// What a vCPU has in its registers stays there while another one runs on the same CPU. Two vCPUs do rounds at the same time: they load patterns into
// all registers, let the other run (a yield, a sleep, the end of a time slice, an exception, user mode), and compare. For domains of two vCPUs or more on one CPU.

using Xenith.Guest.Pv.Interface;
using Xenith.Guest.Pv.Kernel;

namespace Xenith.Guest.Pv.Checks;

static unsafe class Switches
{
    public static void Run()
    {
        if (!SecondVcpu.Exists)
        {
            if (CommandLine.Selects("switch"))
            {
                Console.WriteLine("NOTE no second vCPU: checks of switches are left out");
            }

            return;
        }

        Check.Run("switch.first_state", &FirstState);
        Check.Run("switch.general_registers", &GeneralRegisters);
        Check.Run("switch.flags", &Flags);
        Check.Run("switch.vectors", &Vectors);
        Check.Run("switch.components", &Components);
        Check.Run("switch.task_switched", &TaskSwitched);
        Check.Run("switch.segment_bases", &SegmentBases);
        Check.Run("switch.selectors", &Selectors);
        Check.Run("switch.control_registers", &ControlRegisters);
        Check.Run("switch.roots", &Roots);
        Check.Run("switch.user_mode", &UserModes);
        Check.Run("switch.breakpoints", &Breakpoints);
        Check.Run("switch.exceptions", &Exceptions);
    }

    static void FirstState()
    {
        if (SwitchBegin.Start())
        {
            SwitchBegin.Compare();
        }
    }

    static void GeneralRegisters()
    {
        Both(SwitchJob.Registers, 40, preempts: true);
        Check.Equal("of vCPU 0", 0, SwitchWorker.First.General);
        Check.Equal("of vCPU 1", 0, SwitchWorker.Second.General);
    }

    static void Flags()
    {
        Both(SwitchJob.Registers, 40, preempts: true);
        Check.Equal("of vCPU 0", 0, SwitchWorker.First.Flags);
        Check.Equal("of vCPU 1", 0, SwitchWorker.Second.Flags);
    }

    static void Vectors()
    {
        Both(SwitchJob.Registers, 40, preempts: true);
        Check.Value("components", SwitchVectors.Offered);
        Check.Equal("of vCPU 0", 0, SwitchWorker.First.Vectors);
        Check.Equal("of vCPU 1", 0, SwitchWorker.Second.Vectors);
    }

    /// <summary>XCR0 differs between the two.</summary>
    static void Components() => All(SwitchJob.Components, 40, preempts: true);

    static void TaskSwitched() => All(SwitchJob.TaskSwitched, 100);

    static void SegmentBases() => All(SwitchJob.Bases, 40, preempts: true);

    static void Selectors() => All(SwitchJob.Selectors, 40, preempts: true);

    static void ControlRegisters() => All(SwitchJob.Control, 100);

    static void Roots()
    {
        SwitchState.MakeRoots();
        All(SwitchJob.Roots, 40, preempts: true);
    }

    static void UserModes()
    {
        SwitchState.MakeRoots();
        All(SwitchJob.User, 40);
    }

    static void Breakpoints() => All(SwitchJob.Breakpoints, 100);

    static void Exceptions() => All(SwitchJob.Faults, 100);

    /// <summary>Everything that a job looks at has to be right.</summary>
    static void All(uint job, uint rounds, bool preempts = false)
    {
        Both(job, rounds, preempts);
        Right("vCPU 0", ref SwitchWorker.First);
        Right("vCPU 1", ref SwitchWorker.Second);
    }

    static void Right(string who, ref SwitchOutcome outcome)
    {
        if ((outcome.General | outcome.Flags | outcome.Vectors | outcome.Other) != 0)
        {
            Check.Equal(who, outcome.Wanted, outcome.Found);
        }

        Check.Equal("general registers", 0, outcome.General);
        Check.Equal("flags", 0, outcome.Flags);
        Check.Equal("vectors", 0, outcome.Vectors);
        Check.Equal("what the job is about", 0, outcome.Other);
    }

    static void Both(uint job, uint rounds, bool preempts = false)
    {
        if (!SwitchBegin.Start())
        {
            Check.True("there is a second vCPU", false);
            return;
        }

        Check.Ok("#DB", Trap.SetGate(1, 0, SwitchNative.Gate(0, SwitchGate.Debug)));
        Check.Ok("#UD", Trap.SetGate(6, 0, SwitchNative.Gate(0, SwitchGate.Opcode)));
        Check.Ok("#NM", Trap.SetGate(7, 0, SwitchNative.Gate(0, SwitchGate.Device)));
        SwitchWorker.RunBoth(job, rounds);
        Check.Ok("trap table", Trap.Install());
        Check.True("each ran between the other's rounds", SwitchWorker.First.Interleaved >= rounds / 8 && SwitchWorker.Second.Interleaved >= rounds / 8);
        if (preempts)
        {
            Check.True("busy loops were interrupted", SwitchWorker.First.Preempted + SwitchWorker.Second.Preempted != 0);
        }
    }
}
