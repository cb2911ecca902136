using System;
using System.Runtime.CompilerServices;
using Xenith.Abi;
using Xenith.Hypervisor.Domains;
using Xenith.Machine;

namespace Xenith.Hypervisor.Hypercalls;

/// <summary>
/// xen_version (17): which hypervisor this is and what it can do (public/version.h). Toolstack and kernels choose their programs and paths by it, so it
/// says Xen 4.17. Guests also make call 0 only to take pending events on the way out.
/// </summary>
internal static class VersionHypercalls
{
    /// <summary>4.17: major in the upper half, minor in the lower.</summary>
    internal const uint Version = 4 << 16 | 17;

    /// <summary>What a domain sees in place of what it may not know.</summary>
    private static ReadOnlySpan<byte> Denied => "<denied>\0"u8;

    /// <summary>(command, address of its argument).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long XenVersion(ulong command, ulong argument, ulong a3, ulong a4, ulong a5, uint number)
    {
        uint operation = unchecked((uint)command);
        return operation == (uint)XenVersionOp.Version ? Version : Describe((XenVersionOp)operation, argument);
    }

    private static long Describe(XenVersionOp command, ulong argument)
    {
        switch (command)
        {
            case XenVersionOp.ExtraVersion:
                return WriteText(argument, ".7"u8, VersionLengths.ExtraVersionLen);
            case XenVersionOp.CompileInfo:
                return WriteCompileInfo(argument);
            case XenVersionOp.Capabilities:
                return WriteText(argument, "xen-3.0-x86_64 "u8, VersionLengths.CapabilitiesInfoLen);
            case XenVersionOp.Changeset:
                return WriteText(argument, default, VersionLengths.ChangesetInfoLen);
            case XenVersionOp.PlatformParameters:
                return Result(GuestMemory.TryWrite(argument, AddressSpace.HypervisorStart));
            case XenVersionOp.GetFeatures:
                return GetFeatures(argument);
            case XenVersionOp.PageSize:
                return argument != 0 ? XenError.Invalid.ToResult() : AddressSpace.PageSize;
            case XenVersionOp.GuestHandle:
                return GuestHandle(argument);
            case XenVersionOp.CommandLine:
                return CommandLine(argument);
            case XenVersionOp.BuildId:
                return BuildId(argument);
            default:
                return XenError.NotImplemented.ToResult();
        }
    }

    /// <summary>The features of submap 0 that a PV domain has (public/features.h).</summary>
    internal static uint Features(Domain domain)
    {
        uint features = 1u << (int)XenFeature.MemoryOpVnodeSupported
            | 1u << (int)XenFeature.MmuPtUpdatePreserveAd
            | 1u << (int)XenFeature.HighmemAssist
            | 1u << (int)XenFeature.GnttabMapAvailBits
            | 1u << (int)XenFeature.DirectMapped;
        if ((domain.VmAssist >> (int)VmAssistType.PaeExtendedCr3 & 1) != 0)
            features |= 1u << (int)XenFeature.PaePgdirAboveFourGb;
        if (domain.IsPrivileged)
            features |= 1u << (int)XenFeature.Dom0;
        return features;
    }

    private static long GetFeatures(ulong argument)
    {
        if (!GuestMemory.TryRead(argument, out FeatureInfo info))
            return XenError.BadAddress.ToResult();
        if (info.SubmapIdx >= XenFeatures.NrSubmaps)
            return XenError.Invalid.ToResult();
        info.Submap = Features(Serving.Domain);
        return Result(GuestMemory.TryWrite(argument, info));
    }

    private static long GuestHandle(ulong argument)
    {
        Domain domain = Serving.Domain;
        return Result(GuestMemory.TryWrite(argument, domain.HandleLow) && GuestMemory.TryWrite(unchecked(argument + 8), domain.HandleHigh));
    }

    private static long CommandLine(ulong argument)
    {
        if (!Serving.Domain.IsPrivileged)
            return Result(GuestMemory.TryWrite(argument, Denied));
        return WriteText(argument, Host.Current.Platform.CommandLine, (int)XenLimits.MaxGuestCmdline);
    }

    /// <summary>The image carries no build id.</summary>
    private static long BuildId(ulong argument)
    {
        if (!Serving.Domain.IsPrivileged)
            return XenError.NotPermitted.ToResult();
        if (argument != 0)
        {
            if (!GuestMemory.TryRead(argument, out uint length))
                return XenError.BadAddress.ToResult();
            if (length == 0)
                return XenError.Invalid.ToResult();
        }
        return XenError.NoData.ToResult();
    }

    private static long WriteCompileInfo(ulong argument)
    {
        CompileInfo info = default;
        Copy(".NET ilc"u8, info.Compiler);
        Copy("xenith"u8, info.CompileBy);
        Copy("xenith"u8, info.CompileDomain);
        Copy("reproducible"u8, info.CompileDate);
        return Result(GuestMemory.TryWrite(argument, info));
    }

    private static void Copy(ReadOnlySpan<byte> text, Span<byte> to) => text.CopyTo(to);

    /// <summary>Writes text and fills the rest of the guest's buffer with zeros; the last byte is always zero.</summary>
    private static long WriteText(ulong argument, ReadOnlySpan<byte> text, int size)
    {
        TextBuffer buffer = default;
        Span<byte> bytes = ((Span<byte>)buffer)[..size];
        text[..Math.Min(text.Length, size - 1)].CopyTo(bytes);
        return Result(GuestMemory.TryWrite(argument, (ReadOnlySpan<byte>)bytes));
    }

    private static long Result(bool done) => done ? 0 : XenError.BadAddress.ToResult();

    /// <summary>Room for the longest text: capabilities and the command line.</summary>
    [InlineArray(1024)]
    private struct TextBuffer
    {
        private byte _first;
    }
}
