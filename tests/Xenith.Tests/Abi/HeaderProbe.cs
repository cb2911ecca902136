// Asks the C compiler. A program is written that prints the size of every structure, the place of every member
// and the value of every constant that the tables name; gcc compiles it against the public headers of Debian's
// libxen-dev, once for 64 bits and once for 32, and its output is the truth that our declarations are held against.

using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Xenith.Tests.Abi;

internal sealed class HeaderProbe
{
    private static readonly Lazy<HeaderProbe> NativeProbe = new(() => Run(compat: false));
    private static readonly Lazy<HeaderProbe> CompatProbe = new(() => Run(compat: true));

    public static HeaderProbe Native => NativeProbe.Value;

    public static HeaderProbe Compat => CompatProbe.Value;

    /// <summary>Why there are no answers (no headers, no compiler), or null.</summary>
    public string? Unavailable { get; private init; }

    /// <summary>What the compiler said if the program did not compile.</summary>
    public string? Failure { get; private init; }

    /// <summary>Size in bytes by our structure name.</summary>
    public Dictionary<string, int> Sizes { get; } = [];

    /// <summary>Offset and size by "Structure.Member".</summary>
    public Dictionary<string, (int Offset, int Size)> Members { get; } = [];

    /// <summary>Value by "Type.Member", as the low 64 bits.</summary>
    public Dictionary<string, long> Values { get; } = [];

    /// <summary>Whether the C program for this width knows the structure.</summary>
    public static bool Covers(StructRow row, bool compat) => row.Width == Width.Both || row.Width == Width.Compat == compat;

    private static HeaderProbe Run(bool compat)
    {
        if (!File.Exists("/usr/include/xen/xen.h"))
            return new HeaderProbe { Unavailable = "the package libxen-dev is not installed" };

        string folder = Directory.CreateTempSubdirectory("xenith-abi-").FullName;
        try
        {
            string source = Path.Combine(folder, "probe.c");
            string binary = Path.Combine(folder, "probe");
            File.WriteAllText(source, Program(compat));
            (int code, string _, string error) = Execute("gcc", "-w", compat ? "-m32" : "-m64", "-o", binary, source);
            if (code < 0)
                return new HeaderProbe { Unavailable = "gcc is not installed" };
            if (code != 0 && error.Contains("bits/libc-header-start.h", StringComparison.Ordinal))
                return new HeaderProbe { Unavailable = "gcc has no 32-bit headers (package gcc-multilib)" };
            if (code != 0)
                return new HeaderProbe { Failure = error };
            var probe = new HeaderProbe();
            probe.Read(Execute(binary).Output);
            return probe;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Program(bool compat)
    {
        var text = new StringBuilder("#define __XEN_TOOLS__ 1\n#include <stdint.h>\n#include <stddef.h>\n#include <stdio.h>\n#include <string.h>\n");
        foreach (string header in AbiTable.All.SelectMany(table => table.Headers).Distinct())
            text.Append("#include <").Append(header).Append(">\n");
        text.Append("int main(void)\n{\n");
        foreach (AbiTable table in AbiTable.All)
        {
            foreach (StructRow row in table.Structs.Where(row => Covers(row, compat)))
                Append(text, row);
            foreach (ValueRow row in compat ? [] : table.Values)
                text.Append($"    printf(\"V {row.Name} %lld\\n\", (long long)({row.CExpression}));\n");
        }

        return text.Append("    return 0;\n}\n").ToString();
    }

    private static void Append(StringBuilder text, StructRow row)
    {
        text.Append($"    printf(\"S {row.Name} %d\\n\", (int)sizeof({row.CType}));\n");
        foreach (MemberRow member in row.Members.Where(member => !member.CPath.StartsWith('@')))
        {
            string path = $"(({row.CType} *)0)->{member.CPath}";
            text.Append($"    printf(\"M {row.Name}.{member.Name} %d %d\\n\", (int)(size_t)&{path}, (int)sizeof({path}));\n");
        }
    }

    private void Read(string output)
    {
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "S":
                    Sizes.Add(words[1], Number(words[2]));
                    break;
                case "M":
                    Members.Add(words[1], (Number(words[2]), Number(words[3])));
                    break;
                case "V":
                    Values.Add(words[1], long.Parse(words[2], CultureInfo.InvariantCulture));
                    break;
            }
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static (int Code, string Output, string Error) Execute(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "", "");
        }
    }
}
