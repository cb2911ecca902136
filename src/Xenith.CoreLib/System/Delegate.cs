// Delegates exist as types because the compilers demand them. The methods that initialise one are absent on purpose: a lambda
// or a method group anywhere in the image fails the build.

namespace System;

public abstract class Delegate
{
}

public abstract class MulticastDelegate : Delegate
{
}
