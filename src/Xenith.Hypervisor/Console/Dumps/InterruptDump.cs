using Xenith.Hypervisor.Domains;
using Xenith.Hypervisor.Interrupts;
using Xenith.Machine;

namespace Xenith.Hypervisor.Console;

/// <summary>Keys i, M and z: physical interrupts with their vectors, CPUs and domains; messages; how the IO-APICs are programmed. Lines have the shape of Xen's, since people and tools read them.</summary>
internal static class InterruptDump
{
    // Bits of a listed status, as in Xen's.
    private const uint Disabled = 1 << 1, Guest = 1 << 4, MovePending = 1 << 5, GuestEndPending = 1 << 7;

    /// <summary>Key `i`: every interrupt that has a vector, then every pin of every IO-APIC.</summary>
    internal static void Print(Host host)
    {
        ConsoleLog log = host.Log;
        InterruptControllers interrupts = host.Interrupts;
        log.Always($"IRQ information:");
        for (uint number = 0; number < InterruptControllers.MaxGsi + InterruptControllers.MaxMessages; number++)
        {
            if (interrupts.Find(number) is Irq { Vector: not 0 } irq)
                Dump(host, log, irq);
        }
        log.Always($"Direct vector information:");
        Direct(log, Vectors.Console, "console");
        Direct(log, Vectors.EventCheck, "event check");
        Direct(log, Vectors.InvalidateTlb, "invalidate TLB");
        Direct(log, Vectors.CallFunction, "call function");
        Direct(log, Vectors.LocalTimer, "local APIC timer");
        Direct(log, Vectors.ApicError, "APIC error");
        Direct(log, Vectors.Spurious, "spurious");
        PrintIoApics(host);
    }

    /// <summary>Key `M`: every message in use, with its address and data and who masks it.</summary>
    internal static void PrintMessages(Host host)
    {
        ConsoleLog log = host.Log;
        log.Always($"MSI information:");
        for (uint i = 0; i < InterruptControllers.MaxMessages; i++)
        {
            MessageIrq irq = host.Interrupts.Message(i);
            bool isMasked, isMaskable;
            uint number, data, destination;
            bool isMsix;
            using (irq.Lock.EnterInterruptSafe())
            {
                if (irq.Function is null)
                    continue;
                isMsix = irq.IsMsix;
                isMaskable = irq.IsMaskable;
                isMasked = isMaskable && irq.IsMaskedInHardware;
                number = irq.Number;
                data = irq.Data;
                destination = irq.Address >> 12 & 0xff;
            }
            char mask = !isMaskable ? '?' : isMasked ? '1' : '0';
            log.Always($" {(isMsix ? "MSI-X " : "MSI   ")}{number,4} vec={data & 0xff:x2}  fixed  edge   assert phys    cpu dest={destination:x8} mask={(isMaskable ? 1 : 0)}/{(irq.IsMasked ? 'H' : ' ')} /{mask}");
        }
    }

    /// <summary>Key `z`: the pins of all IO-APICs that are in use.</summary>
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

    private static void Dump(Host host, ConsoleLog log, Irq irq)
    {
        LogText line = new(0, 0);
        using (irq.Lock.EnterInterruptSafe())
        {
            uint status = (irq.IsMasked && irq.InFlight == 0 ? Disabled : 0) | (irq.GuestCount != 0 ? Guest : 0)
                | (irq.IsMovePending ? MovePending : 0) | (irq.IsThrottled ? GuestEndPending : 0);
            line.AppendLiteral("   IRQ:");
            line.AppendFormatted(irq.Number, 4);
            line.AppendLiteral(" vec:");
            line.AppendFormatted(irq.Vector, "x2");
            line.AppendLiteral(" ");
            Padded(ref line, irq.TypeName, 15);
            line.AppendLiteral(" status=");
            line.AppendFormatted(status, "x3");
            line.AppendLiteral(" aff:{");
            List(ref line, irq.Affinity.And(host.Pcpus.Online));
            line.AppendLiteral("}/{");
            line.AppendFormatted(irq.Cpu is Pcpu cpu ? cpu.Id : 0);
            line.AppendLiteral("} ");
            if (irq.GuestCount == 0)
                line.AppendLiteral("mapped, unbound");
            else
                Guests(host, ref line, irq);
        }
        log.Always(line);
    }

    private static void Guests(Host host, ref LogText line, Irq irq)
    {
        line.AppendLiteral("in-flight=");
        line.AppendFormatted(irq.InFlight);
        char separator = ' ';
        for (short at = irq.FirstGuest; at != 0; at = host.Interrupts.Guests[at].Next)
        {
            ref IrqGuests.Entry guest = ref host.Interrupts.Guests[at];
            line.AppendFormatted(separator);
            separator = ',';
            line.AppendFormatted('d');
            line.AppendFormatted(guest.Domain);
            line.AppendFormatted(':');
            line.AppendFormatted((uint)guest.Pirq, 3);
            bool isPending = false, isMasked = false;
            if (host.Domains.Find(guest.Domain) is Domain domain && domain.SharedInfo.Exists && domain.Pirqs.PortOf(guest.Pirq) is uint port && port != 0)
            {
                isPending = domain.Events.IsPending(port);
                isMasked = domain.Events.IsMasked(port);
            }
            line.AppendFormatted('(');
            line.AppendFormatted(isPending ? 'P' : '-');
            line.AppendFormatted(isMasked ? 'M' : '-');
            line.AppendFormatted(guest.OwesEnd ? 'M' : '-');
            line.AppendFormatted(')');
        }
    }

    private static void Direct(ConsoleLog log, byte vector, string what) => log.Always($"   0x{vector:x2} {what}");

    private static void Padded(ref LogText line, string text, int width)
    {
        line.AppendLiteral(text);
        for (int i = text.Length; i < width; i++)
            line.AppendFormatted(' ');
    }

    /// <summary>CPU numbers as ranges: 0-3,7.</summary>
    private static void List(ref LogText line, CpuSet set)
    {
        bool isFirst = true;
        for (uint cpu = set.Next(0); cpu < CpuSet.Capacity; cpu = set.Next(cpu + 1))
        {
            uint last = cpu;
            while (set.Contains(last + 1))
                last++;
            if (!isFirst)
                line.AppendFormatted(',');
            isFirst = false;
            line.AppendFormatted(cpu);
            if (last > cpu)
            {
                line.AppendFormatted('-');
                line.AppendFormatted(last);
            }
            cpu = last;
        }
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
