// Our names beside C's for xen/hvm/ioreq.h. AbiTable explains the format.

namespace Xenith.Tests.Abi;

internal static class IoReqTable
{
    public const string Rows = """
        header xen/hvm/ioreq.h
        value IoReqType.Pio = IOREQ_TYPE_PIO
        value IoReqType.Copy = IOREQ_TYPE_COPY
        value IoReqType.PciConfig = IOREQ_TYPE_PCI_CONFIG
        value IoReqType.Timeoffset = IOREQ_TYPE_TIMEOFFSET
        value IoReqType.Invalidate = IOREQ_TYPE_INVALIDATE
        value IoReqState.IoReqNone = STATE_IOREQ_NONE
        value IoReqState.IoReqReady = STATE_IOREQ_READY
        value IoReqState.IoReqInprocess = STATE_IOREQ_INPROCESS
        value IoReqState.IorespReady = STATE_IORESP_READY
        value IoReqConstants.Read = IOREQ_READ
        value IoReqConstants.Write = IOREQ_WRITE
        value IoReqConstants.BufferSlotNum = IOREQ_BUFFER_SLOT_NUM
        value AcpiBlocks.Pm1aEvtBlkAddressV0 = ACPI_PM1A_EVT_BLK_ADDRESS_V0
        value AcpiBlocks.Pm1aCntBlkAddressV0 = ACPI_PM1A_CNT_BLK_ADDRESS_V0
        value AcpiBlocks.PmTmrBlkAddressV0 = ACPI_PM_TMR_BLK_ADDRESS_V0
        value AcpiBlocks.Gpe0BlkAddressV0 = ACPI_GPE0_BLK_ADDRESS_V0
        value AcpiBlocks.Gpe0BlkLenV0 = ACPI_GPE0_BLK_LEN_V0
        value AcpiBlocks.Pm1aEvtBlkAddressV1 = ACPI_PM1A_EVT_BLK_ADDRESS_V1
        value AcpiBlocks.Pm1aCntBlkAddressV1 = ACPI_PM1A_CNT_BLK_ADDRESS_V1
        value AcpiBlocks.PmTmrBlkAddressV1 = ACPI_PM_TMR_BLK_ADDRESS_V1
        value AcpiBlocks.Gpe0BlkAddressV1 = ACPI_GPE0_BLK_ADDRESS_V1
        value AcpiBlocks.Gpe0BlkLenV1 = ACPI_GPE0_BLK_LEN_V1
        struct IoReq = both struct ioreq
            Addr = addr
            Data = data
            Count = count
            Size = size
            VpEport = vp_eport
            Pad0 = _pad0
            StateAndFlags = @30:1
            Type = type
        struct SharedIoPage = both struct shared_iopage
            VcpuIoReq = vcpu_ioreq
        struct BufIoReq = both struct buf_ioreq
            Header = @0:4
            Data = data
        struct BufferedIoPage = both struct buffered_iopage
            ReadPointer = read_pointer
            WritePointer = write_pointer
            BufIoReq = buf_ioreq
        """;
}
