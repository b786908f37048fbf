// SPDX-License-Identifier: MIT
#include "fuzz.h"
#include "symbols/buildinfo.h"
#include "symbols/go_release.h"

#include <string.h>

/** An executable with build info; its own bytes stand for the memory that pointers lead to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ET_CORE = 4, E_TYPE = 16 };
    if (size < 64 || size > 1 << 20)
        return 0;
    uint8_t as_core[1 << 20];
    memcpy(as_core, data, size);
    as_core[E_TYPE] = ET_CORE;
    AUTO(elf_file) file = NULL;
    AUTO(core_file) core = NULL;
    AUTO(buildinfo) info = NULL;
    AUTO(go_release) release = NULL;
    struct error *err = elf_file_open(fuzz_file(0, data, size), &file);
    if (!err)
        err = core_file_open(fuzz_file(1, as_core, size), &core);
    AUTO(address_space) space = err ? NULL : address_space_new(core);
    if (!err)
        err = buildinfo_read(file, space, 0, &info);
    if (!err)
        err = go_release_new(info->go_version, &release);
    error_free(err);
    uint64_t sum = 0;
    for (size_t i = 0; info && i < info->setting_count; i++)
        sum += strlen(info->settings[i].key) + strlen(info->settings[i].value);
    for (size_t i = 0; info && i < info->dependency_count; i++) {
        const struct buildinfo_module *module = &info->dependencies[i];
        sum += strlen(module->path) + strlen(module->version) +
               (module->replaced_by ? strlen(module->replaced_by) : 0);
    }
    return sum == UINT64_MAX;
}
