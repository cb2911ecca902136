// The calls that traps are injected into: each family of hypercalls, and the exceptions of a guest that the hypervisor deals with.

using Xenith.Abi;
using Xenith.Hypervisor.Memory;
using Xenith.Machine;
using static Xenith.Tests.Faults.FaultWorld;
using N = Xenith.Abi.HypercallNumber;

namespace Xenith.Tests.Faults;

/// <summary>What the victim does before, and what it does then.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Act">Makes the call.</param>
/// <param name="Prepare">Makes it meaningful.</param>
/// <param name="Privileged">Only the control domain may do it.</param>
/// <param name="LetsOthersRun">The victim may not run any more after it.</param>
internal sealed record FaultCall(string Name, Action<FaultWorld> Act, Action<FaultWorld>? Prepare = null, bool Privileged = false, bool LetsOthersRun = false);

internal static class FaultCalls
{
    /// <summary>All calls.</summary>
    public static IReadOnlyList<FaultCall> All { get; } = [.. PageTables(), .. Tables(), .. MemoryOps(), .. Grants(), .. Events(), .. Vcpus(), .. Others(), .. Exceptions()];

    private static ulong Entry(Mfn frame, ulong flags = Writable) => new PageTableEntry(frame, flags).Bits;

    private static void Update(FaultWorld w, params ReadOnlySpan<(ulong At, ulong Value)> updates)
    {
        for (int i = 0; i < updates.Length; i++)
            w.Write(Arguments + (ulong)i * 16, new MmuUpdate { Ptr = updates[i].At, Val = updates[i].Value });
        w.Call(N.MmuUpdate, Arguments, (ulong)updates.Length, 0, DomainIds.Self);
    }

    private static ulong Slot(FaultWorld w, int index) => w.L1.Address + (ulong)index * 8;

    private static void Ext(FaultWorld w, MmuExtCommand command, ulong argument = 0, ulong second = 0)
    {
        w.Write(Arguments, new MmuExtOp { Cmd = (uint)command, Mfn = argument, SrcMfn = second });
        w.Call(N.MmuExtOp, Arguments, 1, 0, DomainIds.Self);
    }

