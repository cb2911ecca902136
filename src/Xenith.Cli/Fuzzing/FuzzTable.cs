using Spectre.Console;

namespace Xenith.Cli.Fuzzing;

/// <summary>What the hypercalls of a run answered, one row each: a run in which everything is refused tests little.</summary>
internal static class FuzzTable
{
    /// <summary>Numbers that no call has are counted under this one.</summary>
    private const int Others = 64;

    private static readonly string[] Names =
    [
        "set_trap_table", "mmu_update", "set_gdt", "stack_switch", "set_callbacks", "fpu_taskswitch", "sched_op_compat", "platform_op", "set_debugreg", "get_debugreg", "update_descriptor", "11",
        "memory_op", "multicall", "update_va_mapping", "set_timer_op", "event_channel_op_compat", "xen_version", "console_io", "physdev_op_compat", "grant_table_op", "vm_assist",
        "update_va_mapping_otherdomain", "iret", "vcpu_op", "set_segment_base", "mmuext_op", "xsm_op", "nmi_op", "sched_op", "callback_op", "xenoprof_op", "event_channel_op", "physdev_op", "hvm_op",
        "sysctl", "domctl", "kexec_op", "tmem_op", "argo_op", "xenpmu_op", "dm_op", "hypfs_op", "43", "44", "45", "46", "47", "mca", "paging_domctl_cont",
    ];

    /// <summary>The rows of several processes together.</summary>
    public static Table Create(IEnumerable<FuzzTotals> totals)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("hypercall").AddColumn(new TableColumn("calls").RightAligned()).AddColumn(new TableColumn("done").RightAligned()).AddColumn("errors");
        foreach (var call in totals.SelectMany(total => total.Results).GroupBy(row => row.Call).OrderBy(call => call.Key))
        {
            var errors = call.Where(row => row.Error != 0).GroupBy(row => row.Error).Select(error => (error.Key, Count: error.Sum(row => row.Count))).OrderByDescending(error => error.Count);
            table.AddRow(
                Markup.Escape(Name(call.Key)), $"{call.Sum(row => row.Count):N0}", $"{call.Where(row => row.Error == 0).Sum(row => row.Count):N0}",
                Markup.Escape(string.Join("  ", errors.Select(error => $"-{error.Key}: {error.Count:N0}"))));
        }
        return table;
    }

    private static string Name(int call) => call < Names.Length ? Names[call] : call == Others ? "beyond the table" : call.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
