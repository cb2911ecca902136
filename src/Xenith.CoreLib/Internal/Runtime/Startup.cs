// Run by the boot code before any other C#: gives static fields of reference type their storage and runs the static constructors
// that the compiler could not evaluate. Without it a store to such a field would hit a type descriptor, silently.
//
// Both are sections of the module header. There is no lazy check at accesses: constructors run once, here, in the order of
// the list, so none may rely on another.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace Internal.Runtime;

internal static unsafe class Startup
{
    private const int GCStaticRegion = 201;
    private const int EagerCctor = 205;

    // A block of static references before it is initialised: an int32 with these flags, the rest of it the distance to the
    // MethodTable that describes the block; optionally another int32, the distance to its initial contents.
    private const int Uninitialized = 1;
    private const int HasInitialData = 2;
    private const int FlagMask = 3;

    // ReadyToRunHeader: the number of sections is at 12, the sections start at 16.
    private struct ModuleSection
    {
        public int Id;
        public int Flags;
        public int* Start;
        public int* End;
    }

    private static byte* Header
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => (byte*)(delegate*<void>)&ReadyToRunHeader;
    }

    [RuntimeExport("runtime_start")]
    private static void Start()
    {
        byte* header = Header;
        int count = *(ushort*)(header + 12);
        ModuleSection* sections = (ModuleSection*)(header + 16);

        for (int i = 0; i < count; i++)
        {
            if (sections[i].Id == GCStaticRegion)
            {
                for (int* entry = sections[i].Start; entry < sections[i].End; entry++)
                {
                    InitializeStatics((nint*)Target(entry));
                }
            }
        }

        for (int i = 0; i < count; i++)
        {
            if (sections[i].Id == EagerCctor)
            {
                for (int* entry = sections[i].Start; entry < sections[i].End; entry++)
                {
                    ((delegate*<void>)Target(entry))();
                }
            }
        }
    }

    private static void InitializeStatics(nint* block)
    {
        int head = *(int*)block;
        if ((head & Uninitialized) == 0)
        {
            return;
        }

        MethodTable* type = (MethodTable*)((byte*)block + (head & ~FlagMask));
        object storage = BootHeap.NewObject(type);
        byte* address = *(byte**)&storage;
        if ((head & HasInitialData) != 0)
        {
            byte* data = Target((int*)block + 1);
            uint bytes = type->BaseSize - 16;
            for (uint k = 0; k < bytes; k++)
            {
                address[8 + k] = data[k];
            }
        }

        *block = (nint)address;
    }

    /// <summary>An int32 that holds its distance to what it refers to.</summary>
    private static byte* Target(int* relative) => (byte*)relative + *relative;

    [RuntimeImport("*", "__ReadyToRunHeader")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void ReadyToRunHeader();
}
