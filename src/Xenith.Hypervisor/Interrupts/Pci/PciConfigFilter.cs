namespace Xenith.Hypervisor.Interrupts;

/// <summary>
/// dom0's writes to configuration space. It keeps its devices, but what the hypervisor has written into capabilities for messages stays: of MSI-X dom0 may change the control word, of MSI in
/// use the control word and its own view of the mask; other writes there are dropped. A function that has no message in use is dom0's alone.
/// </summary>
internal static class PciConfigFilter
{
    private const uint FirstCapability = 0x40, EndOfCapabilities = 0x100;
    private const uint ControlOffset = 2, MsixLength = 12;
    private const ushort MsiEnable = 1, Msi64Bit = 1 << 7, MsiHasMask = 1 << 8, MsiMultiple = 7 << 4;

    /// <summary>Makes a write of 1, 2 or 4 bytes within one 32-bit register, as far as dom0 may.</summary>
    internal static void Write(Host host, PciSbdf sbdf, uint offset, int size, uint value)
    {
        PciDevices devices = host.Pci;
        if (offset < FirstCapability || offset >= EndOfCapabilities)
        {
            devices.Configuration.Write(sbdf, offset, size, value);
            return;
        }
        using (devices.Lock.Enter())
        {
            if (devices.Find(sbdf) is not PciFunction function || IsAllowed(devices.Configuration, function, offset, size, ref value))
                devices.Configuration.Write(sbdf, offset, size, value);
        }
    }

    private static bool IsAllowed(PciConfiguration configuration, PciFunction function, uint offset, int size, ref uint value)
    {
        if (function.Msix != 0 && offset + (uint)size > function.Msix && offset < function.Msix + MsixLength)
            return offset == function.Msix + ControlOffset && size == 2;
        if (function.Msi == 0 || function.UsesMsix || function.MessagesInUse == 0 || offset + (uint)size <= function.Msi)
            return true;
        ushort control = configuration.Read16(function.Sbdf, function.Msi + ControlOffset);
        uint length = ((control & Msi64Bit) != 0 ? 14u : 10u) + ((control & MsiHasMask) != 0 ? 10u : 0u);
        if (offset >= function.Msi + length)
            return true;
        if (offset != function.Msi + ControlOffset || size != 2)
            return false;
        // One message is in use; more would go to vectors of others.
        value &= ~(uint)MsiMultiple;
        return true;
    }
}
