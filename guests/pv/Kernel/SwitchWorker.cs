// What two vCPUs do at the same time while their switches are checked: rounds of native/switch.S with random registers, each with its own, and
// between load and store something that lets the other run. Both run this code, so it keeps nothing in statics but what it is told and what it found.

using System.Runtime;
using System.Threading;
using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

/// <summary>What is looked at beside the registers of every round.</summary>
static class SwitchJob
{
    public const uint Registers = 0, Bases = 1, Selectors = 2, TaskSwitched = 3, Control = 4, Components = 5, Roots = 6, User = 7, Breakpoints = 8, Faults = 9;
}

/// <summary>What one vCPU found: how many registers or fields were not as they had to be, and what came between.</summary>
struct SwitchOutcome
{
    public ulong General, Flags, Vectors, Other;

    /// <summary>Rounds in which the other vCPU ran, and those of them that were busy loops.</summary>
    public ulong Interleaved, Preempted;

    /// <summary>The first difference: a register's number or 100 for one of <see cref="Other"/>, what was wanted, what was found.</summary>
    public ulong Where, Wanted, Found;
}

static unsafe class SwitchWorker
{
    public static SwitchOutcome First, Second;

    /// <summary>Page tables of each vCPU for <see cref="SwitchJob.Roots"/> and <see cref="SwitchJob.User"/>.</summary>
    public static SwitchRoots FirstRoots, SecondRoots;

    static uint job, rounds, sequence, finished;
    static ulong progress0, progress1;

    /// <summary>Makes both vCPUs do so many rounds of a job, and waits for both.</summary>
    public static void RunBoth(uint kind, uint count)
    {
        job = kind;
        rounds = count;
        Volatile.Write(ref sequence, sequence + 1);
        Run(0);
        while (Volatile.Read(ref finished) != sequence)
        {
            Hypercall.SchedYield();
        }
    }

    /// <summary>The second vCPU's main line.</summary>
    [RuntimeExport("switch_worker")]
    static void Work()
    {
        SwitchBegin.Observe();
        uint handled = 0;
        while (true)
        {
            while (Volatile.Read(ref sequence) == handled)
            {
                Hypercall.SchedYield();
            }

            handled++;
            Run(1);
            Volatile.Write(ref finished, handled);
        }
    }

