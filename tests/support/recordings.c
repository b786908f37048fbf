// SPDX-License-Identifier: MIT
#include "support/recordings.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "support/support.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define CORE_SUFFIX ".core.zst"

/** A part of a text with something behind it, kept to the program's end. */
static const char *join(const char *start, size_t size, const char *end)
{
    AUTO_TEXT text = {0};
    buffer_append(&text, start, size);
    buffer_puts(&text, end);
    return (const char *)bytes_copy(buffer_text(&text), text.size + 1).data;
}

const struct recording *recordings_find(const char *testdata, int one_per_binary, size_t *count)
{
    glob_t found;
    const char *pattern = join(testdata, strlen(testdata), "/*/*/*.core.zst");
    if (glob(pattern, 0, NULL, &found) || !found.gl_pathc) {
        print_error("no recordings match %s\n", pattern);
        abort();
    }
    struct recording *all = alloc_zeroed(found.gl_pathc, sizeof *all);
    *count = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *core = found.gl_pathv[i];
        size_t directory = (size_t)(strrchr(core, '/') - core), root = strlen(testdata) + 1;
        const char *binary = join(core, directory, "/binary.zst");
        if (one_per_binary && *count && strcmp(all[*count - 1].binary, binary) == 0)
            continue;
        all[(*count)++] = (struct recording){
            .name = join(core + root, strlen(core + root) - sizeof CORE_SUFFIX + 1, ""),
            .binary = binary,
            .core = join(core, strlen(core), ""),
        };
    }
    globfree(&found);
    struct bytes kept = bytes_copy(all, *count * sizeof *all);
    free(all);
    return (const struct recording *)(const void *)kept.data;
}

int run_with_recordings(const char *testdata, int one_per_binary, void (*const *tests)(void **),
                        size_t test_count)
{
    size_t count;
    const struct recording *all = recordings_find(testdata, one_per_binary, &count);
    struct test_table *tables = alloc_zeroed(test_count, sizeof *tables);
    for (size_t i = 0; i < test_count; i++)
        tables[i] = (struct test_table){all, sizeof *all, count, tests[i]};
    int status = run_tables(tables, test_count);
    free(tables);
    return status;
}
