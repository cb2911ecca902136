// One command a step of eng/MetalImage.targets. A step that fails prints lines that MSBuild shows as errors, and exits with 1.

using Xenith.Build;

try
{
    switch (args)
    {
        case ["prepare", var folder, .. var assemblies]:
            foreach (string assembly in assemblies)
            {
                Preparation.Prepare(assembly, Path.Combine(folder, Path.GetFileName(assembly)));
            }

            return 0;
        case ["before-link", .. var options]:
            Options(options).BeforeLink();
            return 0;
        case ["symbols", .. var options]:
            Options(options).WriteSymbols();
            return 0;
        case ["finish", .. var options]:
            Options(options).Finish();
            return 0;
        default:
            throw new BuildException("commands: prepare FOLDER DLL.. | before-link, symbols, finish ROOT WORK ASSEMBLY OUTPUT STRICT ACCEPT");
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

static ImageBuild Options(string[] options) => options is [var root, var work, var assembly, var output, var strict, var accept]
    ? new ImageBuild(root, work, assembly, output, strict == "true", accept == "true")
    : throw new BuildException("expected: ROOT WORK ASSEMBLY OUTPUT STRICT ACCEPT");
