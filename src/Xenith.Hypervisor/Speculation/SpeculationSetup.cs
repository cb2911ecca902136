using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Console;
using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;

namespace Xenith.Hypervisor.Speculation;

/// <summary>The host's measures against speculation, chosen once while booting, carried out on each CPU.</summary>
public sealed class SpeculationSetup
{
    private const uint SpecCtrlMsr = 0x48, PredictorCommand = 0x49, TsxControlMsr = 0x122;
    private const ulong Ibpb = 1, AutomaticIbrs = 1 << 21;

    private readonly Mfn[] _roots = new Mfn[256];
    private SpeculationPolicy _policy;
    private bool _hasTsxControl;

    /// <summary>Reads what the boot CPU says, decides, reports, and puts the guarded ways into the code if they are needed. Before any other CPU and any guest.</summary>
    internal static SpeculationSetup Choose(ConsoleLog log, in HypervisorOptions options)
    {
        SpeculationFeatures cpu = SpeculationFeatures.Read();
        SpeculationSetup setup = new() { _policy = SpeculationPolicy.Choose(cpu, in options), _hasTsxControl = cpu.Can(SpeculationFeatures.TsxCtrl) };
        for (int i = 0; i < setup._roots.Length; i++)
            setup._roots[i] = Mfn.Invalid;
        SpeculationReport.Print(log, in cpu, in setup._policy);
        if (setup._policy.NeedsGuards)
            Guards.Enable();
        return setup;
    }

    /// <summary>What is done.</summary>
    internal ref readonly SpeculationPolicy Policy => ref _policy;

    /// <summary>Takes memory for the root of a CPU whose block begins at an address, if it needs one. False if there is none. After the image has got its final rights.</summary>
    internal bool TryPrepareCpu(PageAllocator allocator, uint cpu, ulong block)
    {
        if ((!_policy.IsolatesDom0 && !_policy.IsolatesDomU) || !_roots[cpu].IsInvalid)
            return true;
        return CpuRoot.TryCreate(allocator, block, out _roots[cpu]);
    }

    /// <summary>Sets up the CPU that runs this, which has been prepared.</summary>
    internal void ConfigureCpu()
    {
        if (_hasTsxControl)
            Cpu.TryWriteMsr(TsxControlMsr, _policy.TsxControl);
        if (_policy.UsesAutomaticIbrs)
            Cpu.TryWriteMsr(Msr.Efer, Cpu.ReadMsr(Msr.Efer) | AutomaticIbrs);
        if (_policy.SpecCtrl != 0)
            Cpu.TryWriteMsr(SpecCtrlMsr, _policy.SpecCtrl);
        if (Guards.IsEnabled)
            Guards.ConfigureCpu(_policy.Guards, _policy.SpecCtrl, _roots[PerCpu.Id]);
    }

    /// <summary>
    /// Another vCPU than the last has been loaded on this CPU: whose branch predictions the new one must not follow, and on which root it runs. Call it when the vCPU's own root is in
    /// CR3, interrupts off.
    /// </summary>
    internal void OnSwitch(Vcpu next)
    {
        if (_policy.UsesIbpb)
            Cpu.WriteMsr(PredictorCommand, Ibpb);
        if (Guards.IsEnabled)
            Guards.Isolate(next.Domain.IsPrivileged ? _policy.IsolatesDom0 : _policy.IsolatesDomU);
    }
}
