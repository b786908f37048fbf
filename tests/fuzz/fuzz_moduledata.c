// SPDX-License-Identifier: MIT
#include "fuzz.h"
#include "symbols/pclntab.h"
#include "symbols/program.h"

#include <stdlib.h>
#include <string.h>

/**
 * The list of modules. Input: u8 release, then the memory that the search for a moduledata goes
 * through, which is the executable's own writable segment.
 */
static void use(const struct module_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct module *module = &list->items[i];
        for (target_addr pc = module->min_pc, n = 0; pc < module->max_pc && n < 64; pc += 97, n++) {
            struct pc_function function;
            if (pc_function_find(list, pc, &function))
                __asm__ volatile("" : : "r"(strlen(pc_function_name(&function))));
        }
        __asm__ volatile("" : : "r"(module_of_type(list, module->types)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { E_TYPE = 16, ET_EXEC = 2, P_FLAGS = 64 + 4, RW = 6 };
    static uint8_t file[FUZZ_CORE_HEADER + FUZZ_MEMORY_MAX];
    if (size < 1 || size > 1 + FUZZ_MEMORY_MAX)
        return 0;
    memset(file, 0, sizeof file);
    fuzz_core_headers(file, FUZZ_MEMORY_MAX);
    file[P_FLAGS] = RW;
    memcpy(file + FUZZ_CORE_HEADER, data + 1, size - 1);
    char version[16] = "go1.15";
    version[4] = (char)('1' + (data[0] % 13 + 5) / 10);
    version[5] = (char)('0' + (data[0] % 13 + 5) % 10);
    AUTO(go_release) release = NULL;
    AUTO(core_file) core = NULL;
    AUTO(elf_file) binary = NULL;
    struct error *err = go_release_new(version, &release);
    if (!err)
        err = core_file_open(fuzz_file(0, file, sizeof file), &core);
    file[E_TYPE] = ET_EXEC;
    if (!err)
        err = elf_file_open(fuzz_file(1, file, sizeof file), &binary);
    if (err)
        abort();
    AUTO(address_space) space = address_space_new(core);
    struct program program = {.binary = binary,
                              .core = core,
                              .arch = core_file_arch(core),
                              .space = space,
                              .release = release,
                              .dwarf_tried = true};
    AUTO(module_list) list = NULL;
    err = module_list_read(&program, space, &list);
    if (list)
        use(list);
    error_free(err);
    return 0;
}
