// Our names beside C's for xen/xenoprof.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class XenoprofTable
{
    public const string Rows = """
        header xen/xenoprof.h
        value XenoprofOp.Init = XENOPROF_init
        value XenoprofOp.ResetActiveList = XENOPROF_reset_active_list
        value XenoprofOp.ResetPassiveList = XENOPROF_reset_passive_list
        value XenoprofOp.SetActive = XENOPROF_set_active
        value XenoprofOp.SetPassive = XENOPROF_set_passive
        value XenoprofOp.ReserveCounters = XENOPROF_reserve_counters
        value XenoprofOp.Counter = XENOPROF_counter
        value XenoprofOp.SetupEvents = XENOPROF_setup_events
        value XenoprofOp.EnableVirq = XENOPROF_enable_virq
        value XenoprofOp.Start = XENOPROF_start
        value XenoprofOp.Stop = XENOPROF_stop
        value XenoprofOp.DisableVirq = XENOPROF_disable_virq
        value XenoprofOp.ReleaseCounters = XENOPROF_release_counters
        value XenoprofOp.Shutdown = XENOPROF_shutdown
        value XenoprofOp.GetBuffer = XENOPROF_get_buffer
        value XenoprofOp.SetBacktrace = XENOPROF_set_backtrace
        value XenoprofOp.GetIbsCaps = XENOPROF_get_ibs_caps
        value XenoprofOp.IbsCounter = XENOPROF_ibs_counter
        value XenoprofOp.LastOp = XENOPROF_last_op
        value XenoprofConstants.OprofEvents = MAX_OPROF_EVENTS
        value XenoprofConstants.OprofDomains = MAX_OPROF_DOMAINS
        value XenoprofConstants.CpuTypeSize = XENOPROF_CPU_TYPE_SIZE
        value XenoprofConstants.EscapeCode = XENOPROF_ESCAPE_CODE
        value XenoprofConstants.TraceBegin = XENOPROF_TRACE_BEGIN
        struct EventLog = struct event_log
            Eip = eip
            Mode = mode
            Event = event
        struct XenoprofBuf = struct xenoprof_buf
            EventHead = event_head
            EventTail = event_tail
            EventSize = event_size
            VcpuId = vcpu_id
            XenSamples = xen_samples
            KernelSamples = kernel_samples
            UserSamples = user_samples
            LostSamples = lost_samples
            EventLog = event_log
        struct XenoprofInit = both struct xenoprof_init
            NumEvents = num_events
            IsPrimary = is_primary
            CpuType = cpu_type
        struct XenoprofGetBuffer = struct xenoprof_get_buffer
            MaxSamples = max_samples
            Nbuf = nbuf
            Bufsize = bufsize
            BufGmaddr = buf_gmaddr
        struct XenoprofCounter = struct xenoprof_counter
            Ind = ind
            Count = count
            Enabled = enabled
            Event = event
            Hypervisor = hypervisor
            Kernel = kernel
            User = user
            UnitMask = unit_mask
        struct XenoprofPassive = both struct xenoprof_passive
            DomainId = domain_id
            MaxSamples = max_samples
            Nbuf = nbuf
            Bufsize = bufsize
            BufGmaddr = buf_gmaddr
        struct XenoprofIbsCounter = both struct xenoprof_ibs_counter
            OpEnabled = op_enabled
            FetchEnabled = fetch_enabled
            MaxCntFetch = max_cnt_fetch
            MaxCntOp = max_cnt_op
            RandEn = rand_en
            DispatchedOps = dispatched_ops
        """;
}
