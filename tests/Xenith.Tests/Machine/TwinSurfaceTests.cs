// Xenith.Hypervisor is compiled against two assemblies with the same name. If they offered different things, one of the builds would
// break or, worse, mean something else. So whatever one shows, the other shows too.

using System.Reflection;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Machine;

public sealed class TwinSurfaceTests
{
    private const string Namespace = "Xenith.Machine";

    /// <summary>The build copies the metal assembly here; it is read, never loaded.</summary>
    private static string Metal => Path.Combine(AppContext.BaseDirectory, "metal", "Xenith.Machine.dll");

    [Fact]
    public void The_simulated_machine_offers_what_the_real_one_offers()
    {
        IReadOnlyList<string> metal = PublicSurface.Read(Metal, Namespace);
        IReadOnlyList<string> hosted = PublicSurface.Read(typeof(PerCpu).Assembly.Location, Namespace);
        Assert.NotEmpty(metal);
        Assert.Equal([], metal.Except(hosted).Select(line => "only on the metal: " + line));
        Assert.Equal([], hosted.Except(metal).Select(line => "only hosted: " + line));
    }

    [Fact]
    public void What_only_the_simulation_has_is_in_a_namespace_of_its_own()
    {
        IEnumerable<string?> others = typeof(PerCpu).Assembly.GetExportedTypes().Select(type => type.Namespace).Where(name => name != Namespace).Distinct();
        Assert.Equal(["System.Runtime", Namespace + ".Simulation"], others.Order());
    }
}
