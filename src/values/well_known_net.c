// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "symbols/known_variables.h"

#include <inttypes.h>
#include <string.h>

/** An IPv4 address, or IPv6 as RFC 5952 has it: the longest run of zeros shortened. */
static void put_ip(struct buffer *out, const uint8_t *ip, size_t size, bool unmap)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (size == 16 && unmap && memcmp(ip, mapped, sizeof mapped) == 0) {
        ip += sizeof mapped;
        size = 4;
    }
    if (size == 4) {
        buffer_printf(out, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
        return;
    }
    size_t run = 0, run_size = 1; // one group alone is not shortened
    for (size_t i = 0, start = 0; i <= 8; i++) {
        if (i < 8 && ip[2 * i] == 0 && ip[2 * i + 1] == 0)
            continue;
        if (i - start > run_size) {
            run = start;
            run_size = i - start;
        }
        start = i + 1;
    }
    for (size_t i = 0; i < 8; i++) {
        if (run_size > 1 && i == run) {
            buffer_puts(out, "::");
            i += run_size - 1;
            continue;
        }
        bool first = i == 0 || (run_size > 1 && i == run + run_size);
        buffer_printf(out, "%s%x", first ? "" : ":", ip[2 * i] << 8 | ip[2 * i + 1]);
    }
}

/** The bytes of a net.IP. @return false where they are not 4 or 16, or not in the core */
static bool load_ip(const struct value_reader *reader, struct storage storage, uint8_t *out,
                    uint64_t *size)
{
    uint64_t address = 0;
    return !storage_word(reader, storage, 0, &address) && !storage_word(reader, storage, 8, size) &&
           (*size == 4 || *size == 16) &&
           address_space_try_read(reader->program->space, address, out, (size_t)*size);
}

static bool describe_ip(struct description *description, struct go_type *type,
                        struct storage storage)
{
    uint8_t ip[16];
    uint64_t size = 0;
    if (type->kind != GO_SLICE || !load_ip(description_reader(description), storage, ip, &size))
        return false;
    AUTO_TEXT text = {0};
    put_ip(&text, ip, (size_t)size, true);
    description_text(description, "%s", buffer_text(&text));
    return true;
}

/** net.IPNet: an address and a mask, as a prefix where the mask is one. */
static bool describe_ipnet(struct description *description, struct go_type *type,
                           struct storage storage)
{
    struct go_type *field_type = NULL;
    struct storage ip_field = {0}, mask_field = {0};
    uint8_t ip[16], mask[16];
    uint64_t ip_size = 0, mask_size = 0;
    const struct value_reader *reader = description_reader(description);
    if (!description_field(description, type, storage, "IP", &field_type, &ip_field) ||
        !description_field(description, type, storage, "Mask", &field_type, &mask_field) ||
        !load_ip(reader, ip_field, ip, &ip_size) || !load_ip(reader, mask_field, mask, &mask_size))
        return false;
    unsigned bits = 0;
    while (bits < 8 * mask_size && mask[bits / 8] >> (7 - bits % 8) & 1)
        bits++;
    for (unsigned i = bits; i < 8 * mask_size; i++) {
        if (mask[i / 8] >> (7 - i % 8) & 1)
            return false;
    }
    AUTO_TEXT text = {0};
    put_ip(&text, ip, (size_t)ip_size, true);
    description_text(description, "%s/%u", buffer_text(&text), bits);
    return true;
}

/** The fields IP and Zone of an address: nothing where there is no IP. */
static bool put_host(struct description *description, struct go_type *type, struct storage storage,
                     struct buffer *out)
{
    struct go_type *field_type = NULL;
    struct storage field = {0};
    struct bytes zone = {0};
    uint64_t size = 0, word = 0;
    uint8_t ip[16];
    const struct value_reader *reader = description_reader(description);
    if (!description_field(description, type, storage, "Zone", &field_type, &field) ||
        !description_string(description, field, &zone) ||
        !description_field(description, type, storage, "IP", &field_type, &field))
        return false;
    if (load_ip(reader, field, ip, &size))
        put_ip(out, ip, (size_t)size, true);
    else if (storage_word(reader, field, 8, &word) || word != 0)
        return false;
    if (zone.size > 0) {
        buffer_putc(out, '%');
        buffer_append(out, zone.data, zone.size);
    }
    return true;
}

static bool describe_ip_address(struct description *description, struct go_type *type,
                                struct storage storage)
{
    AUTO_TEXT text = {0};
    if (!put_host(description, type, storage, &text))
        return false;
    description_bytes(description, buffer_text(&text), text.size);
    return true;
}

/** net.TCPAddr, net.UDPAddr: host and port, IPv6 in brackets. */
static bool describe_endpoint(struct description *description, struct go_type *type,
                              struct storage storage)
{
    uint64_t port = 0;
    AUTO_TEXT text = {0};
    if (!description_number(description, type, storage, "Port", &port) ||
        !put_host(description, type, storage, &text))
        return false;
    const char *host = buffer_text(&text);
    description_text(description, strchr(host, ':') ? "[%s]:%" PRId64 : "%s:%" PRId64, host,
                     (int64_t)port);
    return true;
}

enum address_family { ADDRESS_NONE, ADDRESS_4, ADDRESS_6, ADDRESS_6_ZONE };

/**
 * Which family a netip.Addr is of: its z points to one of two marks, or to what holds a zone. The
 * marks are unique.Handles of {isV6, zone} from Go 1.23, before them variables of their own.
 */
