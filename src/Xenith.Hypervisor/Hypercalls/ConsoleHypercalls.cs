using System;
using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// console_io (18): a domain's early and emergency output, and dom0's serial console (public/xen.h, CONSOLEIO_*). Every domain may write;
/// dom0's bytes go out as they are, other domains' by lines with their id in front and not too many of them. Only dom0 may read.
/// </summary>
internal static class ConsoleHypercalls
{
    private const int ChunkSize = 256;

    /// <summary>(command, number of bytes, address).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long ConsoleIo(ulong command, ulong countArgument, ulong address, ulong a4, ulong a5, uint number)
    {
        uint count = unchecked((uint)countArgument);
        switch ((ConsoleIoOp)unchecked((uint)command))
        {
            case ConsoleIoOp.Write:
                return Write(address, count, number);
            case ConsoleIoOp.Read:
                return Read(address, count);
            default:
                return Serving.Domain.IsPrivileged ? XenError.NotImplemented.ToResult() : XenError.NotPermitted.ToResult();
        }
    }

    private static long Write(ulong address, uint count, uint number)
    {
        Vcpu vcpu = Serving.Vcpu;
        Host host = Host.Current;
        Chunk chunk = default;
        bool first = true;
        while (count != 0)
        {
            if (!first && Continuation.IsDue(vcpu))
                return Continuation.Again(number, (ulong)ConsoleIoOp.Write, count, address);
            first = false;
            uint part = Math.Min(count, ChunkSize);
            Span<byte> bytes = ((Span<byte>)chunk)[..(int)part];
            if (!GuestMemory.TryRead(address, bytes))
                return XenError.BadAddress.ToResult();
            if (vcpu.Domain.IsPrivileged)
                host.Log.GuestBytes(bytes);
            else
                vcpu.Domain.Console.Write(host, bytes);
            address = unchecked(address + part);
            count -= part;
        }
        return 0;
    }

    /// <summary>Returns the number of bytes; 0 if nothing has arrived.</summary>
    private static long Read(ulong address, uint count)
    {
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (count > int.MaxValue)
            return XenError.ArgumentListTooLong.ToResult();
        Host host = Host.Current;
        Chunk chunk = default;
        uint done = 0;
        while (done < count)
        {
            int taken = 0;
            for (uint room = Math.Min(count - done, ChunkSize); (uint)taken < room && host.ConsoleInput.TryTake(out byte value); taken++)
                chunk[taken] = value;
            if (taken == 0)
                break;
            if (!GuestMemory.TryWrite(unchecked(address + done), ((ReadOnlySpan<byte>)chunk)[..taken]))
                return XenError.BadAddress.ToResult();
            done += (uint)taken;
        }
        return done;
    }

    [InlineArray(ChunkSize)]
    private struct Chunk
    {
        private byte _first;
    }
}
