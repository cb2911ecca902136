// One command a step. A step that fails prints one line in the form that MSBuild shows as an error, and exits with 1.

using Xenith.Build;

try
{
    switch (args)
    {
        case ["prepare", var input, var output]:
            LocalsInit.Strip(input, output);
            return 0;
        case ["elf32", var input, var output]:
            Elf32.Write(ElfFile.Read(input), output);
            return 0;
        case ["gzip", var input, var output]:
            Gzip.Write(input, output);
            return 0;
        default:
            throw new BuildException("usage: prepare IN.dll OUT.dll | elf32 IN OUT | gzip IN OUT");
    }
}
catch (BuildException e)
{
    foreach (string line in e.Message.Split('\n'))
    {
        Console.Error.WriteLine($"Xenith.Build : error XEN100: {line}");
    }

    return 1;
}
