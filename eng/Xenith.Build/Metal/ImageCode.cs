// The machine code of the linked image, a function at a time, with what each calls.

using Iced.Intel;

namespace Xenith.Build;

/// <param name="Method">The C# method it was compiled from; null for assembly code.</param>
internal sealed record ImageFunction(ulong Address, ulong Size, string Symbol, CompiledMethod? Method)
{
    public string Name => Method?.Name ?? Symbol;
}

internal sealed class ImageCode
{
    private readonly ElfFile _image;
    private readonly Dictionary<ulong, ImageFunction> _byAddress = [];

    public ImageCode(ElfFile image, CompiledMethods methods)
    {
        _image = image;
        int text = image.Sections.ToList().FindIndex(s => s.Name == ".text");
        ulong end = image.Sections[text].Address + image.Sections[text].Size;
        foreach (IGrouping<ulong, ElfSymbol> group in image.Symbols.Where(s => s.Section == text && s.Name.Length > 0).GroupBy(s => s.Value).OrderBy(g => g.Key))
        {
            // Aliases: the method's own symbol first (an exported method also has the name it is exported by), then the largest.
            ElfSymbol symbol = group.OrderBy(s => methods.Find(s.Name) is null).ThenByDescending(s => s.Size).ThenBy(s => s.Name, StringComparer.Ordinal).First();
            _byAddress[group.Key] = new ImageFunction(group.Key, symbol.Size, symbol.Name, methods.Find(symbol.Name));
        }

        Functions = [.. _byAddress.Values.Where(f => f.Address < end).OrderBy(f => f.Address)];
        Compiled = [.. Functions.Where(f => f.Method is not null)];
    }

    /// <summary>Every named place of the code, in the order of addresses.</summary>
    public IReadOnlyList<ImageFunction> Functions { get; }

    /// <summary>Those that C# was compiled to.</summary>
    public IReadOnlyList<ImageFunction> Compiled { get; }

    public ImageFunction? At(ulong address) => _byAddress.GetValueOrDefault(address);

    public ImageFunction? BySymbol(string symbol) =>
        _image.Symbols.FirstOrDefault(s => s.Name == symbol && s.Section != 0) is { } found ? At(found.Value) : null;

    public IEnumerable<Instruction> Instructions(ImageFunction function)
    {
        byte[] code = _image.Data.AsSpan(_image.FileOffset(function.Address), (int)function.Size).ToArray();
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), function.Address);
        while (decoder.IP < function.Address + function.Size)
        {
            yield return decoder.Decode();
        }
    }

    /// <summary>Where a direct call, or a jump out of the function, goes; null for anything else.</summary>
    public ImageFunction? Callee(ImageFunction function, in Instruction instruction)
    {
        bool direct = instruction.FlowControl is FlowControl.Call or FlowControl.UnconditionalBranch or FlowControl.ConditionalBranch;
        if (!direct)
        {
            return null;
        }

        ulong target = instruction.NearBranchTarget;
        return target - function.Address < function.Size && target != function.Address ? null : At(target);
    }
}
