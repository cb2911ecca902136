// Reflection does not exist. These types are named by the compilers, by typeof() in attributes and by array initialisers.

namespace System;

public abstract class Type
{
}

internal sealed unsafe class RuntimeType : Type
{
    private Internal.Runtime.MethodTable* _pUnderlyingEEType;
}

public readonly struct RuntimeTypeHandle
{
    private readonly nint _value;
}

public readonly struct RuntimeMethodHandle
{
    private readonly nint _value;
}

public readonly struct RuntimeFieldHandle
{
    private readonly nint _value;
}
