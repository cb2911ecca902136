// Our names beside C's for xen/errno.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class ErrnoTable
{
    public const string Rows = """
        header xen/errno.h
        value Errno.EPERM = XEN_EPERM
        value Errno.ENOENT = XEN_ENOENT
        value Errno.ESRCH = XEN_ESRCH
        value Errno.EIO = XEN_EIO
        value Errno.ENXIO = XEN_ENXIO
        value Errno.E2BIG = XEN_E2BIG
        value Errno.ENOEXEC = XEN_ENOEXEC
        value Errno.EBADF = XEN_EBADF
        value Errno.ECHILD = XEN_ECHILD
        value Errno.EAGAIN = XEN_EAGAIN
        value Errno.ENOMEM = XEN_ENOMEM
        value Errno.EACCES = XEN_EACCES
        value Errno.EFAULT = XEN_EFAULT
        value Errno.EBUSY = XEN_EBUSY
        value Errno.EEXIST = XEN_EEXIST
        value Errno.EXDEV = XEN_EXDEV
        value Errno.ENODEV = XEN_ENODEV
        value Errno.ENOTDIR = XEN_ENOTDIR
        value Errno.EISDIR = XEN_EISDIR
        value Errno.EINVAL = XEN_EINVAL
        value Errno.ENFILE = XEN_ENFILE
        value Errno.EMFILE = XEN_EMFILE
        value Errno.ENOSPC = XEN_ENOSPC
        value Errno.EROFS = XEN_EROFS
        value Errno.EMLINK = XEN_EMLINK
        value Errno.EDOM = XEN_EDOM
        value Errno.ERANGE = XEN_ERANGE
        value Errno.EDEADLK = XEN_EDEADLK
        value Errno.ENAMETOOLONG = XEN_ENAMETOOLONG
        value Errno.ENOLCK = XEN_ENOLCK
        value Errno.ENOSYS = XEN_ENOSYS
        value Errno.ENOTEMPTY = XEN_ENOTEMPTY
        value Errno.ENODATA = XEN_ENODATA
        value Errno.ETIME = XEN_ETIME
        value Errno.EBADMSG = XEN_EBADMSG
        value Errno.EOVERFLOW = XEN_EOVERFLOW
        value Errno.EILSEQ = XEN_EILSEQ
        value Errno.ENOTSOCK = XEN_ENOTSOCK
        value Errno.EMSGSIZE = XEN_EMSGSIZE
        value Errno.EOPNOTSUPP = XEN_EOPNOTSUPP
        value Errno.EADDRINUSE = XEN_EADDRINUSE
        value Errno.EADDRNOTAVAIL = XEN_EADDRNOTAVAIL
        value Errno.ENOBUFS = XEN_ENOBUFS
        value Errno.EISCONN = XEN_EISCONN
        value Errno.ENOTCONN = XEN_ENOTCONN
        value Errno.ETIMEDOUT = XEN_ETIMEDOUT
        value Errno.ECONNREFUSED = XEN_ECONNREFUSED
        """;
}
