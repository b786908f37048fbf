// SPDX-License-Identifier: MIT
#include "fuzz.h"
#include "image/elf_file.h"

#include <string.h>

/** An executable: sections, compressed ones too, symbols, build IDs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {".text",       ".symtab",      ".strtab",   ".shstrtab",
                                        ".debug_info", ".zdebug_info", ".debug_str"};
    AUTO(elf_file) file = NULL;
    struct error *err = elf_file_open(fuzz_file(0, data, size), &file);
    if (err) {
        error_free(err);
        return 0;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct elf_section *section = elf_file_section(file, names[i]);
        struct bytes bytes;
        err = section ? elf_file_section_data(file, section, &bytes) : NULL;
        for (size_t k = 0; section && !err && k < bytes.size; k++)
            sum += bytes.data[k];
        error_free(err);
    }
    target_addr value;
    sum += elf_file_symbol(file, "main.main", &value) + elf_file_has_symtab(file);
    const char *ids[] = {elf_file_build_id(file), elf_file_go_build_id(file)};
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        sum += ids[i] ? strlen(ids[i]) : 0;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++)
        sum += elf_file_at(file, segments[i].address, segments[i].memory_size).size;
    return sum == UINT64_MAX;
}
