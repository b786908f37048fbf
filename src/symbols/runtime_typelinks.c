// SPDX-License-Identifier: MIT
#include "base/checked.h"
#include "runtime_type_internal.h"

/** moduledata.typelinks: offsets of the descriptors, up to Go 1.26. */
static void visit_links(struct type_table *table, const struct module *module,
                        void (*visit)(struct type_table *table, target_addr address))
{
    const struct address_space *space = table->program->space;
    struct go_member links = go_release_member(table->program->release, FIELD_md_typelinks);
    uint64_t data, count;
    if (!links.present || !address_space_try_u64(space, module->address + links.offset, &data) ||
        !address_space_try_u64(space, module->address + links.offset + 8, &count))
        return;
    for (uint64_t i = 0; i < count && i < LIMIT_DWARF_NAMES; i++) {
        uint32_t offset;
        if (!address_space_try_u32(space, data + 4 * i, &offset))
            return;
        if (offset < module->etypes - module->types)
            visit(table, module->types + offset);
    }
}

/**
 * From Go 1.27 the descriptors lie end to end, each with what belongs to it behind
 * (runtime/type.go, moduleTypelinks).
 * @return 0 where it cannot be told
 */
static uint64_t descriptor_extent(struct type_table *table, const struct descriptor *descriptor)
{
    const struct address_space *space = table->program->space;
    uint64_t size = descriptor_kind_size(table, descriptor->kind), count = 0;
    uint32_t methods = 0, in_out = 0;
    if (descriptor->flags & DESCRIPTOR_UNCOMMON) {
        if (!address_space_try_u32(space, descriptor->address + size + 4, &methods))
            return 0;
        size += UNCOMMON_SIZE + (uint64_t)(methods & 0xffff) * METHOD_SIZE;
    }
    if (descriptor->kind == GO_FUNC) {
        if (!address_space_try_u32(space, descriptor->address + DESCRIPTOR_SIZE, &in_out))
            return 0;
        // The highest bit of the second number says that the function is variadic.
        return size + ((uint64_t)(in_out & 0xffff) + (in_out >> 16 & 0x7fff)) * 8;
    }
    bool is_struct = descriptor->kind == GO_STRUCT;
    if (!is_struct && descriptor->kind != GO_INTERFACE)
        return size;
    if (!address_space_try_u64(space, descriptor->address + LIST_OFFSET + 8, &count) ||
        count > LIMIT_TYPE_FIELDS)
        return 0;
    return size + count * (is_struct ? FIELD_SIZE : 8);
}

static void visit_end_to_end(struct type_table *table, const struct module *module,
                             void (*visit)(struct type_table *table, target_addr address))
{
    target_addr address = module->types + 8;
    while (address < module->typedesc_end) {
        struct descriptor descriptor;
        struct error *err = descriptor_read(table, address, &descriptor);
        uint64_t size = err ? 0 : descriptor_extent(table, &descriptor);
        if (err)
            error_ignore(err);
        if (!size)
            return;
        visit(table, address);
        address += (size + 7) & ~(uint64_t)7;
    }
}

void runtime_types_visit(struct type_table *table,
                         void (*visit)(struct type_table *table, target_addr address))
{
    const struct module_list *modules = table->program->modules;
    for (size_t i = 0; i < modules->count; i++) {
        const struct module *module = &modules->items[i];
        if (module->typedesc_end)
            visit_end_to_end(table, module, visit);
        else
            visit_links(table, module, visit);
    }
}
