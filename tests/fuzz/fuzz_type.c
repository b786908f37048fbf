// SPDX-License-Identifier: MIT
#include "base/cursor.h"
#include "fuzz.h"
#include "symbols/program.h"
#include "symbols/type.h"

#include <stdlib.h>
#include <string.h>

/**
 * Type descriptors of the runtime. Input: u8 release (bit 7: swiss maps where the release has both
 * kinds), then the types of a module, which lie in the core's memory from FUZZ_MEMORY_AT on.
 */
enum { STEPS = 2000, STEPS_OF_ONE = 64 };

/** Types that are still to be looked at, of one that the input begins with. */
struct worklist {
    struct go_type *items[STEPS_OF_ONE];
    size_t count, seen; ///< seen: those that were ever in it
};

static void push(struct worklist *list, struct go_type *type)
{
    if (type && list->seen < STEPS_OF_ONE) {
        list->items[list->count++] = type;
        list->seen++;
    }
}

/** Resolves a type and what it is made of. @return how many types that were */
static size_t use(struct type_table *table, struct go_type *type)
{
    struct worklist list = {.count = 0};
    size_t sum = 0;
    push(&list, type);
    while (list.count > 0) {
        struct go_type *one = list.items[--list.count];
        struct error *err = type_resolve(table, one);
        sum += strlen(one->name) + (one->full_name ? strlen(one->full_name) : 0);
        if (err) {
            error_free(err);
            continue;
        }
        push(&list, one->elem);
        push(&list, one->key);
        for (size_t i = 0; i < one->field_count; i++) {
            sum += strlen(one->fields[i].name);
            push(&list, one->fields[i].type);
        }
    }
    __asm__ volatile("" : : "r"(sum)); // so that all of it is read
    return list.seen;
}

static struct core_file *open_core(const uint8_t *data, size_t size)
{
    static uint8_t file[FUZZ_CORE_HEADER + FUZZ_MEMORY_MAX];
    memset(file, 0, sizeof file);
    fuzz_core_headers(file, FUZZ_MEMORY_MAX);
    memcpy(file + FUZZ_CORE_HEADER, data, size);
    struct core_file *core = NULL;
    struct error *err = core_file_open(fuzz_file(0, file, sizeof file), &core);
    if (err)
        abort();
    return core;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1 + FUZZ_MEMORY_MAX)
        return 0;
    char version[16] = "go1.15";
    unsigned minor = 15 + (data[0] & 127) % 13;
    version[4] = (char)('0' + minor / 10);
    version[5] = (char)('0' + minor % 10);
    AUTO(go_release) release = NULL;
    struct error *err = go_release_new(version, &release);
    if (err)
        abort();
    if (minor >= 24 && minor <= 25 && !(data[0] & 128)) {
        release->swiss_maps = false;
        release->classic_maps = true;
    }
    AUTO(core_file) core = open_core(data + 1, size - 1);
    AUTO(elf_file) binary = NULL; // only its path is asked for
    err = elf_file_open(fuzz_file(1, elf_file_bytes(core_file_elf(core)).data, FUZZ_CORE_HEADER),
                        &binary);
    if (err)
        abort();
    AUTO(address_space) space = address_space_new(core);
    struct module module = {.types = FUZZ_MEMORY_AT,
                            .etypes = FUZZ_MEMORY_AT + FUZZ_MEMORY_MAX,
                            .minor = (int)minor,
                            .release = release};
    struct module_list modules = {.items = &module, .count = 1};
    struct program program = {.binary = binary,
                              .core = core,
                              .arch = core_file_arch(core),
                              .space = space,
                              .release = release,
                              .modules = &modules,
                              .dwarf_tried = true};
    AUTO(type_table) table = type_table_new(&program);
    size_t steps = 0;
    for (size_t at = 0; at + 48 < size && steps < STEPS; at += 16) {
        struct go_type *type = NULL;
        err = type_from_runtime(table, FUZZ_MEMORY_AT + at, &type);
        if (!err)
            steps += use(table, type);
        error_free(err);
        err = type_of_interface_word(table, FUZZ_MEMORY_AT + at, true, &type);
        error_free(err);
    }
    return 0;
}
