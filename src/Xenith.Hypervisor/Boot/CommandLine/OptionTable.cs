// Every option of Xen 4.17's command-line document that means something on x86, one a line: name, whether it changes anything today, and what its value may
// be. The parser takes names and the shape of values from here; a hosted test holds docs/command-line.md against the same lines. Who makes an option
// effective changes its '-' to a '+'.
//
// Values: bool, int, size, text (anything), any other word stands for itself. `list` in front: several of the words after it, between commas; there a word
// is a boolean of its own (`word`, `no-word`, `word=yes`), and `word=` or `word:` takes anything behind it.

using System;

namespace Xenith.Hypervisor.Boot;

/// <summary>One line of the table.</summary>
internal readonly ref struct OptionRow(ReadOnlySpan<byte> name, bool hasEffect, ReadOnlySpan<byte> values)
{
    internal ReadOnlySpan<byte> Name { get; } = name;

    /// <summary>Whether giving the option changes anything in this hypervisor.</summary>
    internal bool HasEffect { get; } = hasEffect;

    /// <summary>What its value may be.</summary>
    internal ReadOnlySpan<byte> Values { get; } = values;
}

/// <summary>The table and the walk over it.</summary>
internal ref struct OptionTable
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts at the first line.</summary>
    public OptionTable() => _rest = Lines;

    internal OptionRow Current { get; private set; }

    /// <summary>Finds an option by its name, as written or without a leading "no-".</summary>
    internal static bool TryFind(Option option, out OptionRow row)
    {
        OptionTable table = new();
        while (table.MoveNext())
        {
            row = table.Current;
            if (row.Name.SequenceEqual(option.Name) || row.Name.SequenceEqual(option.WrittenName) || HasIndex(row.Name, option.Name))
                return true;
        }
        row = default;
        return false;
    }

    internal bool MoveNext()
    {
        if (_rest.IsEmpty)
            return false;
        int end = _rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? _rest : _rest.Slice(0, end);
        _rest = end < 0 ? default : _rest.Slice(end + 1);
        int blank = line.IndexOf((byte)' ');
        Current = new OptionRow(line.Slice(0, blank), line[blank + 1] == (byte)'+', line.Slice(blank + 3));
        return true;
    }

    /// <summary>`name[` in the table stands for `name[number]` on the command line.</summary>
    private static bool HasIndex(ReadOnlySpan<byte> row, ReadOnlySpan<byte> name) => row[^1] == (byte)'[' && name.StartsWith(row);

    private static ReadOnlySpan<byte> Lines =>
        "acpi - bool force ht noirq verbose\n"u8
        + "acpi_apic_instance - int\n"u8
        + "acpi_pstate_strict - bool\n"u8
        + "acpi_skip_timer_override - bool\n"u8
        + "acpi_sleep - list s3_bios s3_mode\n"u8
        + "allow_unsafe - bool\n"u8
        + "altp2m - bool\n"u8
        + "apic - bigsmp default\n"u8
        + "apicv - bool\n"u8
        + "apic_verbosity - verbose debug\n"u8
        + "arat - bool\n"u8
        + "argo - list bool mac-permissive\n"u8
        + "asid - bool\n"u8
        + "async-show-all - bool\n"u8
        + "ats - bool\n"u8
        + "availmem + size\n"u8
        + "badpage + text\n"u8
        + "bootscrub + bool idle\n"u8
        + "bootscrub_chunk - size\n"u8
        + "cet - list bool shstk ibt\n"u8
        + "clocksource + text\n"u8
        + "cmci-threshold - int\n"u8
        + "cmos-rtc-probe - bool\n"u8
        + "com1 + text\n"u8
        + "com2 + text\n"u8
        + "conring_size + size\n"u8
        + "console + text\n"u8
        + "console_timestamps + text\n"u8
        + "console_to_ring + bool\n"u8
        + "conswitch + text\n"u8
        + "core_parking - power performance\n"u8
        + "cpu_type - arch_perfmon\n"u8
        + "cpufreq - text\n"u8
        + "cpuid - text\n"u8
        + "cpuid_mask_cpu - text\n"u8
        + "cpuid_mask_ecx - int\n"u8
        + "cpuid_mask_edx - int\n"u8
        + "cpuid_mask_ext_ecx - int\n"u8
        + "cpuid_mask_ext_edx - int\n"u8
        + "cpuid_mask_l7s0_eax - int\n"u8
        + "cpuid_mask_l7s0_ebx - int\n"u8
        + "cpuid_mask_thermal_ecx - int\n"u8
        + "cpuid_mask_xsave_eax - int\n"u8
        + "cpuidle - bool\n"u8
        + "cpuinfo - bool\n"u8
        + "crash-debug-debugkey - text\n"u8
        + "crash-debug-hwdom - text\n"u8
        + "crash-debug-kexeccmd - text\n"u8
        + "crash-debug-panic - text\n"u8
        + "crash-debug-watchdog - text\n"u8
        + "crashinfo_maxaddr - size\n"u8
        + "crashkernel - text\n"u8
        + "credit2_balance_over - int\n"u8
        + "credit2_balance_under - int\n"u8
        + "credit2_cap_period_ms - int\n"u8
        + "credit2_load_precision_shift - int\n"u8
        + "credit2_load_window_shift - int\n"u8
        + "credit2_runqueue - cpu core socket node all\n"u8
        + "dbgp - text\n"u8
        + "debug_stack_lines - int\n"u8
        + "debugtrace - text\n"u8
        + "dit - bool\n"u8
        + "dma_bits - int\n"u8
        + "dom0 - list pv pvh shadow verbose cpuid-faulting msr-relaxed\n"u8
        + "dom0-cpuid - text\n"u8
        + "dom0-iommu - list passthrough strict map-inclusive map-reserved none\n"u8
        + "dom0_ioports_disable - text\n"u8
        + "dom0_max_vcpus + text\n"u8
        + "dom0_mem + text\n"u8
        + "dom0_nodes - text\n"u8
        + "dom0_vcpus_pin + bool\n"u8
        + "e820-mtrr-clip - bool\n"u8
        + "e820-verbose - bool\n"u8
        + "edd - bool skipmbr\n"u8
        + "edid - bool force\n"u8
        + "efi - list bool rs attr=\n"u8
        + "ept - list ad pml exec-sp\n"u8
        + "extra_guest_irqs - text\n"u8
        + "flask - permissive enforcing late disabled\n"u8
        + "font - 8x8 8x14 8x16\n"u8
        + "force-ept - bool\n"u8
        + "gdb - text\n"u8
        + "global-pages + bool\n"u8
        + "gnttab - list max-ver: transitive transfer\n"u8
        + "gnttab_max_frames - int\n"u8
        + "gnttab_max_maptrack_frames - int\n"u8
        + "guest_loglvl + text\n"u8
        + "hap - bool\n"u8
        + "hap_1gb - bool\n"u8
        + "hap_2mb - bool\n"u8
        + "hardware_dom - int\n"u8
        + "hest_disable - bool\n"u8
        + "highmem-start - size\n"u8
        + "hpet + text\n"u8
        + "hpetbroadcast - bool\n"u8
        + "hvm_debug - int\n"u8
        + "hvm_fep - bool\n"u8
        + "hvm_port80 - bool\n"u8
        + "idle_latency_factor - int\n"u8
        + "invpcid - bool\n"u8
        + "ioapic_ack - old new\n"u8
        + "iommu + text\n"u8
        + "iommu_dev_iotlb_timeout - int\n"u8
        + "iommu_inclusive_mapping - bool\n"u8
        + "irq-max-guests + int\n"u8
        + "irq_ratelimit + int\n"u8
        + "irq_vector_map - global per-device none\n"u8
        + "ivmd - text\n"u8
        + "ivrs_hpet[ - text\n"u8
        + "ivrs_ioapic[ - text\n"u8
        + "kexec - text\n"u8
        + "lapic - bool\n"u8
        + "lapic_timer_c2_ok - bool\n"u8
        + "ler - bool\n"u8
        + "loglvl + text\n"u8
        + "low_crashinfo - bool none min all\n"u8
        + "low_mem_virq_limit - size\n"u8
        + "max_cstate - text\n"u8
        + "max_gsi_irqs - int\n"u8
        + "maxcpus + int\n"u8
        + "mce - bool\n"u8
        + "mce_fb - bool\n"u8
        + "mce_verbosity - verbose\n"u8
        + "mem + size\n"u8
        + "memop-max-order - text\n"u8
        + "mmcfg + list bool amd-fam10\n"u8
        + "mmio-relax - bool all\n"u8
        + "msi + bool\n"u8
        + "mtrr.show - bool\n"u8
        + "mwait-idle - bool\n"u8
        + "nmi + ignore dom0 fatal\n"u8
        + "no-real-mode - bool\n"u8
        + "noapic - bool\n"u8
        + "noirqbalance + bool\n"u8
        + "nolapic - bool\n"u8
        + "noreboot + bool\n"u8
        + "nosmp + bool\n"u8
        + "nr_irqs - int\n"u8
        + "numa + bool noacpi fake=\n"u8
        + "pci - list serr perr\n"u8
        + "pci-phantom - text\n"u8
        + "pcid - bool xpti no-xpti xpti=\n"u8
        + "pku - bool\n"u8
        + "placeholder - text\n"u8
        + "ple_gap - int\n"u8
        + "ple_window - int\n"u8
        + "preferred-cstates - text\n"u8
        + "psr - text\n"u8
        + "pv - list 32\n"u8
        + "pv-l1tf - list bool dom0 domu\n"u8
        + "pv-linear-pt - bool\n"u8
        + "pv-shim - bool\n"u8
        + "rcu-idle-timer-period-ms - int\n"u8
        + "reboot + text\n"u8
        + "rmrr - text\n"u8
        + "ro-hpet + bool\n"u8
        + "sched + text\n"u8
        + "sched-gran - cpu core socket\n"u8
        + "sched_credit2_max_cpus_runqueue - int\n"u8
        + "sched_credit2_migrate_resist - int\n"u8
        + "sched_credit_tslice_ms + int\n"u8
        + "sched_ratelimit_us + int\n"u8
        + "sched_smt_power_savings - bool\n"u8
        + "scrub-domheap - bool\n"u8
        + "serial_tx_buffer - size\n"u8
        + "shim_mem - text\n"u8
        + "smap + text\n"u8
        + "smep + text\n"u8
        + "smt - bool\n"u8
        + "snb_igd_quirk - bool cap int\n"u8
        + "spec-ctrl + text\n"u8
        + "sync_console + bool\n"u8
        + "tboot - int\n"u8
        + "tbuf_size - int\n"u8
        + "tdt + bool\n"u8
        + "tevt_mask - int\n"u8
        + "tickle_one_idle_cpu - bool\n"u8
        + "timer_slop - int\n"u8
        + "tsc - unstable skewed stable:socket\n"u8
        + "tsx + bool\n"u8
        + "ucode - list int scan nmi allow-same digest-check\n"u8
        + "unrestricted_guest - bool\n"u8
        + "vcpu_migration_delay + int\n"u8
        + "vesa-ram - int\n"u8
        + "vga + text\n"u8
        + "viridian-spinlock-retry-count - int\n"u8
        + "viridian-version - text\n"u8
        + "vm-notify-window - int\n"u8
        + "vpid - bool\n"u8
        + "vpmu - list bool bts ipc arch rtm-abort\n"u8
        + "watchdog + text\n"u8
        + "watchdog_timeout + int\n"u8
        + "x2apic + bool\n"u8
        + "x2apic-mode - physical cluster mixed\n"u8
        + "x2apic_phys - bool\n"u8
        + "xpti + text\n"u8
        + "xsave - bool\n"u8
        + "xsm - dummy flask silo"u8;
}
