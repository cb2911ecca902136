// The options of the hypervisor's command line, with the values that hold if nothing is said: real Xen's, except for the scheduler. One file for each
// subject holds its fields and reads its options; `OptionTable` names all of them.

using System.Runtime.InteropServices;

namespace Xenith.Hypervisor.Boot;

/// <summary>A switch that may also be left to the hypervisor.</summary>
internal enum SwitchOption : byte
{
    /// <summary>Nothing was said: the hypervisor decides.</summary>
    NotGiven,
    On,
    Off,
}

/// <summary>All options. <see cref="Default"/> is the state before the command line is read.</summary>
[StructLayout(LayoutKind.Auto)]
internal partial struct HypervisorOptions
{
    /// <summary>What holds if nothing is said.</summary>
    internal static HypervisorOptions Default
    {
        get
        {
            HypervisorOptions options = default;
            options.SetConsoleDefaults();
            options.SetProcessorDefaults();
            options.SetMemoryDefaults();
            options.SetSchedulingDefaults();
            options.SetSpeculationDefaults();
            return options;
        }
    }

    /// <summary>Applies an option. False if no value is kept for it; otherwise <paramref name="valid"/> says whether its value made sense.</summary>
    internal bool TryApply(Option option, out bool valid)
    {
        valid = false;
        return ApplyConsole(option, ref valid) || ApplyProcessors(option, ref valid) || ApplyMemory(option, ref valid)
            || ApplyScheduling(option, ref valid) || ApplySpeculation(option, ref valid);
    }
}
