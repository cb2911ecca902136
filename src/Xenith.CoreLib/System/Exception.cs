// There are no exceptions. 'throw null' in this library and in Xenith.Machine ends a method that must never return: it compiles to a
// call of RhpThrowEx, which is one undefined instruction, so that every failed check arrives in one place, the #UD handler.

namespace System;

public class Exception
{
}
