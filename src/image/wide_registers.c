// SPDX-License-Identifier: MIT
#include "image/wide_registers.h"

#include <stdio.h>
#include <string.h>

static void add(struct vector_register *out, size_t *count, const char *name, const uint8_t *bytes,
                uint8_t size)
{
    struct vector_register *one = &out[(*count)++];
    *one = (struct vector_register){.size = size};
    snprintf(one->name, sizeof one->name, "%s", name);
    memcpy(one->bytes, bytes, size);
}

static void add_numbered(struct vector_register *out, size_t *count, const char *name,
                         unsigned number, const uint8_t *bytes, uint8_t size)
{
    add(out, count, name, bytes, size);
    snprintf(out[*count - 1].name, sizeof out->name, "%s%u", name, number);
}

static size_t read_amd64(const struct core_thread *thread, struct vector_register *out)
{
    enum {
        FXSAVE_SIZE = 512,
        FXSAVE_MXCSR = 24,
        FXSAVE_ST = 32,
        FXSAVE_XMM = 160,
        XSAVE_FEATURES = 512, // XSTATE_BV
        XSAVE_YMM = 576,
        XSAVE_YMM_END = XSAVE_YMM + 16 * 16,
        HAS_YMM = 1 << 2,
        COUNT_ST = 8,
        COUNT_XMM = 16,
    };
    const uint8_t *data = thread->floating.data;
    size_t count = 0;
    if (thread->floating.size < FXSAVE_SIZE)
        return 0;
    add(out, &count, "fcw", data, 2);
    add(out, &count, "fsw", data + 2, 2);
    add(out, &count, "mxcsr", data + FXSAVE_MXCSR, 4);
    for (unsigned i = 0; i < COUNT_ST; i++)
        add_numbered(out, &count, "st", i, data + FXSAVE_ST + 16 * (size_t)i, 10);
    bool has_ymm = thread->extended.size >= XSAVE_YMM_END;
    for (unsigned i = 0; i < COUNT_XMM; i++) {
        add_numbered(out, &count, has_ymm ? "ymm" : "xmm", i, data + FXSAVE_XMM + 16 * (size_t)i,
                     16);
        if (!has_ymm)
            continue;
        struct vector_register *whole = &out[count - 1];
        whole->size = 32; // upper halves that are all zero may be left out of the area
        if (thread->extended.data[XSAVE_FEATURES] & HAS_YMM)
            memcpy(whole->bytes + 16, thread->extended.data + XSAVE_YMM + 16 * (size_t)i, 16);
    }
    return count;
}

static size_t read_arm64(const struct core_thread *thread, struct vector_register *out)
{
    enum { COUNT_V = 32, SIZE = 16 * COUNT_V + 8 };
    const uint8_t *data = thread->floating.data;
    size_t count = 0;
    if (thread->floating.size < SIZE)
        return 0;
    add(out, &count, "fpsr", data + 16 * (size_t)COUNT_V, 4);
    add(out, &count, "fpcr", data + 16 * (size_t)COUNT_V + 4, 4);
    for (unsigned i = 0; i < COUNT_V; i++)
        add_numbered(out, &count, "v", i, data + 16 * (size_t)i, 16);
    return count;
}

size_t vector_registers_read(const struct arch *arch, const struct core_thread *thread,
                             struct vector_register *out)
{
    return arch == &arch_amd64 ? read_amd64(thread, out) : read_arm64(thread, out);
}
