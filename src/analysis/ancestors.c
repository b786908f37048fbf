// SPDX-License-Identifier: MIT
#include "code_memo.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "goruntime/traceback_text.h"

/* Go's runtime/runtime2.go, ancestorInfo: pcs []uintptr, goid, gopc; the same in all releases. */
enum { ANCESTOR_GOID = 24, ANCESTOR_GOPC = 32, ANCESTOR_SIZE = 40 };

/** How many pcs the runtime keeps of a stack (runtime/proc.go, saveAncestors). */
static uint64_t kept_frames(int minor)
{
    return minor >= 21 ? 50 : 100;
}

/** A pc as the runtime prints it here: at the return address itself, the innermost of what is
 * inlined there. */
static bool describe_pc(const struct analysis *analysis, struct arena *arena, target_addr pc,
                        bool first, struct report_frame *out)
{
    struct pc_function function;
    struct pc_inline_walk walk;
    struct pc_logical_frame frame;
    int minor = analysis->program->release->minor;
    if (!pc_function_find(analysis->program->modules, pc, &function))
        return false;
    pc_inline_begin(&walk, &function, pc);
    if (!pc_inline_next(&walk, &frame))
        return false;
    AUTO_TEXT name = {0};
    if (minor >= 21)
        traceback_function_name(&name, minor, frame.name, false);
    else
        buffer_puts(&name, frame.name);
    const char *outer = pc_function_name(&function);
    *out = (struct report_frame){
        .function = arena_string(arena, buffer_text(&name)),
        .owner = frame_owner_of(analysis, frame.name, frame.file),
        .file = frame.line > 0 ? frame.file : NULL,
        .short_file = frame.line > 0 ? short_file_of(analysis, frame.file) : NULL,
        .line = frame.line,
        .has_offset = pc > function.entry,
        .offset = pc - function.entry,
        .runtime = !traceback_shows(minor, outer, function.id, FUNC_NORMAL, first),
    };
    return true;
}

static void describe_ancestor(struct analysis *analysis, struct arena *arena, target_addr address,
                              struct report_ancestor *out)
{
    struct address_space *space = analysis->program->space;
    uint64_t pcs, count, go_pc;
    *out = (struct report_ancestor){0};
    if (!address_space_try_u64(space, address + ANCESTOR_GOID, &out->id) ||
        !address_space_try_u64(space, address, &pcs) ||
        !address_space_try_u64(space, address + 8, &count))
        return;
    uint64_t most = kept_frames(analysis->program->release->minor);
    out->elided = count == most;
    count = count < most ? count : most;
    out->frames.items = arena_array(arena, count, sizeof *out->frames.items);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t pc;
        if (address_space_try_u64(space, pcs + 8 * i, &pc) &&
            describe_pc(analysis, arena, pc, i == 0, &out->frames.items[out->frames.count]))
            out->frames.count++;
    }
    if (address_space_try_u64(space, address + ANCESTOR_GOPC, &go_pc)) {
        const struct goroutine as_it_was = {.goid = out->id, .go_pc = go_pc};
        code_created_by(analysis, arena, &as_it_was, &out->created_by);
    }
}

void ancestors_read(struct analysis *analysis, struct arena *arena, const struct goroutine *g,
                    struct report_goroutine *out)
{
    struct address_space *space = analysis->program->space;
    uint64_t list, items, count;
    if (!go_field_read(analysis->program->release, space, g->address, FIELD_g_ancestors, &list) ||
        !list || !address_space_try_u64(space, list, &items) ||
        !address_space_try_u64(space, list + 8, &count))
        return;
    count = count < LIMIT_ANCESTORS ? count : LIMIT_ANCESTORS;
    out->ancestors = arena_array(arena, count, sizeof *out->ancestors);
    out->ancestor_count = count;
    for (uint64_t i = 0; i < count; i++)
        describe_ancestor(analysis, arena, items + ANCESTOR_SIZE * i, &out->ancestors[i]);
}
