using Xenith.Cli.Emulation;

namespace Xenith.Cli.Testing.Scenarios;

/// <summary>What firmware says about the machine: NUMA nodes are found and used, IOMMUs are found; tables that are missing or damaged are a line in the log, and dom0 boots all the same.</summary>
internal sealed class FirmwareTables : Scenario
{
    public override string Name => "firmware-tables";

    public override string Point => "NUMA nodes and IOMMUs are found, clocks agree, and a machine with missing or damaged tables boots";

    public override IEnumerable<TestCase> Cases(Scale scale) => scale == Scale.Full
        ? [TwoNodes(), Uneven(), .. Odd()]
        : [TwoNodes(), .. Odd().Take(2)];

    /// <summary>Two nodes of different size, with the distances that the machine states; memory is counted by the debug key.</summary>
    private static TestCase TwoNodes() => Case("two NUMA nodes", Nodes(512, 512, "val=23"), 1024,
        "SRAT: Node 0 PXM 0 [0000000000100000, 000000001fffffff]", "SRAT: Node 1 PXM 1 [0000000020000000, 000000003fffffff]",
        "NUMA: Using 17 for the hash shift.", "Platform timer is 100.000MHz HPET");

    private static TestCase Uneven() => Case("two nodes, the first one small", Nodes(128, 896, "val=40"), 1024,
        "SRAT: Node 1 PXM 1 [0000000008000000, 000000003fffffff]", "NUMA: Using 15 for the hash shift.");

    private static IEnumerable<TestCase> Odd() =>
    [
        Case("the BIOS's own ACPI tables", ["-no-acpi"], 1024, "ACPI: SSDT", "Using ACPI (MADT) for SMP configuration information", "No NUMA configuration found"),
        Case("an Intel IOMMU", ["-machine", "q35,kernel-irqchip=split", "-device", "intel-iommu,intremap=on"], 1024,
            "[VT-D]found ACPI_DMAR_DRHD: segment 0000, address = fed90000", "I/O virtualisation disabled", "1 IOMMUs are there and not used"),
        Case("an AMD IOMMU", ["-device", "amd-iommu"], 1024, "AMD-Vi: IOMMU 0: device 0000:00:0", "I/O virtualisation disabled"),
        Case("no HPET", ["-machine", "q35,hpet=off"], 1024, "Platform timer is 3.579MHz ACPI PM Timer"),
        Case("an SRAT that is too short", ["-acpitable", "sig=SRAT,data=/dev/null"], 1024, "No NUMA configuration found"),
        Case("an odd amount of memory", [], 777, "System RAM: 776MB"),
    ];

    private static string[] Nodes(int first, int second, string distance) =>
    [
        "-object", $"memory-backend-ram,id=m0,size={first}M", "-object", $"memory-backend-ram,id=m1,size={second}M",
        "-numa", "node,nodeid=0,cpus=0,memdev=m0", "-numa", "node,nodeid=1,memdev=m1", "-numa", $"dist,src=0,dst=1,{distance}",
    ];

    private static TestCase Case(string name, string[] arguments, int mebibytes, params string[] expected) => new(name, async bench =>
    {
        var settings = bench.Standard with
        {
            MemoryMiB = mebibytes, HypervisorOptions = "loglvl=all", ExtraArguments = arguments, Modules = new BootModules(bench.KernelFile, BootModules.None),
        };
        // dom0's first words are enough: it has been built in that memory, and runs.
        var end = await bench.WatchAsync(settings, line => line.Contains("Linux version", StringComparison.Ordinal), TimeSpan.FromSeconds(180));
        var missing = expected.Where(wanted => !end.Log.Any(line => line.Contains(wanted, StringComparison.Ordinal))).ToList();
        TestBench.Check(missing.Count == 0, $"not in the log: {string.Join("; ", missing)}\n{string.Join('\n', end.Log.TakeLast(60))}");
        TestBench.Check(end.Log.Any(line => line.Contains("Linux version", StringComparison.Ordinal)), $"dom0 did not start: {end.Cause}\n{string.Join('\n', end.Log.TakeLast(20))}");
        bench.Note($"{end.Log.Count} lines");
    });
}
