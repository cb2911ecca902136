using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xenith.Build;
using Xunit;

namespace Xenith.Cli.Tests;

/// <summary>The build finds methods that have to stay functions of their own and are not marked so.</summary>
public sealed class NotInlinedTests
{
    private const string Sound = """
        using System.Runtime.CompilerServices;
        static unsafe class Layout
        {
            [MethodImpl(MethodImplOptions.InternalCall)] static extern void first();
            [MethodImpl(MethodImplOptions.InternalCall)] static extern void last();
            static ulong First { [MethodImpl(MethodImplOptions.NoInlining)] get => (ulong)(delegate*<void>)&first; }
            [MethodImpl(MethodImplOptions.NoInlining)] static ulong Last(int x) { switch (x) { case 0: return 1; case 1: return 3; case 2: return 7; case 3: return 9; } return (ulong)(delegate*<void>)&last; }
            static void Own() { }
            static bool Other() => (delegate*<void>)&Own == null;
        }
        struct MmioRegion { [MethodImpl(MethodImplOptions.NoInlining)] public uint Read32() => 0; public void Write32() { } }
        """;

    [Fact]
    public void Marked_methods_pass() => Assert.Empty(Check(Sound));

    [Fact]
    public void A_getter_that_may_be_inlined_fails() =>
        Assert.StartsWith("Layout.get_First takes the address of a linker symbol", Assert.Single(Check(Sound.Replace("First { [MethodImpl(MethodImplOptions.NoInlining)]", "First {", StringComparison.Ordinal))), StringComparison.Ordinal);

    [Fact]
    public void Two_symbols_in_one_method_fail() =>
        Assert.StartsWith("Layout.Last takes the addresses of 2 linker symbols", Assert.Single(Check(Sound.Replace("return (ulong)(", "return (ulong)(delegate*<void>)&first - (ulong)(", StringComparison.Ordinal))), StringComparison.Ordinal);

    [Fact]
    public void A_read_of_a_device_that_may_be_inlined_fails() =>
        Assert.StartsWith("MmioRegion.Read16 reads a device's register", Assert.Single(Check(Sound.Replace("public void Write32", "public uint Read16() => 0; public void Write32", StringComparison.Ordinal))), StringComparison.Ordinal);

    [Fact]
    public void A_check_that_finds_nothing_to_check_fails() =>
        Assert.StartsWith("no method MmioRegion.Read", Assert.Single(Check(Sound.Replace("MmioRegion", "Device", StringComparison.Ordinal))), StringComparison.Ordinal);

    private static List<string> Check(string source)
    {
        string path = Path.GetTempFileName();
        try
        {
            var compilation = CSharpCompilation.Create(
                "Checked", [CSharpSyntaxTree.ParseText(source)], [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, optimizationLevel: OptimizationLevel.Release));
            var emitted = compilation.Emit(path);
            Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
            return [.. NotInlined.Check([path])];
        }
        finally
        {
            File.Delete(path);
        }
    }
}
