// Lines on the hypervisor's console (console_io write). A line is put together in one buffer and sent whole, so that
// lines of the hypervisor itself fall between ours and never into them.

using Xenith.Guest.Pv.Interface;

namespace Xenith.Guest.Pv.Kernel;

static unsafe class Console
{
    const int Capacity = 1000;

    struct Buffer
    {
        public fixed byte Bytes[Capacity + 8];
    }

    static Buffer line;
    static int length;

    public static void Put(byte character)
    {
        if (length < Capacity)
        {
            fixed (byte* bytes = line.Bytes)
            {
                bytes[length++] = character;
            }
        }
    }

    public static void Put(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Put((byte)text[i]);
        }
    }

    public static void PutHex(ulong value)
    {
        Put("0x");
        int digits = 1;
        while (digits < 16 && value >> (digits * 4) != 0)
        {
            digits++;
        }

        for (int i = digits - 1; i >= 0; i--)
        {
            int digit = (int)(value >> (i * 4)) & 15;
            Put((byte)(digit < 10 ? '0' + digit : 'a' + digit - 10));
        }
    }

    public static void PutDecimal(ulong value)
    {
        ulong scale = 1;
        while (value / scale >= 10)
        {
            scale *= 10;
        }

        for (; scale != 0; scale /= 10)
        {
            Put((byte)('0' + value / scale % 10));
        }
    }

    /// <summary>A hypercall's result: a name for the usual errors, else a number.</summary>
    public static void PutResult(long result)
    {
        if (result < 0 && result > -4096)
        {
            Put("-");
            Put(ErrorNumber.Name((int)-result));
        }
        else
        {
            PutHex((ulong)result);
        }
    }

    public static void EndLine()
    {
        Put((byte)'\n');
        fixed (byte* bytes = line.Bytes)
        {
            Hypercall.ConsoleWrite(bytes, length);
        }

        length = 0;
    }

    public static void WriteLine(string text)
    {
        Put(text);
        EndLine();
    }
}
