// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "base/table.h"
#include "frames_internal.h"
#include "goruntime/traceback_text.h"
#include "image/instruction.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN_AT_EACH_END = 50, // Go 1.21+: of a long stack the innermost and the outermost 50
    SHOWN_PHYSICAL = 100,   // up to 1.20: the innermost 100 physical ones
    INSTRUCTION_MAX = 16,
    SEGV_KERNEL = 0x80, // si_code of a fault whose address the processor does not tell
};

/** Whether the index-th logical frame of total lies in the middle of a long stack. */
static bool is_in_gap(const struct frames_builder *builder)
{
    return builder->total > 2 * SHOWN_AT_EACH_END && builder->index >= SHOWN_AT_EACH_END &&
           builder->index < builder->total - SHOWN_AT_EACH_END;
}

static bool is_elided(const struct frames_builder *builder)
{
    if (builder->request->place)
        return builder->index + builder->native_count != builder->request->number;
    return is_in_gap(builder);
}

static bool wants_variables(const struct frames_builder *builder, enum frame_owner owner)
{
    switch (builder->request->variables) {
    case VARIABLES_NONE:
        return false;
    case VARIABLES_OF_USER:
        return owner == OWNER_MAIN_MODULE || owner == OWNER_OTHER_MODULE;
    case VARIABLES_ALL:
        return true;
    }
    return false;
}

/** What must be known to read a frame's variables. */
static struct variable_frame place_of(const struct frames_builder *builder,
                                      const struct stack_frame *frame,
                                      const struct pc_logical_frame *logical, unsigned inline_depth)
{
    struct variable_frame place = {
        .function = logical->name,
        .pc = frame->lookup_pc,
        .cfa = frame->fp,
        .inline_depth = inline_depth,
    };
    if (builder->first) {
        place.registers = builder->request->registers;
    } else if (frame->callee == FUNC_SIGPANIC && builder->request->g) {
        struct registers *proven = ARENA_NEW(builder->arena, struct registers);
        if (fault_registers(builder->analysis, builder->request->g, proven))
            place.registers = proven;
    }
    return place;
}

static void read_variables(struct frames_builder *builder, const struct variable_frame *place,
                           struct report_frame *out)
{
    struct analysis *analysis = builder->analysis;
    if (analysis->no_variables)
        return;
    struct frame_variables variables = {0};
    struct error *err = variables_read(analysis->reader, builder->arena, place, &variables);
    if (err && error_kind(err) == ERROR_NOT_FOUND) {
        struct dwarf_index *dwarf;
        struct error *missing = program_dwarf(analysis->program, &dwarf);
        analysis->no_variables = missing != NULL;
        error_ignore(missing);
    }
    if (err) {
        if (!analysis->no_variables)
            out->variables_note = arena_string(builder->arena, error_message(err));
        error_ignore(err); // said in the frame, or once for the report
        return;
    }
    out->variables_read = true;
    out->arguments = variables.arguments;
    out->locals = variables.locals;
    out->variables_note = variables.note;
}

static void fill_physical(struct frames_builder *builder, const struct stack_frame *frame,
                          target_addr outermost_pc, struct report_frame *out)
{
    AUTO_TEXT text = {0};
    traceback_arguments(&text, builder->analysis->program, frame, outermost_pc);
    out->arguments_text = arena_string(builder->arena, buffer_text(&text));
    out->has_pc = out->has_offset = out->has_stack = true;
    out->pc = frame->pc;
    out->offset = frame->pc - frame->function.entry;
    out->sp = frame->sp;
    out->fp = frame->fp;
}

struct report_frame *frames_add(struct frames_builder *builder)
{
    struct report_frame_list *list = &builder->result->frames;
    if (list->count == builder->capacity) {
        size_t capacity = builder->capacity ? 2 * builder->capacity : 16;
        struct report_frame *items = arena_array(builder->arena, capacity, sizeof *items);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        builder->capacity = capacity;
    }
    return &list->items[list->count++];
}

