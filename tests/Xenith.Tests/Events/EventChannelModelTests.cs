// Random sequences of binding, sending and closing in three domains, against a model that is a few dictionaries.

using CsCheck;
using Xenith.Abi;
using Xenith.Hypervisor;
using Xenith.Hypervisor.Domains;
using Xenith.Tests.Hypercalls;
using Xunit;

namespace Xenith.Tests.Events;

public sealed class EventChannelModelTests
{
    private const uint Pending = 2048;

    [Fact]
    public void Channels_do_what_the_model_does() =>
        Gen.Int[0, 5].Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.UInt[0, 9], Gen.UInt[0, 9], (operation, domain, other, port, remote) => new Step(operation, domain, other, port, remote))
            .Array[1, 60]
            .Sample(steps =>
            {
                using var guest = new GuestScene();
                Domain[] domains = [guest.Dom0, guest.NewDomain(1), guest.NewDomain(2)];
                var model = new Model();
                foreach (Step step in steps)
                {
                    (int, uint) expected = model.Do(step);
                    (int, uint) actual = Do(domains, step);
                    if (expected != actual)
                        return false;
                }

                return model.Matches(domains);
            }, iter: 300, threads: 1);

    private static (int Error, uint Port) Do(Domain[] domains, Step step)
    {
        Domain domain = domains[step.Domain], other = domains[step.Other];
        uint port = 0;
        XenError error = step.Operation switch
        {
            0 => domain.Events.AllocateUnbound(other.Id, out port),
            1 => domain.Events.BindInterdomain(other, step.Remote, out port),
            2 => domain.Events.BindIpi(step.Remote % 3, out port),
            3 => domain.Events.Send(step.Port),
            4 => domain.Events.Close(step.Port),
            _ => domain.Events.BindVirq(step.Remote % 2, 0, out port),
        };
        return ((int)error, error == XenError.None ? port : 0);
    }

    internal sealed record Step(int Operation, int Domain, int Other, uint Port, uint Remote);

    private sealed class Model
    {
        private readonly Dictionary<(int Domain, uint Port), (string Kind, int Domain, uint Value)> _ports = [];
        private readonly HashSet<(int, uint)> _pending = [];

        public (int, uint) Do(Step step)
        {
            (int d, uint p) = (step.Domain, step.Port);
            switch (step.Operation)
            {
                case 0:
                    return (0, Add(d, ("unbound", step.Other, 0)));
                case 1:
                    if (!_ports.TryGetValue((step.Other, step.Remote), out var waiting) || waiting.Kind != "unbound" || waiting.Domain != d)
                        return (22, 0);
                    // A domain may bind to its own waiting port; the new port is another one.
                    uint local = Add(d, ("pair", step.Other, step.Remote));
                    _ports[(step.Other, step.Remote)] = ("pair", d, local);
                    _pending.Add((d, local));
                    return (0, local);
                case 2:
                    return step.Remote % 3 == 2 ? (2, 0u) : (0, Add(d, ("ipi", 0, 0)));
                case 3:
                    if (!_ports.TryGetValue((d, p), out var sender) || sender.Kind is "virq0" or "virq1")
                        return (22, 0);
                    if (sender.Kind == "pair")
                        _pending.Add((sender.Domain, sender.Value));
                    if (sender.Kind == "ipi")
                        _pending.Add((d, p));
                    return (0, 0);
                case 4:
                    if (!_ports.Remove((d, p), out var closed))
                        return (22, 0);
                    _pending.Remove((d, p));
                    if (closed.Kind == "pair")
                        _ports[(closed.Domain, closed.Value)] = ("unbound", d, 0);
                    return (0, 0);
                default:
                    string kind = "virq" + step.Remote % 2;
                    if (_ports.Any(port => port.Key.Domain == d && port.Value.Kind == kind))
                        return (17, 0);
                    return (0, Add(d, (kind, 0, 0)));
            }
        }

        public bool Matches(Domain[] domains)
        {
            for (int d = 0; d < domains.Length; d++)
            {
                for (uint port = 0; port < 64; port++)
                {
                    var status = new EventChannelStatus { Port = port };
                    domains[d].Events.Describe(ref status);
                    EventChannelState expected = !_ports.TryGetValue((d, port), out var at) ? EventChannelState.Closed : at.Kind switch
                    {
                        "unbound" => EventChannelState.Unbound,
                        "pair" => EventChannelState.Interdomain,
                        "ipi" => EventChannelState.Ipi,
                        _ => EventChannelState.Virq,
                    };
                    if ((EventChannelState)status.Status != expected || domains[d].SharedInfo.TestBit(Pending, port) != _pending.Contains((d, port)))
                        return false;
                    if (expected == EventChannelState.Interdomain && (status.InterdomainDom != at.Domain || status.InterdomainPort != at.Value))
                        return false;
                }
            }

            return true;
        }

        private uint Add(int domain, (string, int, uint) binding)
        {
            uint port = 1;
            while (_ports.ContainsKey((domain, port)))
                port++;
            _ports[(domain, port)] = binding;
            return port;
        }
    }
}
