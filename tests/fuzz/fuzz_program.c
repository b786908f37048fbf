// SPDX-License-Identifier: MIT
#include "analysis/analyze.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "fuzz.h"
#include "report/sinks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/**
 * The whole way, from core to report. The directory that the environment's GOCRASH_FUZZ_DATA names
 * holds `binary` and `core`, a recording cut down to its pages that are not empty (seeds.py). An
 * input is a list of changes to the core: u8 what, u24 place, u64 value.
 */
enum { CHANGE = 12, CHANGES_MAX = 64, COPY = 0x80 };

struct base_core {
    uint8_t *data;
    size_t size;
    int fd;
    char path[32], *binary;
};

static void read_base(struct base_core *out)
{
    const char *directory = getenv("GOCRASH_FUZZ_DATA");
    AUTO_TEXT path = {0};
    buffer_printf(&path, "%s/core", directory ? directory : ".");
    FILE *file = fopen(buffer_text(&path), "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        fprintf(stderr, "GOCRASH_FUZZ_DATA: no %s\n", buffer_text(&path));
        exit(2);
    }
    out->size = (size_t)ftell(file);
    rewind(file);
    out->data = alloc_bytes(out->size);
    out->fd = memfd_create("core", MFD_CLOEXEC);
    snprintf(out->path, sizeof out->path, "/proc/self/fd/%d", out->fd);
    if (fread(out->data, 1, out->size, file) != out->size ||
        pwrite(out->fd, out->data, out->size, 0) != (ssize_t)out->size)
        abort();
    fclose(file);
    buffer_truncate(&path, path.size - strlen("core"));
    buffer_puts(&path, "binary");
    out->binary = alloc_string(buffer_text(&path));
}

/** Writes the change, or what was there before. */
static void apply(const struct base_core *base, const uint8_t *change, bool undo)
{
    size_t width = (size_t)1 << (change[0] & 3);
    // Most of what matters is words: a place counts them, unless bytes are asked for.
    size_t at =
        (change[1] | (size_t)change[2] << 8 | (size_t)change[3] << 16) * 8 + (change[0] >> 2 & 7);
    at %= base->size - 8;
    const uint8_t *from = change + 4;
    if (change[0] & COPY) // a word of the core itself: a pointer to something else
        from = base->data + load_u32(change + 4) * (uint64_t)8 % (base->size - 8);
    if (undo)
        from = base->data + at;
    if (pwrite(base->fd, from, width, (off_t)at) != (ssize_t)width)
        abort();
}

static void report(struct program *program, const struct base_core *base, FILE *out, unsigned how)
{
    const struct text_options text = {.full = true, .max_groups = 30};
    const struct analyze_options options = {
        .order = how == 2 ? ORDER_OF_RUNTIME : ORDER_BY_ID,
        .variables = how != 2,
        .all_variables = true,
        .threads = how == 1,
        .limits = {.depth = 4, .items = 20, .string = 200},
    };
    AUTO(report_sink)
    sink = how == 0   ? text_sink_new(out, &text)
           : how == 1 ? json_sink_new(out)
                      : traceback_sink_new(out, TRACEBACK_SYSTEM);
    error_free(analyze(program, base->binary, base->path, &options, sink));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct base_core base;
    static FILE *out;
    if (!base.data) {
        read_base(&base);
        out = fopen("/dev/null", "w");
    }
    size_t count = size / CHANGE < CHANGES_MAX ? size / CHANGE : CHANGES_MAX;
    for (size_t i = 0; i < count; i++)
        apply(&base, data + CHANGE * i, false);
    AUTO(program) program = NULL;
    struct error *err = program_open(base.binary, base.path, &program);
    if (!err)
        report(program, &base, out, size % 3);
    error_free(err);
    program_free(TAKE(program));
    for (size_t i = 0; i < count; i++)
        apply(&base, data + CHANGE * i, true);
    return 0;
}
