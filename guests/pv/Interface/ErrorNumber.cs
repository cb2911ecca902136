// Error numbers of the interface (public errno.h); a hypercall returns the negative of one.

namespace Xenith.Guest.Pv.Interface;

static class ErrorNumber
{
    public const int Eperm = 1, Enoent = 2, Esrch = 3, Eintr = 4, Eio = 5, Enxio = 6, E2big = 7, Enoexec = 8, Ebadf = 9;
    public const int Eagain = 11, Enomem = 12, Eacces = 13, Efault = 14, Ebusy = 16, Eexist = 17, Exdev = 18, Enodev = 19;
    public const int Einval = 22, Enfile = 23, Emfile = 24, Enospc = 28, Erofs = 30, Emlink = 31, Edom = 33, Erange = 34;
    public const int Edeadlk = 35, Enosys = 38, Enodata = 61, Etime = 62, Ebadmsg = 74, Eoverflow = 75, Eilseq = 84;
    public const int Erestart = 85, Eopnotsupp = 95, Etimedout = 110;

    public static string Name(int number) => number switch
    {
        Eperm => "EPERM",
        Enoent => "ENOENT",
        Esrch => "ESRCH",
        Eintr => "EINTR",
        Eio => "EIO",
        Enxio => "ENXIO",
        E2big => "E2BIG",
        Enoexec => "ENOEXEC",
        Ebadf => "EBADF",
        Eagain => "EAGAIN",
        Enomem => "ENOMEM",
        Eacces => "EACCES",
        Efault => "EFAULT",
        Ebusy => "EBUSY",
        Eexist => "EEXIST",
        Exdev => "EXDEV",
        Enodev => "ENODEV",
        Einval => "EINVAL",
        Enfile => "ENFILE",
        Emfile => "EMFILE",
        Enospc => "ENOSPC",
        Erofs => "EROFS",
        Emlink => "EMLINK",
        Edom => "EDOM",
        Erange => "ERANGE",
        Edeadlk => "EDEADLK",
        Enosys => "ENOSYS",
        Enodata => "ENODATA",
        Etime => "ETIME",
        Ebadmsg => "EBADMSG",
        Eoverflow => "EOVERFLOW",
        Eilseq => "EILSEQ",
        Erestart => "ERESTART",
        Eopnotsupp => "EOPNOTSUPP",
        Etimedout => "ETIMEDOUT",
        _ => "E?",
    };
}
