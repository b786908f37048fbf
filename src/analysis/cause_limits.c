// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include <inttypes.h>

static void put_bytes(struct buffer *out, uint64_t bytes)
{
    const uint64_t megabyte = 1 << 20;
    if (bytes >= 10 * megabyte)
        buffer_printf(out, "%" PRIu64 " MB", bytes / megabyte);
    else
        buffer_printf(out, "%.1f MB", (double)bytes / (double)megabyte);
}

/** "63 MB of heap live (goal 75 MB), 0.4 MB of stacks, 7 threads", as far as it is known. */
static void put_memory(struct buffer *out, const struct report_runtime *runtime)
{
    if (runtime->has_heap_live) {
        put_bytes(out, runtime->heap_live);
        buffer_puts(out, " of heap live");
    }
    if (runtime->has_heap_live && (runtime->has_heap_goal || runtime->has_memory_limit)) {
        buffer_puts(out, runtime->has_memory_limit ? " (GOMEMLIMIT " : " (goal ");
        put_bytes(out, runtime->has_memory_limit ? runtime->memory_limit : runtime->heap_goal);
        buffer_putc(out, ')');
    }
    if (runtime->has_stacks_in_use) {
        buffer_puts(out, out->size ? ", " : "");
        put_bytes(out, runtime->stacks_in_use);
        buffer_puts(out, " of stacks");
    }
    buffer_printf(out, "%s%" PRIu64 " threads, %" PRIu64 " goroutines", out->size ? ", " : "",
                  runtime->threads, runtime->goroutines);
}

static uint64_t count_in_system_calls(const struct analysis *analysis)
{
    uint64_t count = 0, total = scheduler_goroutine_count(analysis->scheduler);
    for (uint64_t i = 0; i < total; i++) {
        struct goroutine g;
        target_addr address = scheduler_goroutine_address(analysis->scheduler, i);
        count += goroutine_read(analysis->scheduler, address, &g) && g.status == G_SYSCALL;
    }
    return count;
}

void cause_of_limit(struct analysis *analysis, const struct report_runtime *runtime,
                    struct report_crash *crash)
{
    bool memory = crash->class == CLASS_OUT_OF_MEMORY;
    if (!memory && crash->class != CLASS_THREAD_LIMIT)
        return;
    AUTO_TEXT text = {0};
    struct arena *arena = analysis->arena;
    struct report_cause *cause = &crash->cause;
    size_t capacity = 0;
    put_memory(&text, runtime);
    cause->present = true;
    cause->confidence = CONFIDENCE_CERTAIN;
    string_list_add(arena, &cause->evidence, &capacity,
                    arena_printf(arena, "the runtime counts %s", buffer_text(&text)));
    if (memory) {
        cause->summary = "the system gave the program no more memory";
        return;
    }
    cause->summary =
        arena_printf(arena,
                     "the program has %" PRIu64 " threads, as many as it may: %" PRIu64
                     " goroutines sit in system calls or C, each on a thread of its own",
                     runtime->threads, count_in_system_calls(analysis));
}
