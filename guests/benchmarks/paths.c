/*
 * A plugin for QEMU's TCG that writes down which of the hypervisor's instructions one pass of a benchmark executed, and how often each.
 *
 * The guest announces a pass with a no-operation that carries a number (MARK below). Its own RDTSCs delimit what it measures, so the plugin
 * counts between the two that the mark names; what the figure is made of is then known to the instruction. Only instructions between
 * FIRST and LAST count: the range of addresses that Xen's ABI keeps for the hypervisor (public/arch-x86/xen-x86_64.h).
 *
 * Output, one line each: "pass", then "COUNT BYTES" for each instruction executed, its bytes in hexadecimal, then "stores OFFSET COUNT"
 * for each register of the local APIC that was written. Decoding them is the reader's work.
 *
 * The declarations are those of QEMU's plugin interface, version 1 (docs/devel/tcg-plugins.rst); Debian packages no header with them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST UINT64_C(0xffff800000000000)
#define LAST UINT64_C(0xffff87ffffffffff)
#define LOCAL_APIC UINT64_C(0xfee00000)
#define REGISTERS 64

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct info;
enum { NO_REGISTERS = 0 };
enum { LOADS_AND_STORES = 3 }; /* QEMU 7.2 tells them apart only when it calls */
enum { ADD = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*call)(plugin_id, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*call)(unsigned int, void *), int flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation, void *counter, uint64_t addend);
extern void qemu_plugin_register_vcpu_mem_cb(
    struct qemu_plugin_insn *insn, void (*call)(unsigned int, uint32_t, uint64_t, void *), int flags, int kind, void *data);
extern bool qemu_plugin_mem_is_store(uint32_t access);
extern struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t access, uint64_t address);
extern bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
extern uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* An instruction at an address. It lives as long as QEMU: translated code adds to its counter. */
struct place {
    struct place *next_in_bucket, *next;
    uint64_t address, count;
    uint8_t bytes[15], size;
};

static struct place *buckets[1 << 16], *places;
static FILE *output;
static unsigned stamps, wanted;
static bool announced, counting;
static uint64_t stores[REGISTERS];

static struct place *find(uint64_t address, const uint8_t *bytes, size_t size)
{
    struct place **bucket = &buckets[(address ^ address >> 16) & 0xffff];
    for (struct place *place = *bucket; place; place = place->next_in_bucket)
        if (place->address == address && place->size == size && memcmp(place->bytes, bytes, size) == 0)
            return place;
    struct place *place = calloc(1, sizeof(*place));
    if (!place)
        abort();
    place->address = address;
    place->size = size;
    memcpy(place->bytes, bytes, size);
    place->next_in_bucket = *bucket;
    *bucket = place;
    place->next = places;
    places = place;
    return place;
}

static void begin(void)
{
    for (struct place *place = places; place; place = place->next)
        place->count = 0;
    memset(stores, 0, sizeof(stores));
    counting = true;
}

static void end(void)
{
    counting = announced = false;
    fputs("pass\n", output);
    for (struct place *place = places; place; place = place->next) {
        if (place->count == 0)
            continue;
        fprintf(output, "%" PRIu64 " ", place->count);
        for (unsigned i = 0; i < place->size; i++)
            fprintf(output, "%02x", place->bytes[i]);
        fputc('\n', output);
    }
    for (unsigned i = 0; i < REGISTERS; i++)
        if (stores[i])
            fprintf(output, "stores %x %" PRIu64 "\n", i * 16, stores[i]);
    fflush(output);
}

/* The guest's mark: the next pass is the one to be written down, between its RDTSC number 'data' and the next. */
static void mark_executed(unsigned int cpu, void *data)
{
    (void)cpu;
    announced = true;
    counting = false;
    stamps = 0;
    wanted = (unsigned)(uintptr_t)data;
}

static void guest_rdtsc_executed(unsigned int cpu, void *data)
{
    (void)cpu;
    (void)data;
    if (!announced)
        return;
    if (counting)
        end();
    else if (stamps++ == wanted)
        begin();
}

static void stored(unsigned int cpu, uint32_t access, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    if (!counting || !qemu_plugin_mem_is_store(access))
        return;
    struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(access, address);
    if (!place || !qemu_plugin_hwaddr_is_io(place))
        return;
    uint64_t physical = qemu_plugin_hwaddr_phys_addr(place);
    if (physical >> 12 == LOCAL_APIC >> 12)
        stores[physical >> 4 & (REGISTERS - 1)]++;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    /* nopl NUMBER + 0x58454e30(%rax) */
    static const uint8_t mark[] = { 0x0f, 0x1f, 0x80 }, mark_end[] = { 0x4e, 0x45, 0x58 }, rdtsc[] = { 0x0f, 0x31 };
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address >= FIRST && address <= LAST && size <= sizeof(((struct place *)0)->bytes)) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD, &find(address, bytes, size)->count, 1);
            qemu_plugin_register_vcpu_mem_cb(insn, stored, NO_REGISTERS, LOADS_AND_STORES, NULL);
        } else if (size == 7 && memcmp(bytes, mark, sizeof(mark)) == 0 && memcmp(bytes + 4, mark_end, sizeof(mark_end)) == 0)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_executed, NO_REGISTERS, (void *)(uintptr_t)(bytes[3] - 0x30));
        else if (size == sizeof(rdtsc) && memcmp(bytes, rdtsc, sizeof(rdtsc)) == 0)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, guest_rdtsc_executed, NO_REGISTERS, NULL);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const struct info *info, int count, char **arguments)
{
    (void)info;
    if (count != 1 || strncmp(arguments[0], "output=", 7) != 0 || !(output = fopen(arguments[0] + 7, "w")))
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
