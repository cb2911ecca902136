// Which measures a CPU needs, and what the command line makes of that.

using System.Text;
using Xenith.Hypervisor.Boot;
using Xenith.Hypervisor.Speculation;
using Xenith.Machine;
using Xunit;

namespace Xenith.Tests.Speculation;

public sealed class SpeculationPolicyTests
{
    private const uint Smep = 1 << 7;

    private static readonly SpeculationFeatures Amd = new() { IsAmd = true, Leaf7Ebx = Smep };
    private static readonly SpeculationFeatures OldIntel = new() { Leaf7Ebx = Smep };
    private static readonly SpeculationFeatures Skylake = new()
    {
        Leaf7Ebx = Smep,
        Leaf7Edx = SpeculationFeatures.IbrsIbpb | SpeculationFeatures.MdClear | SpeculationFeatures.Ssbd,
    };

    private static readonly SpeculationFeatures NewIntel = new()
    {
        Leaf7Ebx = Smep,
        Leaf7Edx = SpeculationFeatures.IbrsIbpb | SpeculationFeatures.MdClear | SpeculationFeatures.HasArchCapabilities,
        Capabilities = SpeculationFeatures.RdclNo | SpeculationFeatures.EnhancedIbrs | SpeculationFeatures.MdsNo | SpeculationFeatures.TaaNo,
    };

    [Fact]
    public void A_CPU_that_needs_nothing_keeps_its_short_ways()
    {
        SpeculationPolicy policy = Choose(Amd);
        Assert.False(policy.NeedsGuards);
        Assert.False(policy.UsesIbpb);
        Assert.Equal(0u, policy.SpecCtrl);
    }

    [Fact]
    public void Meltdown_is_Intels_unless_the_CPU_says_no()
    {
        Assert.True(Choose(OldIntel).IsolatesDom0);
        Assert.True(Choose(OldIntel).IsolatesDomU);
        Assert.False(Choose(NewIntel).NeedsGuards);
        Assert.False(Choose(Amd).IsolatesDomU);
    }

    [Fact]
    public void Transactions_are_off_where_they_leak_unless_asked_for()
    {
        const uint rtm = 1 << 11, hle = 1 << 4;
        SpeculationFeatures leaking = NewIntel with { Leaf7Ebx = Smep | rtm | hle, Capabilities = (NewIntel.Capabilities | SpeculationFeatures.TsxCtrl) & ~SpeculationFeatures.TaaNo };
        Assert.Equal(SpeculationPolicy.TsxOff, Choose(leaking).TsxControl);
        // Without transactions there is nothing left that VERW would be needed for.
        Assert.Equal(GuardKinds.None, Choose(leaking).Guards);
        Assert.Equal(0u, Choose(leaking, "tsx").TsxControl);
        Assert.Equal(GuardKinds.Buffers, Choose(leaking, "tsx").Guards);

        SpeculationFeatures immune = leaking with { Capabilities = leaking.Capabilities | SpeculationFeatures.TaaNo };
        Assert.Equal(0u, Choose(immune).TsxControl);
        Assert.Equal(SpeculationPolicy.TsxOff, Choose(immune, "tsx=no").TsxControl);

        // Without the control register they stay, and so does what they need.
        SpeculationFeatures stuck = leaking with { Capabilities = leaking.Capabilities & ~SpeculationFeatures.TsxCtrl };
        Assert.Equal(0u, Choose(stuck, "tsx=no").TsxControl);
        Assert.Equal(GuardKinds.Buffers, Choose(stuck, "tsx=no").Guards);
    }

    [Fact]
    public void Without_SMEP_the_return_stack_is_overwritten()
    {
        Assert.Equal(GuardKinds.Returns, Choose(new SpeculationFeatures { IsAmd = true }).Guards);
        Assert.Equal(GuardKinds.None, Choose(new SpeculationFeatures { IsAmd = true }, "spec-ctrl=rsb=no").Guards);
    }

    [Fact]
    public void Skylake_gets_everything_at_every_entry()
    {
        SpeculationPolicy policy = Choose(Skylake);
        Assert.Equal(GuardKinds.SpecCtrl | GuardKinds.Buffers, policy.Guards);
        Assert.Equal(SpeculationPolicy.IbrsBit, policy.SpecCtrl);
        Assert.True(policy.UsesIbpb);
        Assert.Equal(SpeculationPolicy.IbrsBit | SpeculationPolicy.SsbdBit, Choose(Skylake, "spec-ctrl=ssbd").SpecCtrl);
    }

    [Fact]
    public void Enhanced_IBRS_is_set_once()
    {
        SpeculationPolicy policy = Choose(NewIntel);
        Assert.Equal(SpeculationPolicy.IbrsBit, policy.SpecCtrl);
        Assert.Equal(GuardKinds.None, policy.Guards);
        SpeculationFeatures zen4 = Amd;
        zen4.AmdLeaf8 = SpeculationFeatures.AmdIbrs | SpeculationFeatures.AmdIbpb;
        zen4.AmdLeaf21 = SpeculationFeatures.AutoIbrs;
        Assert.True(Choose(zen4).UsesAutomaticIbrs);
        Assert.Equal(0u, Choose(zen4).SpecCtrl);
    }

    [Theory]
    [InlineData("spec-ctrl=no", GuardKinds.None, false, false)]
    [InlineData("spec-ctrl=no xpti=yes", GuardKinds.None, true, false)]
    [InlineData("spec-ctrl=pv=no", GuardKinds.None, true, true)]
    [InlineData("spec-ctrl=no-xen", GuardKinds.Buffers, true, false)]
    [InlineData("spec-ctrl=no-md-clear", GuardKinds.SpecCtrl, true, true)]
    [InlineData("spec-ctrl=verw=no-pv,ibpb=off", GuardKinds.SpecCtrl, true, false)]
    [InlineData("spec-ctrl=msr-sc=0,rsb", GuardKinds.Returns | GuardKinds.Buffers, true, true)]
    [InlineData("", GuardKinds.SpecCtrl | GuardKinds.Buffers, true, true)]
    [InlineData("no-xpti", GuardKinds.SpecCtrl | GuardKinds.Buffers, false, true)]
    public void The_command_line_has_the_last_word(string text, GuardKinds guards, bool isolates, bool usesIbpb)
    {
        SpeculationPolicy policy = Choose(Skylake, text);
        Assert.Equal(guards, policy.Guards);
        Assert.Equal(isolates, policy.IsolatesDom0);
        Assert.Equal(usesIbpb, policy.UsesIbpb);
    }

    [Theory]
    [InlineData("xpti", true, true)]
    [InlineData("xpti=no", false, false)]
    [InlineData("xpti=dom0=0", false, true)]
    [InlineData("xpti=yes,domu=no", true, false)]
    [InlineData("xpti=no-dom0", false, true)]
    public void Isolation_is_chosen_for_each_kind_of_domain(string text, bool dom0, bool domU)
    {
        SpeculationPolicy policy = Choose(OldIntel, text);
        Assert.Equal((dom0, domU), (policy.IsolatesDom0, policy.IsolatesDomU));
    }

    private static SpeculationPolicy Choose(SpeculationFeatures cpu, string text = "")
    {
        CommandLineParser parser = new(Encoding.ASCII.GetBytes(text));
        while (parser.MoveNext())
            Assert.Fail($"{parser.Problem}: {text}");
        HypervisorOptions options = parser.Options;
        return SpeculationPolicy.Choose(cpu, in options);
    }
}