    private static IEnumerable<FaultCall> PageTables()
    {
        static ulong upper(FaultWorld w, int index) => w.L2.Address + (ulong)index * 8;
        static void unmap(FaultWorld w, int page) => w.Call(N.UpdateVaMapping, Page(page), 0, 0);
        yield return new("mmu_update: map", w => Update(w, (Slot(w, EmptySlot), Entry(w.Spare[0]))));
        yield return new("mmu_update: map again", w => Update(w, (Slot(w, EmptySlot), Entry(w.Pages[5]))));
        yield return new("mmu_update: map read-only", w => Update(w, (Slot(w, EmptySlot), Entry(w.Spare[0], ReadOnly))));
        yield return new("mmu_update: unmap", w => Update(w, (Slot(w, 6), 0UL)));
        yield return new("mmu_update: exchange", w => Update(w, (Slot(w, 6), Entry(w.Spare[0]))));
        yield return new("mmu_update: several", w => Update(w, (Slot(w, 6), 0UL), (Slot(w, EmptySlot), Entry(w.Spare[1])), (Slot(w, 7), Entry(w.Pages[7], ReadOnly)), (Slot(w, EmptySlot), 0UL)));
        yield return new("mmu_update: keep A and D", w => Update(w, (Slot(w, 6) | 2, Entry(w.Pages[6], ReadOnly))));
        yield return new("mmu_update: M2P", w => Update(w, (w.Pages[6].Address | 1, 0x77UL)));
        yield return new("mmu_update: another's frame", w => Update(w, (Slot(w, EmptySlot), Entry(w.Lent))));
        yield return new("mmu_update: link a table", w => Update(w, (upper(w, 3), Entry(w.TableOf(0)))));
        yield return new("mmu_update: unlink a table", w => Update(w, (upper(w, 3), 0UL)), w => Update(w, (upper(w, 3), Entry(w.TableOf(0)))));
        yield return new("mmu_update: link what is none", w => Update(w, (upper(w, 3), Entry(w.Pages[6]))));
        yield return new("update_va_mapping: map and flush", w => w.Call(N.UpdateVaMapping, Page(EmptySlot), Entry(w.Spare[0]), 2));
        yield return new("update_va_mapping: was a table", w => w.Call(N.UpdateVaMapping, Page(EmptySlot), Entry(w.Spare[0])), w =>
        {
            Ext(w, MmuExtCommand.PinL1Table, w.TableOf(0).Value);
            Ext(w, MmuExtCommand.UnpinTable, w.Spare[0].Value);
        });
        yield return new("pin L1", w => Ext(w, MmuExtCommand.PinL1Table, w.TableOf(0).Value));
        yield return new("pin L1: was writable", w => Ext(w, MmuExtCommand.PinL1Table, w.Pages[6].Value), w => unmap(w, 6));
        yield return new("pin L1: wrong entry", w =>
        {
            PageTableView.At(w.TableOf(0)).Write(500, new PageTableEntry(w.Lent, Writable));
            Ext(w, MmuExtCommand.PinL1Table, w.Spare[0].Value);
        });
        yield return new("pin L2", w =>
        {
            PageTableView.At(w.Spare[1]).Write(5, new PageTableEntry(w.TableOf(0), Writable));
            Ext(w, MmuExtCommand.PinL2Table, w.Spare[1].Value);
        });
        yield return new("pin L4", w => Ext(w, MmuExtCommand.PinL4Table, w.AnotherRoot(0).Value));
        yield return new("unpin L1", w => Ext(w, MmuExtCommand.UnpinTable, w.Spare[0].Value), w => Ext(w, MmuExtCommand.PinL1Table, w.TableOf(0).Value));
        yield return new("unpin L4", w => Ext(w, MmuExtCommand.UnpinTable, w.Spare[0].Value), w => Ext(w, MmuExtCommand.PinL4Table, w.AnotherRoot(0).Value));
        yield return new("new_baseptr", w => Ext(w, MmuExtCommand.NewBaseptr, w.AnotherRoot(0).Value));
        yield return new("new_baseptr: the old one ends", w => Ext(w, MmuExtCommand.NewBaseptr, w.Root.Value), w => Ext(w, MmuExtCommand.NewBaseptr, w.AnotherRoot(0).Value));
        yield return new("new_user_baseptr", w => Ext(w, MmuExtCommand.NewUserBaseptr, w.AnotherRoot(0).Value));
        yield return new("clear_page", w => Ext(w, MmuExtCommand.ClearPage, w.Spare[0].Value));
        yield return new("copy_page", w => Ext(w, MmuExtCommand.CopyPage, w.Spare[0].Value, w.Pages[6].Value));
        yield return new("flushes", w =>
        {
            Ext(w, MmuExtCommand.TlbFlushLocal);
            Ext(w, MmuExtCommand.TlbFlushAll);
            Ext(w, MmuExtCommand.InvlpgAll, Page(6));
        });
    }

    private static IEnumerable<FaultCall> Tables()
    {
        static void setGdt(FaultWorld w)
        {
            w.Write(Arguments, w.Pages[6].Value);
            w.Call(N.SetGdt, Arguments, 16);
        }
        static void release(FaultWorld w, int page) => w.Call(N.UpdateVaMapping, Page(page), Entry(w.Pages[page], ReadOnly));
        yield return new("set_trap_table", w =>
        {
            w.Write(Arguments, new TrapInfo { Vector = 14, Cs = Selectors.Ring3Code64, Address = Handler });
            w.Write(Arguments + 16, default(TrapInfo));
            w.Call(N.SetTrapTable, Arguments);
        });
        yield return new("set_gdt", setGdt, w => release(w, 6));
        yield return new("set_gdt: another", w =>
        {
            w.Write(Arguments, w.Pages[7].Value);
            w.Call(N.SetGdt, Arguments, 24);
        }, w =>
        {
            release(w, 6);
            release(w, 7);
            setGdt(w);
        });
        yield return new("update_descriptor", w => w.Call(N.UpdateDescriptor, w.Pages[6].Address + 8, 0x00cf_fb00_0000_ffff), w =>
        {
            release(w, 6);
            setGdt(w);
        });
        yield return new("update_descriptor: in a data page", w => w.Call(N.UpdateDescriptor, w.Spare[0].Address + 8, 0x00cf_fb00_0000_ffff));
        yield return new("set_ldt", w => Ext(w, MmuExtCommand.SetLdt, Page(6), 16), w => release(w, 6));
        yield return new("stack_switch", w => w.Call(N.StackSwitch, Selectors.Ring3Data, Stack + 0x1000));
        yield return new("set_callbacks", w => w.Call(N.SetCallbacks, Handler, Handler, Handler));
        yield return new("callback_op", w => w.Call(N.CallbackOp, (uint)CallbackOp.Register, new CallbackRegister { Type = (ushort)CallbackType.Event, Address = Handler }));
        yield return new("set_debugreg", w => w.Call(N.SetDebugreg, 0, Page(6)));
        yield return new("set_segment_base", w => w.Call(N.SetSegmentBase, 0, Page(6)));
        yield return new("fpu_taskswitch", w => w.Call(N.FpuTaskSwitch, 1));
        yield return new("vm_assist", w => w.Call(N.VmAssist, 0, (ulong)VmAssistType.WritablePageTables));
        yield return new("iret", w =>
        {
            ulong at = Stack + 0x700;
            foreach (ulong word in new ulong[] { 0, 0, 0, 0, Code, Selectors.Ring3Code64 & ~3u, Rflags.AlwaysOne | Rflags.Interrupt, Stack + 0x800, Selectors.Ring3Data })
            {
                w.Write(at, word);
                at += 8;
            }
            w.Cpu.Frame.Rsp = Stack + 0x700;
            w.Call(N.Iret);
        });
    }