/** Looks for a cycle among the frames that are left out: one that each of them keeps to. */
static void note_elided(struct frames_builder *builder, target_addr pc)
{
    uint64_t count = builder->result->frames.elided;
    for (unsigned period = 1; period <= ELIDED_CYCLE_MAX; period++)
        if (count >= period && builder->elided[(count - period) % ELIDED_CYCLE_MAX] != pc)
            builder->no_cycle |= 1u << period;
    builder->elided[count % ELIDED_CYCLE_MAX] = pc;
}

/** The shortest cycle of the frames that were left out, 0: none. */
static uint64_t elided_cycle(const struct frames_builder *builder)
{
    for (unsigned period = 1; period <= ELIDED_CYCLE_MAX; period++)
        if (!(builder->no_cycle >> period & 1) &&
            builder->result->frames.elided >= 3 * (uint64_t)period)
            return period;
    return 0;
}

static void add_logical(struct frames_builder *builder, const struct stack_frame *frame,
                        const struct pc_logical_frame *logical, unsigned inline_depth,
                        target_addr outermost_pc)
{
    struct analysis *analysis = builder->analysis;
    int minor = analysis->program->release->minor;
    enum go_func_id callee = builder->callee;
    builder->callee = logical->id;
    if (is_elided(builder)) {
        note_elided(builder, logical->pc);
        if (!builder->result->frames.elided++)
            builder->result->frames.elided_after = builder->result->frames.count;
        builder->index++;
        return;
    }
    AUTO_TEXT name = {0};
    traceback_function_name(&name, minor, logical->name, logical->inlined);
    struct report_frame *out = frames_add(builder);
    *out = (struct report_frame){
        .stack = builder->stack,
        .owner = frame_owner_of(analysis, logical->name, logical->file),
        .function = arena_string(builder->arena, buffer_text(&name)),
        .file = logical->file,
        .short_file = short_file_of(analysis, logical->file),
        .line = logical->line,
        .inlined = logical->inlined,
        .runtime = !traceback_shows(minor, logical->name, logical->id, callee, builder->index == 0),
    };
    if (!logical->inlined)
        fill_physical(builder, frame, outermost_pc, out);
    bool wanted = wants_variables(builder, out->owner);
    if (wanted || builder->request->place) {
        const struct variable_frame place = place_of(builder, frame, logical, inline_depth);
        if (wanted)
            read_variables(builder, &place, out);
        if (builder->request->place)
            *builder->request->place = place;
    }
    builder->index++;
}

void frames_add_physical(struct frames_builder *builder, const struct stack_frame *frame)
{
    struct pc_logical_frame logical[LIMIT_INLINE_DEPTH + 1];
    struct pc_inline_walk walk;
    size_t count = 0;
    pc_inline_begin(&walk, &frame->function, frame->lookup_pc);
    while (count < COUNT_OF(logical) && pc_inline_next(&walk, &logical[count]))
        count++;
    builder->callee = frame->callee;
    size_t before = builder->result->frames.count;
    for (size_t i = 0; i < count; i++)
        add_logical(builder, frame, &logical[i], (unsigned)(count - 1 - i), logical[count - 1].pc);
    builder->first = false;
    // The function itself comes last: none that was inlined into it defers anything.
    const struct report_frame_list *frames = &builder->result->frames;
    if (builder->request->with_defers)
        pending_defers_of_frame(&builder->defers, frame,
                                frames->count > before ? &frames->items[frames->count - 1] : NULL);
}

static void begin_walk(const struct analysis *analysis, const struct frames_request *request,
                       struct stack_walk *walk)
{
    stack_walk_begin(walk, analysis->program, request->g, request->on_g0, &request->start);
}

/**
 * The next frame, as long as the analysis can pay for it: looking a frame up takes time that grows
 * with its function's size. Stacks that lie apart cost less than their memory's worth.
 */
static bool next_frame(struct analysis *analysis, struct stack_walk *walk, struct stack_frame *out)
{
    enum { BYTES_A_UNIT = 512 };
    if (!stack_walk_next(walk, out))
        return false;
    uint64_t cost = 1 + (out->function.end - out->function.entry) / BYTES_A_UNIT;
    if (cost <= analysis->walk_budget) {
        analysis->walk_budget -= cost;
        return true;
    }
    analysis->walk_budget = 0;
    walk->end = STACK_END_LIMIT;
    walk->end_address = out->sp;
    return false;
}

