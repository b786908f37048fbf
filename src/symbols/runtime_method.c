// SPDX-License-Identifier: MIT
#include "runtime_type_internal.h"

#include "base/checked.h"
#include "symbols/pclntab.h"

#include <string.h>

/** The methods behind a descriptor. Format: Go's internal/abi/type.go, UncommonType and Method. */
struct method_list {
    const struct module *module;
    target_addr address; ///< of the first
    unsigned count;
};

static bool find_methods(struct type_table *table, target_addr address, struct method_list *out)
{
    struct descriptor descriptor;
    uint8_t uncommon[UNCOMMON_SIZE];
    struct error *err = descriptor_read(table, address, &descriptor);
    if (err) {
        error_ignore(err);
        return false;
    }
    target_addr start = address + descriptor_kind_size(table, descriptor.kind);
    if (!descriptor.module || !(descriptor.flags & DESCRIPTOR_UNCOMMON) ||
        !address_space_try_read(table->program->space, start, uncommon, sizeof uncommon))
        return false;
    // pkgPath, mcount, xcount, moff; the exported ones come first
    *out = (struct method_list){.module = descriptor.module,
                                .address = start + load_u32(uncommon + 8),
                                .count = load_u16(uncommon + 6)};
    return true;
}

/** An address that lies so far behind the start of a module's types or code; 0: none. */
static target_addr in_range(target_addr start, target_addr end, uint32_t offset)
{
    // 0 and -1: the linker found nobody who calls the method.
    return offset != 0 && offset < end - start ? start + offset : 0;
}

/** Whether the function at an address is a method of that name. */
static bool is_method(const struct type_table *table, target_addr entry, const char *name)
{
    struct pc_function function;
    if (!entry || !pc_function_find(table->program->modules, entry, &function) ||
        function.entry != entry)
        return false;
    const char *dot = strrchr(pc_function_name(&function), '.');
    return dot && strcmp(dot + 1, name) == 0;
}

bool type_method_find(struct type_table *table, const struct go_type *type, const char *name,
                      struct type_method *out)
{
    struct method_list list;
    if (!type->runtime_type || !find_methods(table, type->runtime_type, &list))
        return false;
    const struct module *module = list.module;
    for (unsigned i = 0; i < list.count; i++) {
        uint8_t bytes[METHOD_SIZE]; // name, type, code called through an interface, code
        struct runtime_name found;
        if (!address_space_try_read(table->program->space, list.address + i * METHOD_SIZE, bytes,
                                    sizeof bytes))
            return false;
        target_addr name_address = in_range(module->types, module->etypes, load_u32(bytes));
        struct error *err = name_address ? runtime_name_read(table, name_address, &found) : NULL;
        error_ignore(err);
        if (!name_address || err || strcmp(found.text, name) != 0)
            continue;
        struct type_method method = {0};
        target_addr signature = in_range(module->types, module->etypes, load_u32(bytes + 4));
        struct go_type *function = NULL;
        err = signature ? type_from_runtime(table, signature, &function) : NULL;
        error_ignore(err);
        if (!err && function && function->kind == GO_FUNC)
            method.signature = function->name;
        target_addr entry = in_range(module->text, module->etext, load_u32(bytes + 8));
        if (is_method(table, entry, name))
            method.entry = entry;
        *out = method;
        return true;
    }
    return false;
}

/** Whether the type has the method. @return false where that cannot be told */
static bool has_method(struct type_table *table, const struct go_type *type, const char *name,
                       const char *signature, bool *out)
{
    struct type_method method;
    *out = type_method_find(table, type, name, &method);
    if (*out && !method.signature)
        return false;
    *out = *out && strcmp(method.signature, signature) == 0;
    return true;
}

