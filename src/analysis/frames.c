// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "base/table.h"
#include "code_memo.h"
#include "frames_internal.h"
#include "goruntime/traceback_text.h"
#include "image/instruction.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
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

/**
 * Whether the file that the code lies in has no DWARF at all, which is said once for the report: of
 * the binary by warn_about_dwarf(), of a plugin here.
 */
static bool lacks_dwarf(struct analysis *analysis, target_addr pc)
{
    struct dwarf_index *dwarf;
    struct error *missing = program_dwarf_at(analysis->program, pc, &dwarf);
    bool none = missing && error_kind(missing) == ERROR_NOT_FOUND;
    const struct plugin *plugin = program_plugin_at(analysis->program, pc);
    if (missing && plugin)
        analysis_warn(analysis, "%s: %s: its functions have no arguments by name and no locals",
                      elf_file_path(plugin->file), none ? "has no DWARF" : error_message(missing));
    else if (missing)
        analysis->no_variables = true;
    error_ignore(missing);
    return missing != NULL;
}

static void read_variables(struct frames_builder *builder, const struct variable_frame *place,
                           struct report_frame *out)
{
    struct analysis *analysis = builder->analysis;
    if (analysis->no_variables && !analysis->program->plugin_count)
        return;
    struct frame_variables variables = {0};
    struct error *err = variables_read(analysis->reader, builder->arena, place, &variables);
    if (err) {
        bool said_once = error_kind(err) == ERROR_NOT_FOUND && lacks_dwarf(analysis, place->pc);
        if (!said_once)
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

static void add_logical(struct frames_builder *builder, const struct stack_frame *frame,
                        const struct pc_logical_frame *logical, const struct code_line *line,
                        unsigned inline_depth, target_addr outermost_pc)
{
    int minor = builder->analysis->program->release->minor;
    enum go_func_id callee = builder->callee;
    builder->callee = logical->id;
    if (is_elided(builder)) {
        if (!builder->result->frames.elided++)
            builder->result->frames.elided_after = builder->result->frames.count;
        builder->index++;
        return;
    }
    bool first = builder->index == 0;
    bool shown = first ? line->shown_first : line->shown;
    if (callee != FUNC_NORMAL)
        shown = traceback_shows(minor, logical->name, logical->id, callee, first);
    const struct report_frame_list *inner = &builder->result->frames;
    bool follows = inner->count && !(inner->elided && inner->elided_after == inner->count);
    const char *called = follows ? inner->items[inner->count - 1].function : NULL;
    struct report_frame *out = frames_add(builder);
    *out = (struct report_frame){
        .stack = builder->stack,
        .owner = line->owner,
        .function = line->function,
        .callee = called,
        .file = logical->file,
        .short_file = line->short_file,
        .line = logical->line,
        .inlined = logical->inlined,
        .runtime = !shown,
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
    struct analysis *analysis = builder->analysis;
    const struct pc_lines *lines =
        pc_memo_lines(analysis->program->memo, &frame->function, frame->lookup_pc);
    const struct code_line *texts = code_lines(analysis, builder->arena, frame->lookup_pc, lines);
    size_t count = lines->count;
    builder->callee = frame->callee;
    size_t before = builder->result->frames.count;
    for (size_t i = 0; i < count; i++)
        add_logical(builder, frame, &lines->items[i], &texts[i], (unsigned)(count - 1 - i),
                    lines->items[count - 1].pc);
    builder->first = false;
    // The function itself comes last: none that was inlined into it defers anything.
    const struct report_frame_list *frames = &builder->result->frames;
    if (builder->request->with_defers)
        pending_defers_of_frame(&builder->defers, frame,
                                frames->count > before ? &frames->items[frames->count - 1] : NULL);
}

/** The frames of a stack that was surveyed: out of what is kept of it, or walked again. */
struct second_pass {
    struct analysis *analysis;
    struct stack_survey *survey;
    bool kept;
    uint64_t next;        ///< of those kept
    uint64_t defer_count; ///< see struct stack_survey, of the frames that came
    struct pc_site spare;
};

static void second_pass_begin(struct second_pass *pass, struct analysis *analysis,
                              const struct frames_request *request, struct stack_survey *survey)
{
    pass->analysis = analysis;
    pass->survey = survey;
    pass->kept = survey->physical <= STEPS_KEPT;
    pass->next = pass->defer_count = 0;
    if (!pass->kept)
        stack_walk_begin(&survey->walk, analysis->program, request->g, request->on_g0,
                         &request->start);
}

static bool second_pass_next(struct second_pass *pass, struct stack_frame *out)
{
    struct stack_survey *survey = pass->survey;
    struct stack_step step;
    if (!pass->kept) {
        if (!stack_step_paid(pass->analysis, &survey->walk, &step))
            return false;
    } else {
        if (pass->next == survey->physical)
            return false;
        const struct program *program = pass->analysis->program;
        step = survey->steps[pass->next++];
        step.site = pc_memo_site(program->memo, program->modules, step.pc, &pass->spare);
        if (!step.site)
            return false;
    }
    pass->defer_count += step.site->may_defer;
    stack_step_frame(survey->walk.program, &step, out);
    return true;
}

/** Whether there may be deferred calls in the frames up to a checkpoint. */
static bool any_defers(const struct frames_builder *builder, const struct second_pass *pass,
                       const struct stack_checkpoint *end)
{
    const struct pending_defers *defers = &builder->defers;
    return pass->defer_count != end->defer_count ||
           (defers->next < defers->record_count && defers->records[defers->next].sp < end->walk.sp);
}

/** Goes on behind the middle of a long stack, if nothing of it is wanted but its count. */
static void skip_gap(struct frames_builder *builder, struct second_pass *pass)
{
    const struct stack_survey *survey = pass->survey;
    const struct frames_request *request = builder->request;
    struct report_frame_list *frames = &builder->result->frames;
    const struct stack_checkpoint *end = pass->kept ? NULL : stack_survey_end(survey);
    if (!end || end->index <= builder->index || !is_in_gap(builder) || request->place ||
        (request->with_native && survey->callback_count) ||
        (request->with_defers && any_defers(builder, pass, end)))
        return;
    if (!frames->elided)
        frames->elided_after = frames->count;
    frames->elided += end->index - builder->index;
    builder->index = end->index;
    stack_walk_restore(&pass->survey->walk, &end->walk);
}

/** Why the stack ends early, if it does. */
static const char *truncation(struct arena *arena, const struct stack_walk *walk)
{
    char text[128];
    const char *truncated = stack_walk_end_text(walk, text, sizeof text);
    return truncated ? arena_string(arena, truncated) : NULL;
}

/** The line with which some releases tell of a stack that ends in a function that switches stacks.
 */
static void tell_switch(struct frames_builder *builder, const struct stack_walk *walk)
{
    struct report_frame_list *frames = &builder->result->frames;
    if (!builder->analysis->program->release->tells_switches || walk->end != STACK_END_SWITCH ||
        walk->count < 2 || !frames->count)
        return;
    struct report_frame *last = &frames->items[frames->count - 1];
    last->told_before =
        arena_printf(builder->arena, "traceback: unexpected SPWRITE function %s", last->function);
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
    struct stack_survey survey;
    struct second_pass pass;
    struct stack_frame frame;
    stack_survey_read(analysis, request, &survey);
    out->hash = survey.hash;
    out->truncated = truncation(arena, &survey.walk);
    builder.callback_count = survey.callback_count;
    builder.total = innermost_only ? 0 : survey.logical; // nothing in the middle: the end is cut
    uint64_t shown = 0;
    second_pass_begin(&pass, analysis, request, &survey);
    while ((!innermost_only || shown < SHOWN_PHYSICAL) && second_pass_next(&pass, &frame)) {
        frames_add_physical(&builder, &frame);
        shown++;
        if (request->with_native && callback_is_frame(&frame) && !is_in_gap(&builder))
            frames_add_callback(&builder, &frame);
        if (frame.function.id == FUNC_SIGPANIC && request->foreign && !builder.foreign_added) {
            builder.foreign_added = true; // that of an older panic called Go code
            frames_add_native(&builder, &request->foreign->registers, true);
        }
        skip_gap(&builder, &pass);
    }
    tell_switch(&builder, &survey.walk);
    if (!innermost_only)
        out->frames.elided_cycle = stack_survey_cycle(&survey);
    out->defers = builder.defers.items;
    out->defer_count = builder.defers.count;
    // The line that says so is printed only if exactly 100 frames came, inlined ones counted.
    if (innermost_only && out->frames.count == SHOWN_PHYSICAL &&
        survey.physical >= SHOWN_PHYSICAL) {
        out->frames.elided = survey.physical - shown ? survey.physical - shown : 1;
        out->frames.elided_after = out->frames.count;
    }
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