    /// <summary>A step of a generator that passes for random (xorshift64*).</summary>
    public static ulong Next(ref ulong state)
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return unchecked(state * 0x2545f4914f6cdd1d);
    }

    public static ulong Watched(uint vcpu) => (ulong)&SwitchNative.Block(vcpu)->Watched;

    static ref SwitchOutcome Outcome(uint vcpu)
    {
        if (vcpu == 0)
        {
            return ref First;
        }

        return ref Second;
    }

    static void Run(uint vcpu)
    {
        Outcome(vcpu) = default;
        SwitchBlock* block = SwitchNative.Block(vcpu);
        ulong seed = 0x9e3779b97f4a7c15 + vcpu * 977 + job * 31;
        SwitchState.Set(vcpu, block, job);
        ulong* poll = stackalloc ulong[3];
        for (uint round = 0; round < rounds; round++)
        {
            for (int i = 0; i < 16; i++)
            {
                block->In[i] = Next(ref seed);
            }

            const ulong arithmetic = 0x8d5, direction = 0x400, nested = 0x4000, identification = 0x200000;
            block->InFlags = Next(ref seed) & (arithmetic | direction | nested | identification) | 2;
            block->Mxcsr = 0x1f80;
            SwitchVectors.Make(block->VectorsIn, block->Components, ref seed);
            uint operation = Choose(vcpu, block, round, poll, ref seed);
            block->Operation = SwitchNative.Operation(vcpu, operation);
            SwitchState.Before(block);

            ulong other = vcpu == 0 ? Volatile.Read(ref progress1) : Volatile.Read(ref progress0);
            SwitchNative.Round(vcpu);
            if (other != (vcpu == 0 ? Volatile.Read(ref progress1) : Volatile.Read(ref progress0)))
            {
                Outcome(vcpu).Interleaved++;
                Outcome(vcpu).Preempted += operation is SwitchOperation.Loop or SwitchOperation.Count ? 1ul : 0;
            }

            Compare(ref Outcome(vcpu), block, operation);
            SwitchState.After(ref Outcome(vcpu), vcpu, block, job, operation);
            if (vcpu == 0)
            {
                progress0++;
            }
            else
            {
                progress1++;
            }
        }

        SwitchState.Clear(vcpu, block, job);
    }

    /// <summary>What this round does, and the registers that it needs for that.</summary>
    static uint Choose(uint vcpu, SwitchBlock* block, uint round, ulong* poll, ref ulong seed)
    {
        switch (job)
        {
            case SwitchJob.TaskSwitched:
                Ask(block, Number.SchedOp, 0);
                if (vcpu == 1 && (round & 1) == 0)
                {
                    return SwitchOperation.Call;
                }

                Ask(block, Number.FpuTaskswitch, 1);
                block->SecondRax = Number.SchedOp;
                block->SecondRdi = 0;
                return SwitchOperation.Twice;
            case SwitchJob.Control:
                return OnStack(block, vcpu, SwitchOperation.Base, 5);
            case SwitchJob.Breakpoints:
                return OnStack(block, vcpu, SwitchOperation.Watch, 0);
            case SwitchJob.Faults:
                return OnStack(block, vcpu, SwitchOperation.Fault, 2);
            case SwitchJob.User:
                return SwitchState.ToUser(block, vcpu);
        }

        block->Turns = 200000 + (Next(ref seed) & 0x1ffff);
        switch (round % 5)
        {
            case 0:
                return SwitchOperation.Loop;
            case 1:
                return SwitchOperation.Count;
            case 2:
                Ask(block, Number.SchedOp, 0);
                return SwitchOperation.Call;
            case 3:
                // sched_op poll of no ports: sleeps for a tenth of a millisecond.
                poll[0] = 0;
                poll[1] = 0;
                poll[2] = Clock.Now() + 100000;
                Ask(block, Number.SchedOp, 3);
                block->In[SwitchBlock.Rsi] = (ulong)poll;
                return SwitchOperation.Call;
            default:
                Ask(block, Number.XenVersion, 0);
                return SwitchOperation.Call;
        }
    }

    static void Ask(SwitchBlock* block, ulong number, ulong argument)
    {
        block->In[SwitchBlock.Rax] = number;
        block->In[SwitchBlock.Rdi] = argument;
    }

    /// <summary>A yield that is followed or preceded by something that enters this kernel, for which it needs a stack.</summary>
    static uint OnStack(SwitchBlock* block, uint vcpu, uint operation, ulong skip)
    {
        Ask(block, Number.SchedOp, 0);
        block->In[SwitchBlock.Rsp] = SwitchState.Stack(vcpu) - (block->In[SwitchBlock.Rsp] & 0x3f0);
        block->Skip = skip;
        return operation;
    }

    static void Compare(ref SwitchOutcome outcome, SwitchBlock* block, uint operation)
    {
        bool calls = operation is not (SwitchOperation.Loop or SwitchOperation.Count);
        for (ulong i = 0; i < 16; i++)
        {
            // SYSCALL takes these for itself, and the result.
            if (calls && i is SwitchBlock.Rax or SwitchBlock.Rcx or SwitchBlock.R11)
            {
                continue;
            }

            if (operation == SwitchOperation.User && i == SwitchBlock.Rsp)
            {
                continue;
            }

            ulong wanted = operation == SwitchOperation.Twice && i == SwitchBlock.Rdi ? block->SecondRdi : block->In[i];
            if (block->Out[i] != wanted)
            {
                outcome.General++;
                Note(ref outcome, i, wanted, block->Out[i]);
            }
        }

        if (operation is SwitchOperation.Loop or SwitchOperation.Call or SwitchOperation.Twice or SwitchOperation.Fault)
        {
            const ulong interrupt = 0x200, seen = 0x204cd5;
            outcome.Flags += ((block->InFlags | interrupt) & (seen | interrupt)) != (block->OutFlags & (seen | interrupt)) ? 1ul : 0;
        }

        outcome.Vectors += SwitchVectors.Differences(block->VectorsIn, block->VectorsOut, block->Components);
    }

    /// <summary>Keeps the first difference.</summary>
    public static void Note(ref SwitchOutcome outcome, ulong where, ulong wanted, ulong found)
    {
        if (outcome.Wanted == 0 && outcome.Found == 0)
        {
            outcome.Where = where;
            outcome.Wanted = wanted;
            outcome.Found = found;
        }
    }
}
