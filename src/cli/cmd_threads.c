// SPDX-License-Identifier: MIT
#include "cli_internal.h"
#include "image/wide_registers.h"
#include "report/listing.h"

/** Of a thread that runs a goroutine the frame that tells what it was doing, else any. */
static const struct report_frame *frame_of(const struct report_thread *thread)
{
    const struct report_frame *first = NULL;
    for (size_t i = 0; i < thread->frames.count; i++) {
        const struct report_frame *frame = &thread->frames.items[i];
        if (thread->has_goroutine && frame->stack != STACK_GOROUTINE)
            continue;
        if (frame->owner != OWNER_RUNTIME && frame->owner != OWNER_C)
            return frame;
        first = first ? first : frame;
    }
    return first;
}

int command_threads(struct session *session, const struct report_options *options, char **arguments,
                    int count, FILE *out)
{
    (void)arguments;
    (void)count;
    struct inspector *inspector;
    struct error *err = session_inspector(session, &options->limits, &inspector);
    if (err)
        return complain_error(err);
    const struct report_thread *threads;
    size_t thread_count;
    inspector_threads(inspector, &threads, &thread_count);
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "threads");
    for (size_t i = 0; i < thread_count; i++)
        listing_thread(&listing, &threads[i], frame_of(&threads[i]));
    listing_end(&listing, NULL);
    return EXIT_OK;
}

int command_regs(struct session *session, const struct report_options *options, char **arguments,
                 int count, FILE *out)
{
    (void)arguments;
    (void)count;
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_registers *sets;
    size_t set_count;
    struct error *err = session_inspector(session, &options->limits, &inspector);
    if (!err)
        err = inspector_registers(inspector, arena, &options->place, (uint32_t)options->thread,
                                  &sets, &set_count);
    if (err)
        return complain_error(err);
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "registers");
    for (size_t i = 0; i < set_count; i++) {
        struct vector_register vectors[VECTOR_REGISTERS_MAX];
        struct wide_register wide[VECTOR_REGISTERS_MAX];
        size_t wide_count =
            options->all && sets[i].wide
                ? vector_registers_read(session->program->arch, sets[i].wide, vectors)
                : 0;
        for (size_t k = 0; k < wide_count; k++)
            wide[k] = (struct wide_register){vectors[k].name, vectors[k].bytes, vectors[k].size};
        const struct listed_registers set = {
            .thread = sets[i].thread,
            .goroutine = sets[i].goroutine,
            .moment = sets[i].moment,
            .where = {.function = sets[i].function, .file = sets[i].file, .line = sets[i].line},
            .names = sets[i].names,
            .values = sets[i].values,
            .count = sets[i].count,
            .wide = wide,
            .wide_count = wide_count,
        };
        listing_registers(&listing, &set);
    }
    listing_end(&listing, "raw registers, secrets in them too");
    return EXIT_OK;
}
