// A second copy of the hypervisor in this process, with trap points in it: and of everything that was compiled against it, these tests too, so that they use that copy.

using System.Reflection;
using System.Runtime.Loader;

namespace Xenith.Tests.Faults;

/// <summary>Loads the woven hypervisor, and the other assemblies of the project a second time.</summary>
internal sealed class WovenAssemblies : AssemblyLoadContext
{
    private static readonly Lazy<WovenAssemblies> s_instance = new(() => new());

    private readonly string _folder = Path.GetDirectoryName(typeof(WovenAssemblies).Assembly.Location)!;
    private readonly TrapPointWeaver _weaver = new();
    private readonly byte[] _hypervisor;

    private WovenAssemblies() : base("woven") => _hypervisor = _weaver.Weave(Path.Combine(_folder, "Xenith.Hypervisor.dll"));

    public static WovenAssemblies Instance => s_instance.Value;

    /// <summary>All points.</summary>
    public IReadOnlyList<TrapSite> Sites => _weaver.Sites;

    /// <summary>A static method of this assembly as it is in the copy.</summary>
    public T Method<T>(Type type, string name) where T : Delegate =>
        LoadFromAssemblyName(type.Assembly.GetName()).GetType(type.FullName!, true)!.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.CreateDelegate<T>();

    protected override Assembly? Load(AssemblyName name)
    {
        if (name.Name == "Xenith.Hypervisor")
            return LoadFromStream(new MemoryStream(_hypervisor));
        string path = Path.Combine(_folder, $"{name.Name}.dll");
        return name.Name!.StartsWith("Xenith.", StringComparison.Ordinal) && File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
