namespace Xenith.Hypervisor.Scheduling;

/// <summary>
/// Dividing credits by weight. Each takes its part of what is left by its part of the weight that is left, so that nothing is lost to rounding: weights 256 and 512 get 333 and 667 of 1000.
/// </summary>
internal static class CreditShares
{
    /// <summary>The part of one weight, to the nearest; credits and weights are what remains for the others afterwards. Products fit 64 bits as long as credits are below 2^34 and weights below 2^29.</summary>
    internal static ulong Take(ref ulong credits, ref ulong weights, ulong weight)
    {
        if (weight >= weights)
        {
            ulong all = credits;
            credits = 0;
            weights = 0;
            return all;
        }
        ulong part = (credits * weight + weights / 2) / weights;
        credits -= part;
        weights -= weight;
        return part;
    }

    /// <summary>
    /// Deals credits to domains by weight times active units. Who would get more than its limit gets the limit, and the rest goes to the others.
    /// Returns what nobody could take.
    /// </summary>
    internal static ulong Deal(CreditDomain? domains, ulong credits)
    {
        for (CreditDomain? domain = domains; domain is not null; domain = domain.NextActive)
            domain.IsSettled = false;
        ulong weights = UnsettledWeight(domains);
        // Each round settles those at their limits; the parts of the others only grow. Few rounds are needed, and the last takes the limits as they come.
        const int rounds = 8;
        for (int round = 0; round < rounds; round++)
        {
            bool any = false;
            ulong left = credits, weightLeft = weights;
            for (CreditDomain? domain = domains; domain is not null; domain = domain.NextActive)
            {
                ulong weight = WeightOf(domain);
                if (domain.IsSettled || domain.Limit * weights > credits * weight)
                    continue;
                domain.IsSettled = true;
                domain.Part = domain.Limit < left ? domain.Limit : left;
                left -= domain.Part;
                weightLeft -= weight;
                any = true;
            }
            credits = left;
            weights = weightLeft;
            if (!any)
                break;
        }
        ulong nobodys = 0;
        for (CreditDomain? domain = domains; domain is not null; domain = domain.NextActive)
        {
            if (domain.IsSettled)
                continue;
            ulong part = Take(ref credits, ref weights, WeightOf(domain));
            domain.Part = part < domain.Limit ? part : domain.Limit;
            nobodys += part - domain.Part;
        }
        return nobodys + credits;
    }

    private static ulong WeightOf(CreditDomain domain) => (ulong)domain.Weight * domain.ActiveCount;

    private static ulong UnsettledWeight(CreditDomain? domains)
    {
        ulong weights = 0;
        for (CreditDomain? domain = domains; domain is not null; domain = domain.NextActive)
            weights += WeightOf(domain);
        return weights;
    }
}
