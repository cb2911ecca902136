using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys i, M and z: interrupt lines and who has them, and how the IO-APICs are programmed.</summary>
internal static class InterruptDump
{
    internal static void Print(Host host)
    {
        InterruptControllers interrupts = host.Interrupts;
        ConsoleLog log = host.Log;
        log.Always($"IRQ information:");
        for (uint gsi = 0; gsi < interrupts.GsiCount; gsi++)
        {
            PhysicalIrq irq = interrupts.Irq(gsi);
            if (irq.Vector == 0)
                continue;
            LogText text = new(0, 0);
            text.AppendLiteral("   IRQ:");
            text.AppendFormatted(gsi, 4);
            text.AppendLiteral(" vec:");
            text.AppendFormatted(irq.Vector, "x2");
            text.AppendLiteral(irq.IsLevel ? " IO-APIC-level   count=" : " IO-APIC-edge    count=");
            text.AppendFormatted(irq.Count);
            if (!irq.IsBound || irq.Owner == 0)
                text.AppendLiteral(" mapped, unbound");
            else
                Owner(host, ref text, irq, gsi);
            log.Always(text);
        }
        log.Always($"Direct vector information:");
        log.Always($"   0x{Vectors.Console:x2} -> serial console");
        log.Always($"   0x{Vectors.LocalTimer:x2} -> local APIC timer");
        log.Always($"   0x{Vectors.ApicError:x2} -> local APIC error");
        log.Always($"   0x{Vectors.Spurious:x2} -> spurious");
        PrintIoApics(host);
    }

    internal static void PrintMessages(Host host) => host.Log.Always($"MSI information:");

    internal static void PrintIoApics(Host host)
    {
        InterruptControllers interrupts = host.Interrupts;
        host.Log.Always($"IO-APIC interrupt information:");
        for (uint gsi = 0; gsi < interrupts.GsiCount; gsi++)
        {
            if (interrupts.FindByGsi(gsi) is not IoApic ioApic)
                continue;
            uint pin = gsi - ioApic.FirstGsi;
            uint low = ioApic.Read(0x10 + pin * 2);
            uint high = ioApic.Read(0x11 + pin * 2);
            if ((low & 0x1_00ff) == 0x1_0000)
                continue;
            host.Log.Always($"    IRQ {gsi,2} Vec{low & 0xff,3}:");
            host.Log.Always($"      Pin {pin,2}: vec={low & 0xff:x2} delivery={Delivery(low)} dest={(Bit(low, 11) != 0 ? 'L' : 'P')} status={Bit(low, 12)} polarity={Bit(low, 13)} irr={Bit(low, 14)} trig={(Bit(low, 15) != 0 ? 'L' : 'E')} mask={Bit(low, 16)} dest_id:{high >> 24:x2}");
        }
    }

    private static void Owner(Host host, ref LogText text, PhysicalIrq irq, uint gsi)
    {
        text.AppendLiteral(irq.AwaitsGuest ? " in-flight=1 d" : " in-flight=0 d");
        text.AppendFormatted(irq.Owner - 1);
        text.AppendLiteral(":");
        uint pirq = host.Domains.Find(irq.Owner - 1) is Domain owner ? owner.Pirqs.FindByGsi(gsi) : 0;
        text.AppendFormatted(pirq, 3);
        text.AppendLiteral(irq.AwaitsGuest ? "(--M)" : "(---)");
    }

    private static uint Bit(uint value, int bit) => value >> bit & 1;

    private static string Delivery(uint low) => (low >> 8 & 7) switch
    {
        0 => "Fixed",
        1 => "LoPri",
        2 => "SMI",
        4 => "NMI",
        5 => "INIT",
        7 => "ExtINT",
        _ => "?",
    };
}