/** The n-th method that an interface's list at an address names. */
static bool wanted_method(struct type_table *table, const struct module *module,
                          target_addr address, const char **name, const char **signature)
{
    uint8_t bytes[8]; // name, type: Go's internal/abi/type.go, Imethod
    struct runtime_name found;
    struct go_type *function = NULL;
    if (!address_space_try_read(table->program->space, address, bytes, sizeof bytes))
        return false;
    target_addr name_address = in_range(module->types, module->etypes, load_u32(bytes));
    target_addr type_address = in_range(module->types, module->etypes, load_u32(bytes + 4));
    if (!name_address || !type_address)
        return false;
    struct error *err = runtime_name_read(table, name_address, &found);
    if (!err)
        err = type_from_runtime(table, type_address, &function);
    error_ignore(err);
    if (err || function->kind != GO_FUNC)
        return false;
    *name = found.text;
    *signature = function->name;
    return true;
}

/** The methods that an interface asks for: a list of 8 bytes each. */
static bool wanted_list(struct type_table *table, target_addr interface,
                        const struct module **module, target_addr *list, uint64_t *count)
{
    struct descriptor descriptor;
    struct error *err = descriptor_read(table, interface, &descriptor);
    if (!err)
        err = runtime_list_read(table, interface + LIST_OFFSET, list, count);
    bool known = !err && descriptor.module;
    error_ignore(err); // no descriptor
    if (known)
        *module = descriptor.module;
    return known;
}

bool type_implements(struct type_table *table, const struct go_type *type,
                     const struct go_type *interface, bool *out)
{
    const struct module *module = NULL;
    target_addr list = 0;
    uint64_t count = 0;
    if (!type->runtime_type)
        return false;
    if (!interface->runtime_type)
        return strcmp(interface->name, "error") == 0 &&
               has_method(table, type, "Error", "func() string", out);
    if (!wanted_list(table, interface->runtime_type, &module, &list, &count))
        return false;
    *out = true;
    for (uint64_t i = 0; i < count && *out; i++) {
        const char *name, *signature;
        if (!wanted_method(table, module, list + 8 * i, &name, &signature) ||
            !has_method(table, type, name, signature, out))
            return false;
    }
    return true;
}

/** What a func type takes and gives. Format: internal/abi.FuncType, the types follow it. */
static bool read_signature(struct type_table *table, target_addr address,
                           struct type_interface_method *out)
{
    enum { COUNTS = DESCRIPTOR_SIZE, HEAD = DESCRIPTOR_SIZE + 8, WORD = 8, VARIADIC = 1 << 15 };
    struct descriptor descriptor;
    uint8_t counts[4];
    target_addr types[2] = {0};
    struct error *err = descriptor_read(table, address, &descriptor);
    bool known = !err;
    error_ignore(err); // a method without a signature has its name
    if (!known || descriptor.kind != GO_FUNC ||
        !address_space_try_read(table->program->space, address + COUNTS, counts, sizeof counts))
        return false;
    out->argument_count = load_u16(counts);
    out->result_count = load_u16(counts + 2) & ~(unsigned)VARIADIC;
    target_addr list =
        address + HEAD + (descriptor.flags & DESCRIPTOR_UNCOMMON ? UNCOMMON_SIZE : 0);
    if (out->argument_count == 1)
        address_space_try_u64(table->program->space, list, &types[0]);
    if (out->result_count > 0)
        address_space_try_u64(table->program->space, list + (target_addr)out->argument_count * WORD,
                              &types[1]);
    struct go_type **into[] = {&out->argument, &out->result};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        err = types[i] ? type_from_runtime(table, types[i], into[i]) : NULL;
        error_ignore(err); // stays NULL
    }
    return true;
}

bool type_interface_method(struct type_table *table, const struct go_type *type, unsigned index,
                           struct type_interface_method *out)
{
    enum { ENTRY_SIZE = 8 };
    const struct module *module = NULL;
    const char *name, *signature;
    target_addr list = 0;
    uint64_t count = 0;
    uint32_t function;
    if (!type->runtime_type || type->kind != GO_INTERFACE ||
        !wanted_list(table, type->runtime_type, &module, &list, &count) || index >= count)
        return false;
    list += (target_addr)index * ENTRY_SIZE;
    if (!wanted_method(table, module, list, &name, &signature) ||
        !address_space_try_u32(table->program->space, list + 4, &function))
        return false;
    *out = (struct type_interface_method){.name = name};
    return read_signature(table, in_range(module->types, module->etypes, function), out);
}