    private static void Reserve(FaultWorld w, MemoryOp op, int order, ulong count, params ReadOnlySpan<ulong> list)
    {
        for (int i = 0; i < list.Length; i++)
            w.Write(More + (ulong)i * 8, list[i]);
        w.Call(N.MemoryOp, (uint)op, new MemoryReservation { ExtentStart = new(More), NrExtents = count, ExtentOrder = (uint)order, Domid = DomainIds.Self });
    }

    private static IEnumerable<FaultCall> MemoryOps()
    {
        yield return new("increase_reservation", w => Reserve(w, MemoryOp.IncreaseReservation, 0, 2, 0, 0));
        yield return new("increase_reservation: order 2", w => Reserve(w, MemoryOp.IncreaseReservation, 2, 1, 0));
        yield return new("increase_reservation: order 5, beyond a look", w => Reserve(w, MemoryOp.IncreaseReservation, 5, 1, 0));
        yield return new("populate_physmap: order 5, beyond a look", w => Reserve(w, MemoryOp.PopulatePhysmap, 5, 1, 128));
        yield return new("decrease_reservation: order 5, beyond a look", w => Reserve(w, MemoryOp.DecreaseReservation, 5, 1, w.Read<ulong>(More)),
            w => Reserve(w, MemoryOp.IncreaseReservation, 5, 1, 0));
        yield return new("populate_physmap", w => Reserve(w, MemoryOp.PopulatePhysmap, 0, 2, 100, 101));
        yield return new("decrease_reservation", w => Reserve(w, MemoryOp.DecreaseReservation, 0, 2, w.Spare[0].Value, w.Spare[1].Value));
        yield return new("decrease_reservation: mapped", w => Reserve(w, MemoryOp.DecreaseReservation, 0, 1, w.Pages[6].Value));
        yield return new("exchange", w =>
        {
            w.Write(More, w.Spare[0].Value);
            w.Write(More + 8, w.Spare[1].Value);
            w.Write(More + 64, 200UL);
            w.Write(More + 72, 201UL);
            w.Call(N.MemoryOp, (uint)MemoryOp.Exchange, new MemoryExchange
            {
                In = new() { ExtentStart = new(More), NrExtents = 2, Domid = DomainIds.Self },
                Out = new() { ExtentStart = new(More + 64), NrExtents = 2, Domid = DomainIds.Self },
            });
        });
        yield return new("exchange: one that is mapped", w =>
        {
            w.Write(More, w.Spare[0].Value);
            w.Write(More + 8, w.Pages[6].Value);
            w.Write(More + 64, 200UL);
            w.Call(N.MemoryOp, (uint)MemoryOp.Exchange, new MemoryExchange
            {
                In = new() { ExtentStart = new(More), NrExtents = 2, Domid = DomainIds.Self },
                Out = new() { ExtentStart = new(More + 64), NrExtents = 1, ExtentOrder = 1, Domid = DomainIds.Self },
            });
        });
        yield return new("add_to_physmap", w => w.Call(N.MemoryOp, (uint)MemoryOp.AddToPhysmap, new AddToPhysmap { Domid = DomainIds.Self, Space = (uint)MapSpace.SharedInfo, Gpfn = 7 }));
        yield return new("current_reservation", w => w.Call(N.MemoryOp, (uint)MemoryOp.CurrentReservation, DomainIds.Self));
        yield return new("claim_pages", w => w.Call(N.MemoryOp, (uint)MemoryOp.ClaimPages, new MemoryReservation { NrExtents = 80, Domid = DomainIds.Self }), Privileged: true);
    }

