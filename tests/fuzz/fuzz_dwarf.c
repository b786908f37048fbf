// SPDX-License-Identifier: MIT
#include "fuzz.h"
#include "symbols/dwarf_index.h"
#include "symbols/dwarf_location.h"

#include <string.h>

/** The places of a pc's variables. */
static void use(struct dwarf_index *index, struct arena *arena, target_addr pc, unsigned depth)
{
    struct dwarf_variables variables = {0};
    struct error *err = dwarf_index_variables(index, pc, depth, NULL, arena, &variables);
    error_free(err);
    if (err)
        return;
    const struct location_context context = {
        .pc = pc, .cfa = 0x7000, .has_cfa = true, .space = fuzz_memory()};
    for (size_t i = 0; i < variables.count; i++) {
        struct location location;
        Dwarf_Die die = variables.items[i].die;
        error_free(dwarf_location_find(index, &die, &context, &location));
    }
}

/** A file with debug sections. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(elf_file) file = NULL;
    AUTO(dwarf_index) index = NULL;
    AUTO(arena) arena = arena_new();
    struct error *err = elf_file_open(fuzz_file(0, data, size), &file);
    if (!err)
        err = dwarf_index_open(file, 0, &index);
    if (err) {
        error_free(err);
        return 0;
    }
    struct dwarf_global *globals;
    size_t count = 0;
    err = dwarf_index_globals(index, NULL, NULL, arena, &globals, &count);
    uint64_t type;
    error_free(err);
    error_free(dwarf_index_type(index, "main.User", &type));
    error_free(dwarf_index_type(index, "runtime.g", &type));
    for (target_addr pc = 0x401000; pc < 0x402000; pc += 97)
        use(index, arena, pc, 0);
    target_addr entry = elf_file_entry(file); // the seeds' begins main.main
    for (target_addr pc = entry; pc < entry + 0x200; pc += 7)
        for (unsigned depth = 0; depth < 2; depth++)
            use(index, arena, pc, depth);
    return 0;
}
