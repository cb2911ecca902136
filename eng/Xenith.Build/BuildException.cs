namespace Xenith.Build;

/// <summary>A check of the build failed; the message is what the developer reads.</summary>
internal sealed class BuildException(string message) : Exception(message);
