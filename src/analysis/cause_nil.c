// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cause_internal.h"

#include <inttypes.h>
#include <string.h>

enum { LOOK_AHEAD = 8 };

// The one that sigpanic seems to have been called from.
bool cause_faulting_frame(const struct cause_finder *finder, size_t *out)
{
    for (size_t i = 0; i < finder->count; i++)
        if (finder->frames[i].callee == FUNC_SIGPANIC) {
            *out = i;
            return finder->frames[i].pc == finder->site->g.sigpc;
        }
    return false;
}

/**
 * Which part of *base the code goes on to use: the fault itself may only be the compiler's check
 * for nil, a read at offset 0. The first access behind it through the same register tells.
 */
static bool used_offset(const struct trace *trace, int64_t *out, unsigned *size, bool *is_write)
{
    const struct instruction *fault = &trace->code->instructions[trace->at];
    for (size_t i = trace->at; i < trace->code->count && i < trace->at + LOOK_AHEAD; i++) {
        const struct instruction *next = &trace->code->instructions[i];
        bool through = next->has_memory && next->base == fault->base && next->index < 0;
        if (through && next->is_nil_check)
            continue;
        if (through && next->kind != INSTRUCTION_COMPARE && next->kind != INSTRUCTION_ADDRESS) {
            *out = next->displacement;
            *size = instruction_word_size(next);
            *is_write = next->kind == INSTRUCTION_STORE;
            return true;
        }
        if (through && next->kind == INSTRUCTION_ADDRESS)
            return false; // its address is taken: the field may be any that begins there
        if (next->kind == INSTRUCTION_CALL || next->kind == INSTRUCTION_JUMP ||
            (next->writes >> fault->base & 1))
            return false;
    }
    return false;
}

static const char *what_was_done(struct cause_finder *finder, struct trace *trace,
                                 const struct term *term)
{
    const struct instruction *fault = &trace->code->instructions[trace->at];
    const char *function = finder->frame->function;
    struct go_type *type = term->type, *elem = type ? type->elem : NULL;
    struct term field = {0};
    int64_t offset = 0;
    unsigned size = 0;
    bool is_write = false;
    if (type && type->kind == GO_INTERFACE)
        return arena_printf(finder->arena, "%s called a method of it", function);
    if (type && type->kind == GO_FUNC)
        return arena_printf(finder->arena, "%s called it", function);
    if (elem && elem->kind == GO_STRUCT && used_offset(trace, &offset, &size, &is_write) &&
        offset >= 0 && place_select(trace, "", elem, (uint64_t)offset, size, &field) &&
        field.text[0] == '.')
        return arena_printf(finder->arena, "%s %s its field %s", function,
                            is_write ? "wrote" : "read", field.text + 1);
    return arena_printf(finder->arena, "%s %s it", function,
                        fault->kind == INSTRUCTION_STORE ? "wrote through" : "read through");
}

/** The word of a frame's arguments that a variable is; false: it is none, or lies elsewhere. */
static bool argument_word(struct trace *trace, const struct term *term, unsigned *word)
{
    const struct dwarf_variables *own = &trace->scopes[trace->scope_count - 1];
    struct abi_layout layout;
    if (!term->variable || term->variable->role != VARIABLE_ARGUMENT ||
        !abi_layout(trace, own, pc_function_name(&trace->function), VARIABLE_ARGUMENT, &layout))
        return false;
    for (unsigned i = 0; i < layout.count; i++)
        if (layout.words[i].variable == term->variable) {
            *word = i;
            return true;
        }
    return false;
}

/** Whether a term can be the nil that was met. */
static bool is_culprit(const struct term *term)
{
    if (!term->text || (term->has_value && term->value != 0))
        return false;
    return term_is_nilable(term) || (term->kind == TERM_UNKNOWN && term->source == SOURCE_CALL);
}

static void explain(struct cause_finder *finder, struct trace *trace, const struct term *term,
                    const char *done)
{
    const struct instruction *fault = &trace->code->instructions[trace->at];
    const char *type = term->type ? term->type->name : NULL;
    bool bare = term->type && (term->type->kind == GO_INTERFACE || term->type->kind == GO_FUNC);
    const char *noun =
        !type ? "nil" : arena_printf(finder->arena, bare ? "a nil %s" : "nil (%s)", type);
    const char *what = term->source == SOURCE_CALL && !term->variable ? "the result of " : "";
    cause_set(finder, term, term->text, "%s%s is %s: %s", what, term->text, noun, done);
    cause_evidence(finder, "the instruction at pc %s address 0x%" PRIx64 " through %s",
                   fault->kind == INSTRUCTION_STORE ? "wrote" : "read",
                   finder->crash->signal.address, term->text);
}

