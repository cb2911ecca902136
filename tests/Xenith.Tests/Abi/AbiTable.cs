// The tables in Tables/ put our names beside Xen's. One line is one claim that the test checks:
//
//   header xen/vcpu.h                              the C program includes this header
//   value VcpuOp.Up = VCPUOP_up                    the constant equals the C expression
//   struct VcpuInfo = struct vcpu_info             64-bit layout: same size, and each member below it has
//       EvtchnUpcallPending = evtchn_upcall_pending   the same offset and size
//   struct X = both struct x                       the layout is the same for 32-bit callers, and that is checked too
//   struct CompatX = m32 struct x                  our structure is the 32-bit layout
//       Flags = @30:1                              a member that C writes as bit fields: offset and size by hand

using System.Reflection;

namespace Xenith.Tests.Abi;

internal enum Width
{
    Native,
    Both,
    Compat,
}

internal sealed record MemberRow(string Name, string CPath);

internal sealed record StructRow(string Name, Width Width, string CType, List<MemberRow> Members);

internal sealed record ValueRow(string Name, string CExpression);

internal sealed class AbiTable
{
    public required string Name { get; init; }

    public List<string> Headers { get; } = [];

    public List<ValueRow> Values { get; } = [];

    public List<StructRow> Structs { get; } = [];

    /// <summary>Every class of this assembly that holds a <c>Rows</c> constant.</summary>
    public static IReadOnlyList<AbiTable> All { get; } = typeof(AbiTable).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(AbiTable).Namespace && type.Name.EndsWith("Table", StringComparison.Ordinal))
        .Select(type => (type, rows: type.GetField("Rows", BindingFlags.Public | BindingFlags.Static)))
        .Where(pair => pair.rows is not null)
        .OrderBy(pair => pair.type.Name, StringComparer.Ordinal)
        .Select(pair => Parse(pair.type.Name, (string)pair.rows!.GetRawConstantValue()!))
        .ToList();

    private static AbiTable Parse(string name, string rows)
    {
        var table = new AbiTable { Name = name };
        foreach (string line in rows.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            table.Add(line);
        return table;
    }

    private void Add(string line)
    {
        string text = line.Trim();
        if (text.StartsWith("header ", StringComparison.Ordinal))
        {
            Headers.Add(text["header ".Length..]);
            return;
        }

        string[] sides = text.Split(" = ", 2);
        if (text.StartsWith("value ", StringComparison.Ordinal))
            Values.Add(new ValueRow(sides[0]["value ".Length..], sides[1]));
        else if (text.StartsWith("struct ", StringComparison.Ordinal))
            Structs.Add(ParseStruct(sides[0]["struct ".Length..], sides[1]));
        else
            Structs[^1].Members.Add(new MemberRow(sides[0], sides[1]));
    }

    private static StructRow ParseStruct(string name, string type)
    {
        if (type.StartsWith("both ", StringComparison.Ordinal))
            return new StructRow(name, Width.Both, type["both ".Length..], []);
        if (type.StartsWith("m32 ", StringComparison.Ordinal))
            return new StructRow(name, Width.Compat, type["m32 ".Length..], []);
        return new StructRow(name, Width.Native, type, []);
    }
}
