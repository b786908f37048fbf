// SPDX-License-Identifier: MIT
#include "fuzz.h"
#include "image/address_space.h"
#include "image/core_file.h"

#include <string.h>

/** A core: headers, notes, segments, compressed or plain. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(core_file) core = NULL;
    struct error *err = core_file_open(fuzz_file(0, data, size), &core);
    if (err) {
        error_free(err);
        return 0;
    }
    size_t count;
    const struct core_thread *threads = core_file_threads(core, &count);
    uint64_t sum = core_file_missing_bytes(core), value;
    AUTO(address_space) space = address_space_new(core);
    for (size_t i = 0; i < count; i++)
        if (register_get(&threads[i].registers, core_file_arch(core)->sp, &value) &&
            address_space_try_u64(space, value, &value))
            sum += value;
    const struct core_mapping *mappings = core_file_mappings(core, &count);
    for (size_t i = 0; i < count; i++)
        sum +=
            strlen(mappings[i].path) + address_space_view(space, mappings[i].start, SIZE_MAX).size;
    const char *const *warnings = core_file_warnings(core, &count);
    for (size_t i = 0; i < count; i++)
        sum += strlen(warnings[i]);
    const char *executable = core_file_executable(core);
    sum += executable ? strlen(executable) : 0;
    sum += strlen(core_file_command_line(core)) + strlen(core_file_program_name(core));
    return sum == UINT64_MAX; // keeps the reads: libFuzzer wants 0, which it is
}