static bool address_family(struct description *description, struct go_type *type,
                           struct storage storage, enum address_family *out, struct bytes *zone)
{
    const struct program *program = description_reader(description)->program;
    struct go_type *mark = NULL;
    struct storage field = {0};
    struct go_type *name = NULL, *string = NULL;
    struct storage held = {0};
    target_addr z = 0, variable = 0, z4 = 0, z6 = 0;
    if (!description_field(description, type, storage, "z", &mark, &field) ||
        storage_word(description_reader(description), field, 0, &z))
        return false;
    *out = ADDRESS_NONE;
    if (z == 0)
        return true;
    uint8_t is_6 = 0;
    if (mark->kind == GO_STRUCT) { // unique.Handle[addrDetail]
        if (!address_space_try_u8(program->space, z, &is_6) ||
            !description_string(description, storage_at(z + 8), zone))
            return false;
        *out = !is_6 ? ADDRESS_4 : zone->size ? ADDRESS_6_ZONE : ADDRESS_6;
        return true;
    }
    if (!program_variable(program, "net/netip.z4", &variable) ||
        !address_space_try_u64(program->space, variable, &z4) ||
        !program_variable(program, "net/netip.z6noz", &variable) ||
        !address_space_try_u64(program->space, variable, &z6))
        return false;
    *out = z == z4 ? ADDRESS_4 : ADDRESS_6;
    if (z == z4 || z == z6)
        return true;
    *out = ADDRESS_6_ZONE; // an intern.Value with the zone in an interface
    return description_field(description, type, storage, "z.cmpVal", &name, &field) &&
           name->kind == GO_INTERFACE &&
           description_dynamic(description, name, field, &string, &held) &&
           string->kind == GO_STRING && description_string(description, held, zone);
}

static bool put_addr(struct description *description, struct go_type *type, struct storage storage,
                     struct buffer *out)
{
    enum address_family family;
    struct bytes zone = {0};
    uint64_t hi = 0, lo = 0;
    uint8_t ip[16];
    if (!address_family(description, type, storage, &family, &zone) ||
        !description_number(description, type, storage, "addr.hi", &hi) ||
        !description_number(description, type, storage, "addr.lo", &lo))
        return false;
    if (family == ADDRESS_NONE) {
        buffer_puts(out, "invalid IP");
        return true;
    }
    for (int i = 0; i < 8; i++) {
        ip[i] = (uint8_t)(hi >> (56 - 8 * i));
        ip[8 + i] = (uint8_t)(lo >> (56 - 8 * i));
    }
    bool mapped = hi == 0 && lo >> 32 == 0xffff;
    if (family == ADDRESS_6 && mapped) // as netip prints it
        buffer_puts(out, "::ffff:");
    put_ip(out, ip, sizeof ip, mapped);
    if (zone.size > 0) {
        buffer_putc(out, '%');
        buffer_append(out, zone.data, zone.size);
    }
    return true;
}

static bool describe_addr(struct description *description, struct go_type *type,
                          struct storage storage)
{
    AUTO_TEXT text = {0};
    if (!put_addr(description, type, storage, &text))
        return false;
    description_bytes(description, buffer_text(&text), text.size);
    return true;
}

/** netip.AddrPort and netip.Prefix: an address and a number. */
static bool describe_addr_and(struct description *description, struct go_type *type,
                              struct storage storage)
{
    struct go_type *addr = NULL;
    struct storage field = {0};
    uint64_t number = 0;
    AUTO_TEXT text = {0};
    if (!description_field(description, type, storage, "ip", &addr, &field) ||
        !put_addr(description, addr, field, &text))
        return false;
    const char *ip = buffer_text(&text);
    if (description_number(description, type, storage, "port", &number)) {
        description_text(description, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, (unsigned)number);
        return true;
    }
    if (description_number(description, type, storage, "bitsPlusOne", &number))
        number--;
    else if (!description_number(description, type, storage, "bits", &number)) // up to Go 1.19
        return false;
    if (number > 128)
        return false;
    description_text(description, "%s/%u", ip, (unsigned)number);
    return true;
}

/** The bytes of a slice in hex. */
static bool describe_hex(struct description *description, struct storage storage,
                         const char *separator)
{
    enum { ADDRESS_MAX = 20 }; // of InfiniBand
    const struct value_reader *reader = description_reader(description);
    uint64_t address = 0, size = 0;
    uint8_t bytes[ADDRESS_MAX];
    if (storage_word(reader, storage, 0, &address) || storage_word(reader, storage, 8, &size) ||
        size == 0 || size > ADDRESS_MAX ||
        !address_space_try_read(reader->program->space, address, bytes, (size_t)size))
        return false;
    for (size_t i = 0; i < size; i++)
        description_text(description, "%s%02x", i ? separator : "", bytes[i]);
    return true;
}

/** "00:11:22:33:44:55" */
static bool describe_hardware_address(struct description *description, struct go_type *type,
                                      struct storage storage)
{
    (void)type;
    return describe_hex(description, storage, ":");
}

/** "ffffff00" */
static bool describe_mask(struct description *description, struct go_type *type,
                          struct storage storage)
{
    (void)type;
    return describe_hex(description, storage, "");
}

static const struct well_known rows[] = {
    {"net.HardwareAddr", NULL, describe_hardware_address, NULL},
    {"net.IP", NULL, describe_ip, NULL},
    {"net.IPNet", NULL, describe_ipnet, NULL},
    {"net.IPMask", NULL, describe_mask, NULL},
    {"net.TCPAddr", NULL, describe_endpoint, NULL},
    {"net.UDPAddr", NULL, describe_endpoint, NULL},
    {"net.UnixAddr", "{Name}", NULL, NULL},
    {"net.IPAddr", NULL, describe_ip_address, NULL},
    {"net/netip.Addr", NULL, describe_addr, NULL},
    {"net/netip.AddrPort", NULL, describe_addr_and, NULL},
    {"net/netip.Prefix", NULL, describe_addr_and, NULL},
};
const struct well_known_list well_known_net = {rows, COUNT_OF(rows)};