/** What the function that the user called was given: the fault lies below the user's own frame. */
static bool climb(struct cause_finder *finder, size_t fault, struct trace *trace, struct term *term,
                  struct trace *outer)
{
    struct trace *now = trace;
    for (size_t i = fault + 1; i < finder->count; i++) {
        unsigned word;
        bool last = i + 1 == finder->count;
        if (!argument_word(now, term, &word))
            return false;
        trace_end(outer);
        if (!trace_begin(outer, finder->analysis, finder->arena, &finder->frames[i],
                         last ? finder->inline_depth : 0) ||
            outer->code->instructions[outer->at].kind != INSTRUCTION_CALL)
            return false;
        *term = trace_argument(outer, outer->at, word);
        if (!is_culprit(term))
            return false;
        now = outer;
    }
    return true;
}

/** What was compared with nil before the compiler put nil itself into a register: it is that. */
static bool name_tested(struct trace *trace, int reg, struct term *out)
{
    struct guard guards[GUARDS_MAX];
    struct trace_query query = {.kind = QUERY_MADE, .what = reg, .at = trace->at};
    struct term made = trace_ask(trace, query);
    if (!trace->optimized || made.kind != TERM_NUMBER || made.text || made.offset != 0 ||
        guards_find(trace, trace->at, guards) != 1 || guards[0].condition != CONDITION_EQUAL)
        return false;
    struct term other = guard_right(trace, &guards[0]);
    *out = guard_left(trace, &guards[0]);
    if (other.kind != TERM_NUMBER || other.text || other.offset != 0 || !is_culprit(out))
        return false;
    out->uncertain = true;
    return true;
}

static void explain_fault(struct cause_finder *finder, size_t fault, struct trace *trace)
{
    const struct instruction *one = &trace->code->instructions[trace->at];
    struct registers registers;
    struct term found;
    uint64_t base;
    bool exact = function_code_pc(trace->code, trace->at) == trace->pc;
    if (!exact || !one->has_memory || one->base < 0 ||
        !fault_registers(finder->analysis, &finder->site->g, &registers) ||
        !register_get(&registers, (unsigned)one->base, &base))
        return;
    struct term term = trace_register(trace, trace->at, one->base);
    bool own = fault + 1 == finder->count;
    if (own && base == 0 && !is_culprit(&term) &&
        (name_tested(trace, one->base, &found) || cause_nil_path(finder, trace, &found)))
        term = found;
    if (term.kind == TERM_ADDRESS && term.through && (int64_t)base == term.offset && term.text) {
        // The address of a field of it: the pointer itself was nil.
        term.kind = TERM_PART;
        term.offset = 0;
        term.type = type_pointer_to(value_reader_types(finder->analysis->reader), term.type);
        term.has_value = false;
    } else if (base != 0) {
        return;
    }
    if (!is_culprit(&term))
        return;
    const char *done = what_was_done(finder, trace, &term);
    struct trace outer = {0};
    if (own) {
        explain(finder, trace, &term, done);
        cause_origin(finder, trace, trace->at, &term);
    } else if (climb(finder, fault, trace, &term, &outer)) {
        done = arena_printf(finder->arena, "%s passed it to %s", finder->frame->function,
                            pc_function_name(&finder->frames[finder->count - 2].function));
        explain(finder, trace, &term, done);
        cause_origin(finder, &outer, outer.at, &term);
    }
    trace_end(&outer);
}

void cause_of_nil(struct cause_finder *finder)
{
    struct trace trace = {0};
    size_t fault;
    if (!cause_faulting_frame(finder, &fault))
        return;
    bool last = fault + 1 == finder->count;
    if (trace_begin(&trace, finder->analysis, finder->arena, &finder->frames[fault],
                    last ? finder->inline_depth : 0))
        explain_fault(finder, fault, &trace);
    trace_end(&trace);
}