static uint64_t count_logical(const struct stack_frame *frame)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame logical;
    uint64_t count = 0;
    pc_inline_begin(&walk, &frame->function, frame->lookup_pc);
    while (pc_inline_next(&walk, &logical))
        count++;
    return count;
}

void frames_read(struct analysis *analysis, struct arena *arena,
                 const struct frames_request *request, struct frames_result *out)
{
    *out = (struct frames_result){0};
    struct frames_builder builder = {
        .analysis = analysis,
        .arena = arena,
        .request = request,
        .result = out,
        .stack = request->on_g0 ? STACK_SYSTEM : STACK_GOROUTINE,
        .first = true,
    };
    if (request->native)
        frames_add_native(&builder, &request->native->registers, request->native->start.exact);
    if (request->with_defers)
        pending_defers_begin(&builder.defers, analysis, arena, request->g);
    // A report shows both ends of a long stack; the traceback what that release prints.
    bool innermost_only =
        analysis->program->release->minor <= 20 && analysis->options->order == ORDER_OF_RUNTIME;
    struct stack_walk walk;
    struct stack_frame frame;
    uint64_t physical = 0;
    begin_walk(analysis, request, &walk);
    while (next_frame(analysis, &walk, &frame)) {
        out->hash = table_hash(out->hash ^ frame.pc) + 1;
        builder.total += count_logical(&frame);
        builder.callback_count += callback_is_frame(&frame);
        physical++;
    }
    char text[128];
    const char *truncated = stack_walk_end_text(&walk, text, sizeof text);
    if (truncated)
        out->truncated = arena_string(arena, truncated);
    if (innermost_only) // nothing is left out in the middle: the end is
        builder.total = 0;
    uint64_t shown = 0;
    begin_walk(analysis, request, &walk);
    while ((!innermost_only || shown < SHOWN_PHYSICAL) && next_frame(analysis, &walk, &frame)) {
        frames_add_physical(&builder, &frame);
        shown++;
        if (request->with_native && callback_is_frame(&frame) && !is_in_gap(&builder))
            frames_add_callback(&builder, &frame);
    }
    out->frames.elided_cycle = elided_cycle(&builder);
    out->defers = builder.defers.items;
    out->defer_count = builder.defers.count;
    // The line that says so is printed only if exactly 100 frames came, inlined ones counted.
    if (innermost_only && out->frames.count == SHOWN_PHYSICAL && physical >= SHOWN_PHYSICAL) {
        out->frames.elided = physical - shown ? physical - shown : 1;
        out->frames.elided_after = out->frames.count;
    }
}

bool frames_user_frame(const struct report_frame_list *frames, size_t *out)
{
    static const enum frame_owner wanted[] = {OWNER_MAIN_MODULE, OWNER_OTHER_MODULE};
    for (size_t k = 0; k < COUNT_OF(wanted); k++)
        for (size_t i = 0; i < frames->count; i++)
            if (frames->items[i].owner == wanted[k]) {
                *out = i;
                return true;
            }
    return false;
}

bool fault_registers(struct analysis *analysis, const struct goroutine *g, struct registers *out)
{
    const struct program *program = analysis->program;
    *out = (struct registers){0};
    if (!g->sigpc || (g->sig != SIGSEGV && g->sig != SIGBUS) || g->sigcode0 == SEGV_KERNEL)
        return false;
    AUTO(disassembler) disassembler = disassembler_new(program->arch);
    struct instruction instruction;
    struct bytes code = address_space_view(program->space, g->sigpc, INSTRUCTION_MAX);
    if (!disassembler || !instruction_decode(disassembler, code, g->sigpc, &instruction) ||
        !instruction.has_memory || instruction.base < 0 || instruction.index >= 0 ||
        instruction.pc_relative)
        return false;
    // The operand had no index: its base register was the fault address less the displacement.
    register_set(out, (unsigned)instruction.base, g->sigcode1 - (uint64_t)instruction.displacement);
    return true;
}
