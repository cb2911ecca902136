using Xenith.Machine;

namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// A physical interrupt that comes as a message: a write of the function to the address range of the local APICs (SDM vol. 3, 11.11). The hypervisor writes address and data itself; dom0 only enables
/// messages as such. Of MSI a function has one here, in its configuration space (PCI Local Bus Specification 3.0, 6.8.1), perhaps without a mask bit; of MSI-X one for each entry of a table in
/// its memory (6.8.2).
/// </summary>
public sealed class MessageIrq : Irq
{
    private const uint MessageAddress = 0xfee0_0000, DestinationShift = 12;
    private const uint EntryAddress = 0, EntryUpperAddress = 4, EntryData = 8, EntryControl = 12, EntryMasked = 1;
    private const uint MsiControl = 2, MsiAddress = 4;
    private const ushort MsiEnable = 1, Msi64Bit = 1 << 7, MsiHasMask = 1 << 8;
    private const uint Command = 4;
    private const ushort LineDisable = 1 << 10;

    private PciConfiguration? _configuration;
    private MmioRegion _page;
    private uint _at;
    private uint _control;
    private bool _is64Bit, _hasMask, _isSilenced, _wasLineDisabled;
    private byte _writtenVector;

    internal MessageIrq(InterruptControllers controllers, uint number) : base(controllers, number)
    {
    }

    /// <summary>Given to a function, until it is given back.</summary>
    public bool IsInUse { get; internal set; }

    /// <summary>The function that sends it; null once that has gone.</summary>
    public PciFunction? Function { get; private set; }

    /// <summary>MSI-X rather than MSI.</summary>
    public bool IsMsix { get; private set; }

    /// <summary>Entry of the MSI-X table.</summary>
    public uint Entry { get; private set; }

    /// <summary>Frame that the entry lies in.</summary>
    internal Mfn TableFrame { get; private set; }

    /// <summary>Address as last written.</summary>
    public uint Address { get; private set; }

    /// <summary>Data as last written.</summary>
    public uint Data { get; private set; }

    /// <summary>True if the function can hold it back by itself.</summary>
    public bool IsMaskable => IsMsix || _hasMask;

    /// <inheritdoc/>
    public override string TypeName => !IsInUse ? "none" : IsMaskable ? "PCI-MSI/-X" : "PCI-MSI";

    /// <summary>A message is sent once for each event.</summary>
    public override bool NeedsGuestEnd => false;

    /// <summary>Takes the function's MSI capability. Messages of it are off until dom0 switches them on.</summary>
    internal XenError UseMsi(PciConfiguration configuration, PciFunction function, Pcpu cpu)
    {
        using (Lock.EnterInterruptSafe())
        {
            Begin(configuration, function, false, 0);
            _at = function.Msi;
            ushort control = configuration.Read16(function.Sbdf, _at + MsiControl);
            _is64Bit = (control & Msi64Bit) != 0;
            _hasMask = (control & MsiHasMask) != 0;
            if (_hasMask && MaskRegister + 4 > 0x100)
                _hasMask = false;
            // One message, and off.
            configuration.Write16(function.Sbdf, _at + MsiControl, (ushort)(control & ~(7 << 4 | MsiEnable)));
            return Start(cpu);
        }
    }

    /// <summary>Takes an entry of the function's MSI-X table, which is mapped.</summary>
    internal XenError UseMsix(PciConfiguration configuration, PciFunction function, uint entry, MmioRegion page, Mfn frame, uint offset, Pcpu cpu)
    {
        using (Lock.EnterInterruptSafe())
        {
            Begin(configuration, function, true, entry);
            _page = page;
            _at = offset;
            TableFrame = frame;
            _control = page.Read32(offset + EntryControl) & ~EntryMasked;
            return Start(cpu);
        }
    }

    /// <summary>The function goes, or its messages are given back: it sends none any more, and is not touched again.</summary>
    internal void Detach()
    {
        using (Lock.EnterInterruptSafe())
        {
            if (Function is not PciFunction function || _configuration is not PciConfiguration configuration)
                return;
            if (!IsMsix)
            {
                ushort control = configuration.Read16(function.Sbdf, _at + MsiControl);
                configuration.Write16(function.Sbdf, _at + MsiControl, (ushort)(control & ~MsiEnable));
            }
            WriteMask(true);
            if (_isSilenced)
                RestoreLine(configuration, function);
            Unassign();
            Function = null;
            _page = default;
        }
    }

