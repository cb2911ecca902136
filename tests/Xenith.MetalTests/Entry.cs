using System.Runtime;

namespace Xenith.MetalTests;

internal static class Entry
{
    [RuntimeExport("boot_main")]
    private static void Main(uint loaderMagic, uint bootInformation)
    {
        SpanTests.Run();
        NumberTests.Run();
        AtomicTests.Run();
        LanguageTests.Run();
        ArenaTests.Run();
        BacktraceTests.Run();
        Check.Report();
    }
}
