// Xenith.Abi against the real headers. Structures that guests and tools share with the hypervisor must have
// exactly Xen's layout, and nothing may be declared that the tables do not name, so that a new structure cannot
// slip in unproved.

using System.Globalization;
using System.Reflection;
using Xenith.Abi;
using Xunit;

namespace Xenith.Tests.Abi;

public sealed class AbiLayoutTests
{
    private static readonly Assembly Abi = typeof(StartInfo).Assembly;

    public static TheoryData<string> Tables => new(AbiTable.All.Select(table => table.Name));

    [Theory]
    [MemberData(nameof(Tables))]
    public void Structures_have_the_layout_of_the_C_headers(string table) => CompareStructures(table, compat: false);

    [Theory]
    [MemberData(nameof(Tables))]
    public void Structures_for_32_bit_callers_have_the_layout_of_the_C_headers(string table) => CompareStructures(table, compat: true);

    [Theory]
    [MemberData(nameof(Tables))]
    public void Numbers_equal_the_C_constants(string table)
    {
        HeaderProbe probe = Ready(HeaderProbe.Native);
        List<string> wrong = [];
        foreach (ValueRow row in Find(table).Values)
        {
            (long ours, int bits) = OurValue(row.Name);
            long mask = bits == 64 ? -1 : (1L << bits) - 1;
            if ((ours & mask) != (probe.Values[row.Name] & mask))
                wrong.Add($"{row.Name} is {ours}, {row.CExpression} is {probe.Values[row.Name]}");
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_structure_and_field_has_a_row()
    {
        Dictionary<string, StructRow> rows = AbiTable.All.SelectMany(table => table.Structs).ToDictionary(row => row.Name);
        List<string> wrong = [];
        foreach (Type type in Abi.GetExportedTypes().Where(type => type.IsValueType && !type.IsEnum && !type.IsGenericType))
        {
            if (!rows.TryGetValue(type.Name, out StructRow? row))
                wrong.Add($"{type.Name} has no row");
            else
                wrong.AddRange(Fields(type).Where(field => row.Members.All(member => member.Name != field.Name)).Select(field => $"{type.Name}.{field.Name} has no row"));
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_number_has_a_row()
    {
        HashSet<string> rows = AbiTable.All.SelectMany(table => table.Values).Select(row => row.Name).ToHashSet();
        IEnumerable<string> ours = Abi.GetExportedTypes().SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.IsLiteral).Select(field => $"{field.DeclaringType!.Name}.{field.Name}");
        Assert.DoesNotContain(ours, name => !rows.Contains(name));
    }

    [Fact]
    public void Handles_are_as_wide_as_the_callers_pointers()
    {
        Assert.Equal(8, Layout.SizeOf(typeof(GuestHandle<byte>)));
        Assert.Equal(8, Layout.SizeOf(typeof(GuestHandle<StartInfo>)));
        Assert.Equal(4, Layout.SizeOf(typeof(CompatHandle<ulong>)));
    }

    private static void CompareStructures(string table, bool compat)
    {
        StructRow[] rows = Find(table).Structs.Where(row => HeaderProbe.Covers(row, compat)).ToArray();
        if (rows.Length == 0)
            return;
        HeaderProbe probe = Ready(compat ? HeaderProbe.Compat : HeaderProbe.Native);
        List<string> wrong = [];
        foreach (StructRow row in rows)
        {
            Type? type = Abi.GetType("Xenith.Abi." + row.Name);
            if (type is null)
                wrong.Add($"{row.Name} does not exist");
            else
                Compare(row, type, probe, wrong);
        }

        Assert.Empty(wrong);
    }

    private static void Compare(StructRow row, Type type, HeaderProbe probe, List<string> wrong)
    {
        if (Layout.SizeOf(type) != probe.Sizes[row.Name])
            wrong.Add($"{row.Name} has {Layout.SizeOf(type)} bytes, {row.CType} has {probe.Sizes[row.Name]}");
        foreach (MemberRow member in row.Members)
        {
            FieldInfo? field = type.GetField(member.Name);
            if (field is null)
            {
                wrong.Add($"{row.Name}.{member.Name} does not exist");
                continue;
            }

            (int offset, int size) = member.CPath.StartsWith('@') ? ByHand(member.CPath) : probe.Members[$"{row.Name}.{member.Name}"];
            if (Layout.OffsetOf(field) != offset || Layout.SizeOf(field.FieldType) != size)
                wrong.Add($"{row.Name}.{member.Name} is at {Layout.OffsetOf(field)}, {Layout.SizeOf(field.FieldType)} bytes; {member.CPath} is at {offset}, {size} bytes");
        }
    }

    private static (int Offset, int Size) ByHand(string path)
    {
        string[] numbers = path[1..].Split(':');
        return (int.Parse(numbers[0], CultureInfo.InvariantCulture), int.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    private static (long Value, int Bits) OurValue(string name)
    {
        string[] parts = name.Split('.');
        FieldInfo? field = Abi.GetType("Xenith.Abi." + parts[0])?.GetField(parts[1]);
        Assert.True(field is not null, $"{name} does not exist");
        object value = field.GetRawConstantValue()!;
        long number = value is ulong large ? unchecked((long)large) : Convert.ToInt64(value, CultureInfo.InvariantCulture);
        return (number, Layout.SizeOf(value.GetType()) * 8);
    }

    private static HeaderProbe Ready(HeaderProbe probe)
    {
        Assert.SkipWhen(probe.Unavailable is not null, probe.Unavailable ?? "");
        Assert.True(probe.Failure is null, probe.Failure);
        return probe;
    }

    private static AbiTable Find(string name) => AbiTable.All.Single(table => table.Name == name);

    private static IEnumerable<FieldInfo> Fields(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance);
}
