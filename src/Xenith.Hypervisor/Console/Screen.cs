namespace Xenith.Hypervisor.Console;

/// <summary>A screen that shows the log: text mode or a framebuffer. Lines scroll up.</summary>
public abstract class Screen
{
    /// <summary>Shows a byte: printable ASCII, newline, carriage return, tab. Anything else is left out.</summary>
    public abstract void Put(byte value);
}
