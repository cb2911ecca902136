namespace Xenith.Hypervisor;

/// <summary>
/// Why an operation was refused: the values of Xen's errno.h (public/errno.h), positive. Inside the hypervisor errors are values of this
/// type; only the hypercall edge turns them into negative numbers.
/// </summary>
public enum XenError
{
    None = 0,
    NotPermitted = 1,
    NoEntry = 2,
    NoSuchDomain = 3,
    Io = 5,
    NoDeviceOrAddress = 6,
    ArgumentListTooLong = 7,
    NoExecutable = 8,
    TryAgain = 11,
    NoMemory = 12,
    AccessDenied = 13,
    BadAddress = 14,
    Busy = 16,
    Exists = 17,
    CrossDevice = 18,
    NoDevice = 19,
    IsDirectory = 21,
    Invalid = 22,
    NoSpace = 28,
    ReadOnlyTarget = 30,
    OutOfDomain = 33,
    OutOfRange = 34,
    WouldDeadlock = 35,
    NotImplemented = 38,
    NoData = 61,
    TimerExpired = 62,
    Overflow = 75,
    IllegalSequence = 84,
    /// <summary>Internal: the call has to be made again to go on; never seen by a guest (Xen's ERESTART).</summary>
    Restart = 85,
    NotSupported = 95,
    NoBuffers = 105,
    NotConnected = 107,
    TimedOut = 110,
    AlreadyInProgress = 114,
}

/// <summary>The hypercall edge: errors become negative results.</summary>
public static class XenErrorExtensions
{
    /// <summary>0, or -errno.</summary>
    public static long ToResult(this XenError error) => -(long)(int)error;
}