    private static void Map(FaultWorld w, uint reference, GrantMapFlags flags, int slot = EmptySlot) => w.Call(
        N.GrantTableOp, (uint)GrantTableOp.MapGrantRef, new GrantTableMapGrantRef { HostAddr = Page(slot), Flags = (uint)flags, Ref = reference, Dom = PeerId });

    private static void Unmap(FaultWorld w, ulong address, ulong device = 0) => w.Call(
        N.GrantTableOp, (uint)GrantTableOp.UnmapGrantRef, new GrantTableUnmapGrantRef { HostAddr = address, DevBusAddr = device, Handle = 0 });

    private static IEnumerable<FaultCall> Grants()
    {
        const GrantMapFlags host = GrantMapFlags.HostMap, device = GrantMapFlags.DeviceMap, readOnly = GrantMapFlags.Readonly;
        yield return new("grant: setup_table", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.SetupTable, new GrantTableSetupTable { Dom = DomainIds.Self, NrFrames = 3, FrameList = new(More) }));
        yield return new("grant: query_size", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.QuerySize, new GrantTableQuerySize { Dom = DomainIds.Self }));
        yield return new("grant: map", w => Map(w, 8, host));
        yield return new("grant: map once more", w => Map(w, 8, host, EmptySlot + 1), w => Map(w, 8, host));
        yield return new("grant: map read-only", w => Map(w, 9, host | readOnly));
        yield return new("grant: map for a device", w => Map(w, 8, host | device));
        yield return new("grant: map over a page", w => Map(w, 8, host, 6));
        yield return new("grant: map in vain", w => Map(w, 9, host));
        yield return new("grant: unmap", w => Unmap(w, Page(EmptySlot)), w => Map(w, 8, host));
        yield return new("grant: unmap read-only", w => Unmap(w, Page(EmptySlot)), w => Map(w, 9, host | readOnly));
        yield return new("grant: unmap the device", w => Unmap(w, 0, w.Lent.Address), w => Map(w, 8, host | device));
        yield return new("grant: copy", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.Copy, new GrantTableCopy
        {
            Source = new() { Ref = 9, Domid = PeerId },
            Dest = new() { Ref = 8, Domid = PeerId, Offset = 16 },
            Len = 700,
            Flags = (ushort)(GrantCopyFlags.SourceGref | GrantCopyFlags.DestGref),
        }));
        yield return new("grant: copy from own page", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.Copy, new GrantTableCopy
        {
            Source = new() { Gmfn = w.Pages[6].Value, Domid = DomainIds.Self },
            Dest = new() { Ref = 8, Domid = PeerId },
            Len = 100,
            Flags = (ushort)GrantCopyFlags.DestGref,
        }));
        yield return new("grant: copy to own page", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.Copy, new GrantTableCopy
        {
            Source = new() { Ref = 9, Domid = PeerId },
            Dest = new() { Gmfn = w.Spare[0].Value, Domid = DomainIds.Self },
            Len = 100,
            Flags = (ushort)GrantCopyFlags.SourceGref,
        }));
        yield return new("grant: swap", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.SwapGrantRef, new GrantTableSwapGrantRef { RefA = 8, RefB = 10 }));
        yield return new("grant: cache_flush", w => w.Call(N.GrantTableOp, (uint)GrantTableOp.CacheFlush, new GrantTableCacheFlush { DevBusAddr = w.Pages[6].Address, Length = 64, Op = 1 }));
    }

    private static IEnumerable<FaultCall> Events()
    {
        static void op<T>(FaultWorld w, EventChannelOp operation, T argument) where T : unmanaged => w.Call(N.EventChannelOp, (uint)operation, argument);
        yield return new("evtchn: alloc_unbound", w => op(w, EventChannelOp.AllocUnbound, new EventChannelAllocUnbound { Dom = DomainIds.Self, RemoteDom = PeerId }));
        yield return new("evtchn: alloc_unbound in a new part", w => op(w, EventChannelOp.AllocUnbound, new EventChannelAllocUnbound { Dom = DomainIds.Self, RemoteDom = PeerId }), w =>
        {
            for (int i = 0; i < 511; i++)
                FaultWorld.Require(w.Victim.Events.AllocateUnbound(PeerId, out uint port) == Xenith.Hypervisor.XenError.None || port == 0);
        });
        yield return new("evtchn: bind_interdomain", w => op(w, EventChannelOp.BindInterdomain, new EventChannelBindInterdomain { RemoteDom = PeerId, RemotePort = w.WaitingPort }));
        yield return new("evtchn: bind_virq", w => op(w, EventChannelOp.BindVirq, new EventChannelBindVirq { Virq = (uint)Virq.Timer }));
        yield return new("evtchn: bind_ipi", w => op(w, EventChannelOp.BindIpi, new EventChannelBindIpi { Vcpu = 1 }));
        yield return new("evtchn: bind_vcpu", w => op(w, EventChannelOp.BindVcpu, new EventChannelBindVcpu { Port = w.ConnectedPort, Vcpu = 1 }));
        yield return new("evtchn: send", w => op(w, EventChannelOp.Send, new EventChannelSend { Port = w.ConnectedPort }));
        yield return new("evtchn: status", w => op(w, EventChannelOp.Status, new EventChannelStatus { Dom = DomainIds.Self, Port = w.ConnectedPort }));
        yield return new("evtchn: unmask", w => op(w, EventChannelOp.Unmask, new EventChannelUnmask { Port = w.ConnectedPort }));
        yield return new("evtchn: close", w => op(w, EventChannelOp.Close, new EventChannelClose { Port = w.ConnectedPort }));
        yield return new("evtchn: reset", w => op(w, EventChannelOp.Reset, new EventChannelReset { Dom = DomainIds.Self }));
    }

    private static IEnumerable<FaultCall> Vcpus()
    {
        static void op<T>(FaultWorld w, VcpuOp operation, uint vcpu, T argument) where T : unmanaged
        {
            w.Write(Arguments, argument);
            w.Call(N.VcpuOp, (ulong)operation, vcpu, Arguments);
        }
        yield return new("vcpu_op: register_vcpu_info", w => op(w, VcpuOp.RegisterVcpuInfo, 0, new VcpuRegisterVcpuInfo { Mfn = w.Pages[6].Value, Offset = 64 }));
        yield return new("vcpu_op: register_runstate_memory_area", w => op(w, VcpuOp.RegisterRunstateMemoryArea, 0, new VcpuRegisterRunstateMemoryArea { AddrP = Page(6) }));
        yield return new("vcpu_op: register_vcpu_time_memory_area", w => op(w, VcpuOp.RegisterVcpuTimeMemoryArea, 0, new VcpuRegisterTimeMemoryArea { AddrP = Page(6) }));
        yield return new("vcpu_op: set_periodic_timer", w => op(w, VcpuOp.SetPeriodicTimer, 0, new VcpuSetPeriodicTimer { PeriodNs = 10_000_000 }));
        yield return new("vcpu_op: set_singleshot_timer", w => op(w, VcpuOp.SetSingleshotTimer, 0, new VcpuSetSingleshotTimer { TimeoutAbsNs = 1_000_000_000_000 }));
        yield return new("vcpu_op: stop_singleshot_timer", w => op(w, VcpuOp.StopSingleshotTimer, 0, 0UL),
            w => op(w, VcpuOp.SetSingleshotTimer, 0, new VcpuSetSingleshotTimer { TimeoutAbsNs = 1_000_000_000_000 }));
        yield return new("vcpu_op: get_runstate_info", w => w.Call(N.VcpuOp, (ulong)VcpuOp.GetRunstateInfo, 0, Arguments));
        yield return new("vcpu_op: is_up", w => w.Call(N.VcpuOp, (ulong)VcpuOp.IsUp, 1));
        yield return new("vcpu_op: send_nmi", w => w.Call(N.VcpuOp, (ulong)VcpuOp.SendNmi, 1));
        yield return new("vcpu_op: up", w => w.Call(N.VcpuOp, (ulong)VcpuOp.Up, 1), w =>
        {
            w.Victim.Vcpus[1]!.Registers = w.Cpu.Frame;
            w.Victim.Vcpus[1]!.IsInitialised = true;
        });
        yield return new("vcpu_op: down", w => w.Call(N.VcpuOp, (ulong)VcpuOp.Down, 1));
        yield return new("set_timer_op", w => w.Call(N.SetTimerOp, 1_000_000_000_000));
        yield return new("sched_op: watchdog", w => w.Call(N.SchedOp, (uint)SchedOp.Watchdog, new SchedWatchdog { Timeout = 30 }));
        yield return new("sched_op: yield", w => w.Call(N.SchedOp, (ulong)SchedOp.Yield), LetsOthersRun: true);
        yield return new("sched_op: block", w => w.Call(N.SchedOp, (ulong)SchedOp.Block), LetsOthersRun: true);
        yield return new("sched_op: poll", w =>
        {
            w.Write(More, w.ConnectedPort);
            w.Call(N.SchedOp, (uint)SchedOp.Poll, new SchedPoll { Ports = new(More), NrPorts = 1, Timeout = 1_000_000_000_000 });
        }, LetsOthersRun: true);
        yield return new("sched_op: shutdown", w => w.Call(N.SchedOp, (uint)SchedOp.Shutdown, new SchedShutdown { Reason = (uint)ShutdownReason.Poweroff }), LetsOthersRun: true);
    }

    private static IEnumerable<FaultCall> Others()
    {
        yield return new("xen_version", w => w.Call(N.XenVersion, 1, Arguments));
        yield return new("console_io: write", w => w.Call(N.ConsoleIo, 0, 6, Code));
        yield return new("multicall", w =>
        {
            var first = new MulticallEntry { Op = (ulong)N.UpdateVaMapping };
            (first.Args[0], first.Args[1]) = (Page(EmptySlot), Entry(w.Spare[0]));
            var second = new MulticallEntry { Op = (ulong)N.EventChannelOp };
            (second.Args[0], second.Args[1]) = ((ulong)EventChannelOp.Send, More);
            w.Write(More, w.ConnectedPort);
            w.Write(Arguments, first);
            w.Write(Arguments + 64, second);
            w.Call(N.Multicall, Arguments, 2);
        });
        yield return new("physdev_op: set_iopl", w => w.Call(N.PhysdevOp, (uint)PhysdevOp.SetIopl, 1u));
        yield return new("physdev_op: map_pirq", w => w.Call(N.PhysdevOp, (uint)PhysdevOp.MapPirq, new PhysdevMapPirq { Domid = DomainIds.Self, Type = 1, Index = 9, Pirq = 9 }), Privileged: true);
        yield return new("physdev_op: pci_device_add", w => w.Call(N.PhysdevOp, (uint)PhysdevOp.PciDeviceAdd, new PhysdevPciDeviceAdd { Devfn = 8 }), Privileged: true);
        yield return new("a call that is not written", w => w.Call(N.Domctl, Arguments), Privileged: true);
    }

    private static IEnumerable<FaultCall> Exceptions()
    {
        static void gate(FaultWorld w, int vector) => w.Vcpu.Pv.Traps[vector] = new() { Address = Handler, Cs = Selectors.Ring3Code64 };
        static void fault(FaultWorld w, ulong address, uint error, params ReadOnlySpan<byte> code)
        {
            for (int i = 0; i < code.Length; i++)
                w.Write(Code + (ulong)i, code[i]);
            w.Cpu.Frame.Rip = Code;
            w.Cpu.Frame.Rdi = address;
            w.Cpu.Cr2 = address;
            w.Cpu.GuestTrap(error == 0 ? ExceptionVector.GeneralProtection : ExceptionVector.PageFault, error);
        }
        yield return new("#PF to the guest", w => fault(w, 0x1234_5000, 6), w => gate(w, 14));
        yield return new("#GP to the guest", w => fault(w, 0, 0, 0xf4), w => gate(w, 13));
        yield return new("#BP to the guest", w => w.Cpu.GuestTrap(ExceptionVector.Breakpoint), w => gate(w, 3));
        yield return new("store into an L1 table", w =>
        {
            w.Cpu.Frame.Rax = Entry(w.Spare[0]);
            fault(w, L1View + EmptySlot * 8, 7, 0x48, 0x89, 0x07);
        });
        yield return new("locked exchange in an L1 table", w =>
        {
            w.Cpu.Frame.Rax = 0;
            fault(w, L1View + 6 * 8, 7, 0x48, 0x87, 0x07);
        });
        yield return new("emulated: mov from cr3", w => fault(w, 0, 0, 0x0f, 0x20, 0xd8));
        yield return new("emulated: mov to cr3", w =>
        {
            w.Cpu.Frame.Rax = w.AnotherRoot(0).Address;
            fault(w, 0, 0, 0x0f, 0x22, 0xd8);
        });
        yield return new("emulated: rdmsr", w =>
        {
            w.Cpu.Frame.Rcx = 0xc000_0080;
            fault(w, 0, 0, 0x0f, 0x32);
        });
        yield return new("emulated: in", w => fault(w, 0, 0, 0xe4, 0x60), w => gate(w, 13), Privileged: true);
        yield return new("emulated: wbinvd", w => fault(w, 0, 0, 0x0f, 0x09));
    }
}