    /// <summary>Writes everything again, after the function has lost it.</summary>
    internal void Restore()
    {
        using (Lock.EnterInterruptSafe())
        {
            if (Function is not PciFunction function || _configuration is not PciConfiguration configuration || Cpu is not Pcpu cpu)
                return;
            _writtenVector = 0;
            WriteRoute(Vector, cpu.ApicId);
            UpdateMask();
            if (IsMsix)
                return;
            ushort control = configuration.Read16(function.Sbdf, _at + MsiControl);
            configuration.Write16(function.Sbdf, _at + MsiControl, (ushort)(control & ~(7 << 4) | MsiEnable));
        }
    }

    /// <summary>The mask as the hardware has it now, for listings; false if it has none.</summary>
    internal bool IsMaskedInHardware
    {
        get
        {
            if (Function is not PciFunction function || _configuration is not PciConfiguration configuration)
                return false;
            return IsMsix ? (_page.Read32(_at + EntryControl) & EntryMasked) != 0 : _hasMask && (configuration.Read32(function.Sbdf, MaskRegister) & 1) != 0;
        }
    }

    private uint MaskRegister => _at + (_is64Bit ? 0x10u : 0xcu);

    private void Begin(PciConfiguration configuration, PciFunction function, bool msix, uint entry)
    {
        _configuration = configuration;
        Function = function;
        IsMsix = msix;
        Entry = entry;
        _is64Bit = _hasMask = _isSilenced = false;
        _writtenVector = 0;
        IsInUse = true;
    }

    private XenError Start(Pcpu cpu)
    {
        WriteMask(true);
        XenError error = MoveTo(cpu);
        if (error != XenError.None)
            Function = null;
        return error;
    }

    private protected override void WriteMask(bool masked)
    {
        if (Function is not PciFunction function || _configuration is not PciConfiguration configuration)
            return;
        if (IsMsix)
        {
            _page.Write32(_at + EntryControl, masked ? _control | EntryMasked : _control);
            // The answer to a read comes after everything that the function has sent before.
            _page.Read32(_at + EntryControl);
        }
        else if (_hasMask)
        {
            uint mask = configuration.Read32(function.Sbdf, MaskRegister);
            configuration.Write32(function.Sbdf, MaskRegister, masked ? mask | 1 : mask & ~1u);
        }
        else
            Silence(configuration, function, masked && IsThrottled);
    }

    private protected override void WriteRoute(byte vector, uint apicId)
    {
        Address = MessageAddress | apicId << (int)DestinationShift;
        Data = vector;
        if (Function is not PciFunction function || _configuration is not PciConfiguration configuration)
            return;
        if (IsMsix)
        {
            // An entry may change only while it is masked (6.8.3.5); what happens meanwhile stays pending in the function.
            _page.Write32(_at + EntryControl, _control | EntryMasked);
            _page.Write32(_at + EntryAddress, Address);
            _page.Write32(_at + EntryUpperAddress, 0);
            _page.Write32(_at + EntryData, Data);
            WriteMask(IsMasked);
            return;
        }
        if (_hasMask)
            WriteMask(true);
        if (_writtenVector != vector)
            configuration.Write16(function.Sbdf, _at + (_is64Bit ? 0xcu : 8u), (ushort)Data);
        if (_is64Bit && _writtenVector == 0)
            configuration.Write32(function.Sbdf, _at + 8, 0);
        configuration.Write32(function.Sbdf, _at + MsiAddress, Address);
        _writtenVector = vector;
        if (_hasMask)
            WriteMask(IsMasked);
    }

    /// <summary>
    /// A function without a mask bit is held back by switching its messages off, and its wire too, to which it would go over. What it has to say meanwhile is made up for by
    /// <see cref="Irq.EndThrottle"/>.
    /// </summary>
    private void Silence(PciConfiguration configuration, PciFunction function, bool silent)
    {
        if (silent == _isSilenced)
            return;
        ushort control = configuration.Read16(function.Sbdf, _at + MsiControl);
        if (silent)
        {
            if ((control & MsiEnable) == 0)
                return;
            ushort command = configuration.Read16(function.Sbdf, Command);
            _wasLineDisabled = (command & LineDisable) != 0;
            configuration.Write16(function.Sbdf, Command, (ushort)(command | LineDisable));
            configuration.Write16(function.Sbdf, _at + MsiControl, (ushort)(control & ~MsiEnable));
        }
        else
        {
            configuration.Write16(function.Sbdf, _at + MsiControl, (ushort)(control | MsiEnable));
            RestoreLine(configuration, function);
        }
        _isSilenced = silent;
    }

    private void RestoreLine(PciConfiguration configuration, PciFunction function)
    {
        _isSilenced = false;
        if (!_wasLineDisabled)
            configuration.Write16(function.Sbdf, Command, (ushort)(configuration.Read16(function.Sbdf, Command) & ~LineDisable));
    }
}
