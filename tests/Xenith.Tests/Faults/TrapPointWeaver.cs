// Puts a trap point in front of every call from the hypervisor into Machine. Done in the compiled assembly: so no call can be forgotten, and the sources know nothing of it.
//
// Calls that can neither trap nor touch anything but their own arguments (the arithmetic of a frame number, a flag of a page-table entry) are no points; which those are is
// found out from their code and not from a list.

using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Xenith.Tests.Faults;

/// <summary>A point: the method that it lies in and what is called there.</summary>
internal readonly record struct TrapSite(string Method, string Callee);

internal sealed class TrapPointWeaver
{
    private const string Machine = "Xenith.Machine", Hook = "Xenith.Machine.Simulation.TrapPoints";

    private readonly Dictionary<MethodDefinition, bool> _harmless = [];

    /// <summary>All points, by number.</summary>
    public List<TrapSite> Sites { get; } = [];

    /// <summary>The hypervisor's assembly with points in it.</summary>
    public byte[] Weave(string hypervisor)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(hypervisor));
        using var assembly = AssemblyDefinition.ReadAssembly(hypervisor, new ReaderParameters { AssemblyResolver = resolver });
        ModuleDefinition module = assembly.MainModule;
        TypeDefinition hook = resolver.Resolve(module.AssemblyReferences.Single(reference => reference.Name == Machine)).MainModule.GetType(Hook);
        MethodReference called(string name) => module.ImportReference(hook.Methods.Single(method => method.Name == name));
        MethodReference pass = called("Pass"), enterCommit = called("EnterCommit"), leaveCommit = called("LeaveCommit");
        foreach (MethodDefinition method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            Weave(method, pass);
            if (method.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "CommitAttribute"))
                Bracket(method, enterCommit, leaveCommit);
        }
        using var woven = new MemoryStream();
        assembly.Write(woven);
        return woven.ToArray();
    }

    /// <summary>A [Commit] method says when it begins and ends: the points of what it calls in between are its own, as the build checks that, too.</summary>
    private static void Bracket(MethodDefinition method, MethodReference enter, MethodReference leave)
    {
        method.Body.SimplifyMacros();
        ILProcessor code = method.Body.GetILProcessor();
        foreach (Instruction end in method.Body.Instructions.Where(instruction => instruction.OpCode.Code == Code.Ret).ToArray())
        {
            (end.OpCode, end.Operand) = (OpCodes.Call, leave);
            code.InsertAfter(end, Instruction.Create(OpCodes.Ret));
        }
        code.InsertBefore(method.Body.Instructions[0], Instruction.Create(OpCodes.Call, enter));
        method.Body.OptimizeMacros();
    }

    private void Weave(MethodDefinition method, MethodReference pass)
    {
        Instruction[] calls = [.. method.Body.Instructions.Where(IsPoint)];
        if (calls.Length == 0)
            return;
        // Short branches might no longer reach.
        method.Body.SimplifyMacros();
        foreach (Instruction call in calls)
        {
            int site = Sites.Count;
            Sites.Add(new TrapSite(method.FullName, ((MethodReference)call.Operand).FullName));
            // A prefix belongs to its call.
            Instruction at = call;
            while (at.Previous is { OpCode.OpCodeType: OpCodeType.Prefix })
                at = at.Previous;
            // The instruction itself becomes the point and a copy of it follows: so whoever jumps to it passes the point.
            Instruction copy = Instruction.Create(OpCodes.Nop);
            (copy.OpCode, copy.Operand) = (at.OpCode, at.Operand);
            (at.OpCode, at.Operand) = (OpCodes.Ldc_I4, site);
            ILProcessor code = method.Body.GetILProcessor();
            code.InsertAfter(at, copy);
            code.InsertAfter(at, Instruction.Create(OpCodes.Call, pass));
        }
        method.Body.OptimizeMacros();
    }

    private bool IsPoint(Instruction instruction) =>
        instruction.OpCode.Code is Code.Call or Code.Callvirt or Code.Newobj && instruction.Operand is MethodReference callee
        && callee.DeclaringType.Scope.Name == Machine && callee.Resolve() is { } method && !IsHarmless(method);

    /// <summary>True if a method computes something from its arguments and can do nothing else.</summary>
    private bool IsHarmless(MethodDefinition method)
    {
        if (_harmless.TryGetValue(method, out bool known))
            return known;
        // Until it is known, a method that calls itself is not.
        _harmless[method] = false;
        return _harmless[method] = method.HasBody && method.DeclaringType.IsValueType && method.Body.Instructions.All(IsHarmless);
    }

    private bool IsHarmless(Instruction instruction)
    {
        switch (instruction.OpCode.Code)
        {
            case Code.Call:
            case Code.Newobj:
                return instruction.Operand is MethodReference { DeclaringType.Scope.Name: not "System.Runtime" } callee && callee.Resolve() is { } method
                    && method.DeclaringType.IsValueType && IsHarmless(method);
            case Code.Ldfld:
            case Code.Ldflda:
            case Code.Stfld:
                return ((FieldReference)instruction.Operand).DeclaringType.Resolve().IsValueType;
            case Code.Callvirt:
            case Code.Calli:
            case Code.Ldsfld:
            case Code.Ldsflda:
            case Code.Stsfld:
            case Code.Div:
            case Code.Div_Un:
            case Code.Rem:
            case Code.Rem_Un:
            case Code.Throw:
            case Code.Newarr:
            case Code.Localloc:
            case Code.Castclass:
            case Code.Unbox:
            case Code.Unbox_Any:
            case Code.Box:
                return false;
            default:
                string name = instruction.OpCode.Name;
                return !name.Contains(".ovf", StringComparison.Ordinal) && !name.StartsWith("ldelem", StringComparison.Ordinal) && !name.StartsWith("stelem", StringComparison.Ordinal)
                    && !name.StartsWith("ldind", StringComparison.Ordinal) && !name.StartsWith("stind", StringComparison.Ordinal);
        }
    }
}
