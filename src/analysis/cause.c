// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "model/value_text.h"
#include "operand.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_AHEAD = 8, INSTRUCTION_MAX = 16 };

static void add_evidence(struct analysis *analysis, struct report_cause *cause, const char *text)
{
    size_t capacity = cause->evidence.count; // grows by copying: there are two or three
    string_list_add(analysis->arena, &cause->evidence, &capacity, text);
}

static void add_advice(struct analysis *analysis, struct report_crash *crash, const char *text)
{
    size_t capacity = crash->advice.count;
    string_list_add(analysis->arena, &crash->advice, &capacity, text);
}

/** The frame that the signal stopped: the one that sigpanic seems to have been called from. */
static bool find_faulting_frame(struct analysis *analysis, const struct crash_site *site,
                                struct stack_frame *out)
{
    struct stack_walk walk;
    stack_walk_begin(&walk, analysis->program, &site->g, false, &site->start);
    for (size_t i = 0; i < LIMIT_DYING_FRAMES && stack_walk_next(&walk, out); i++)
        if (out->callee == FUNC_SIGPANIC)
            return out->pc == site->g.sigpc;
    return false;
}

/**
 * Which part of *base the code goes on to use: the fault itself may only be the compiler's check
 * for nil, a read at offset 0. The first access behind it through the same register tells.
 */
static bool used_offset(struct operand_trace *trace, const struct instruction *fault, int64_t *out,
                        bool *is_write)
{
    const struct address_space *space = trace->analysis->program->space;
    struct instruction next = *fault;
    target_addr pc = trace->fault_pc;
    for (size_t i = 0; i < LOOK_AHEAD; i++) {
        bool through = next.has_memory && next.base == fault->base && next.index < 0;
        if (through && next.kind != INSTRUCTION_COMPARE && next.kind != INSTRUCTION_ADDRESS) {
            *out = next.displacement;
            *is_write = next.kind == INSTRUCTION_STORE;
            return true;
        }
        if (through && next.kind == INSTRUCTION_ADDRESS)
            return false; // its address is taken: the field may be any that begins there
        if (next.kind == INSTRUCTION_CALL || next.kind == INSTRUCTION_JUMP ||
            (next.writes >> fault->base & 1))
            return false;
        pc += next.size;
        if (!instruction_decode(trace->disassembler, address_space_view(space, pc, INSTRUCTION_MAX),
                                pc, &next))
            return false;
    }
    return false;
}

/** "main.main" out of the frame's function, as the user knows it. */
static const char *user_function(const struct report_goroutine *crashed,
                                 const struct report_crash *crash)
{
    return crash->has_frame ? crashed->frames.items[crash->frame].function : "the function";
}

static const char *what_was_done(struct operand_trace *trace, const struct operand *operand,
                                 const struct instruction *fault, const char *function)
{
    struct operand field = {0};
    int64_t offset = 0;
    bool is_write = false;
    struct go_type *elem = operand->type->elem;
    const char *verb = fault->kind == INSTRUCTION_STORE ? "wrote through" : "read through";
    if (operand->interface_word)
        return arena_printf(trace->arena, "%s called a method of it", function);
    if (operand->type->kind == GO_FUNC)
        return arena_printf(trace->arena, "%s called it", function);
    if (elem && elem->kind == GO_STRUCT && used_offset(trace, fault, &offset, &is_write) &&
        offset >= 0 && operand_select(trace, "", elem, (uint64_t)offset, &field) &&
        field.expression[0] == '.')
        return arena_printf(trace->arena, "%s %s its field %s", function,
                            is_write ? "wrote" : "read", field.expression + 1);
    return arena_printf(trace->arena, "%s %s it", function, verb);
}

/** The value in the frame's list that the expression names, NULL where it is a path. */
static const struct value *value_named(const struct report_frame *frame, const char *name)
{
    const struct value_list *lists[] = {&frame->arguments, &frame->locals};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct value *value = lists[i]->items[k];
            if (value->name && strcmp(value->name, name) == 0 && !value->shadowed)
                return value;
        }
    return NULL;
}

static bool explain_nil(struct analysis *analysis, struct operand_trace *trace,
                        const struct report_goroutine *crashed, struct report_crash *crash)
{
    const struct instruction *fault = &trace->instructions[trace->count - 1];
    struct operand operand;
    uint64_t base;
    if (!fault->has_memory || fault->base < 0 || fault->index >= 0 ||
        !register_get(trace->registers, (unsigned)fault->base, &base) || base != 0 ||
        trace->starts[trace->count - 1] != trace->fault_pc ||
        !operand_of_register(trace, trace->count - 1, fault->base, &operand) ||
        operand.address_of || operand.length_word)
        return false;
    uint64_t word = 0;
    if (operand.place &&
        (!address_space_try_u64(analysis->program->space, operand.place, &word) || word != 0))
        return false; // what lies there now is not what the register held
    struct error *err = type_resolve(value_reader_types(analysis->reader), operand.type);
    error_ignore(err); // the type's name is enough
    const char *noun = operand.interface_word || operand.type->kind == GO_FUNC ? "a nil " : "nil (";
    struct report_cause *cause = &crash->cause;
    const char *done = what_was_done(trace, &operand, fault, user_function(crashed, crash));
    cause->present = true;
    cause->confidence = CONFIDENCE_CERTAIN;
    cause->expression = arena_string(analysis->arena, operand.expression);
    cause->summary = arena_printf(analysis->arena, "%s is %s%s%s: %s", operand.expression, noun,
                                  operand.type->name, noun[0] == 'n' ? ")" : "", done);
    cause->value = value_named(&crashed->frames.items[crash->frame], operand.expression);
    add_evidence(analysis, cause,
                 arena_printf(analysis->arena,
                              "the instruction at pc %s address 0x%" PRIx64 " through %s",
                              fault->kind == INSTRUCTION_STORE ? "wrote" : "read",
                              crash->signal.address, operand.expression));
    add_advice(analysis, crash,
               arena_printf(analysis->arena,
                            "make sure that %s is not nil before this line uses it",
                            operand.expression));
    return true;
}

static void find_nil(struct analysis *analysis, const struct crash_site *site,
                     const struct report_goroutine *crashed, struct report_crash *crash)
{
    struct stack_frame frame;
    struct registers registers;
    struct operand_trace trace;
    if (!crash->has_frame || !find_faulting_frame(analysis, site, &frame) ||
        !fault_registers(analysis, &site->g, &registers))
        return;
    if (operand_trace_begin(&trace, analysis, analysis->arena, &frame, &registers))
        explain_nil(analysis, &trace, crashed, crash);
    operand_trace_end(&trace);
}

static bool has_length(const struct value *value)
{
    return !value->unreadable && (value->kind == VALUE_SLICE || value->kind == VALUE_STRING ||
                                  value->kind == VALUE_ARRAY);
}

/** The numbers of "runtime error: index out of range [5] with length 0". */
static bool parse_index(const char *text, long long *index, unsigned long long *length)
{
    static const char start[] = "runtime error: index out of range [", middle[] = "] with length ";
    if (strncmp(text, start, sizeof start - 1) != 0)
        return false;
    char *end;
    *index = strtoll(text + sizeof start - 1, &end, 10);
    if (strncmp(end, middle, sizeof middle - 1) != 0)
        return false;
    const char *number = end + sizeof middle - 1;
    *length = strtoull(number, &end, 10);
    return end != number;
}

/** What "index out of range" complained of. */
struct bad_index {
    long long index;
    unsigned long long length;
};

static void explain_index(struct analysis *analysis, const struct bad_index *bad,
                          const char *expression, const char *type, bool nil,
                          const struct report_frame *frame, struct report_crash *crash)
{
    struct report_cause *cause = &crash->cause;
    cause->present = true;
    cause->expression = arena_string(analysis->arena, expression);
    cause->summary = arena_printf(
        analysis->arena, "%s has length %llu (%s%s): %s took its element %lld", expression,
        bad->length, nil ? "a nil " : "", type, frame->function, bad->index);
    add_advice(analysis, crash,
               arena_printf(analysis->arena, "compare the index with len(%s) before this line",
                            expression));
}

/** The only slice, string or array in scope of the length that the runtime complained of. */
static void guess_indexed(struct analysis *analysis, const struct bad_index *bad,
                          const struct report_frame *frame, struct report_crash *crash)
{
    const struct value_list *lists[] = {&frame->arguments, &frame->locals};
    const struct value *only = NULL;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (size_t k = 0; k < lists[i]->count; k++) {
            const struct value *value = lists[i]->items[k];
            bool fits = has_length(value) && value->length == bad->length;
            if (value->unreadable || value->provenance || (fits && only))
                return; // what cannot be read might be the one; two might be either
            if (fits)
                only = value;
        }
    if (!only || !only->name || frame->variables_note)
        return;
    explain_index(analysis, bad, only->name, only->type, only->nil, frame, crash);
    crash->cause.confidence = CONFIDENCE_LIKELY;
    crash->cause.value = only;
    add_evidence(analysis, &crash->cause,
                 arena_printf(analysis->arena,
                              "%s is the only variable in scope of the length that the panic names",
                              only->name));
}

/** The slice or string whose length a bounds check compared: in a register or on the stack. */
static bool find_compared(struct operand_trace *trace, size_t compare, struct operand *out)
{
    const struct instruction *check = &trace->instructions[compare];
    const int registers[] = {check->destination, check->source};
    for (size_t i = 0; i < COUNT_OF(registers); i++)
        if (registers[i] >= 0 && operand_of_register(trace, compare, registers[i], out) &&
            out->length_word)
            return true;
    return check->has_memory && check->base == trace->analysis->program->arch->sp &&
           check->index < 0 &&
           operand_of_place(trace, trace->sp + (uint64_t)check->displacement, out) &&
           out->length_word;
}

/** The frame's own walk: the physical frame that called the runtime's panic function. */
static bool find_calling_frame(struct analysis *analysis, const struct crash_site *site,
                               target_addr pc, struct stack_frame *out)
{
    struct stack_walk walk;
    stack_walk_begin(&walk, analysis->program, &site->g, false, &site->start);
    for (size_t i = 0; i < LIMIT_PANICS && stack_walk_next(&walk, out); i++)
        if (out->pc == pc)
            return true;
    return false;
}

/**
 * Which slice was indexed: the one whose length the bounds check compared. Where the compiler knew
 * that it fails there is no comparison, and what is in scope must do; where there is one that
 * cannot be followed, nothing is said.
 */
static void find_index(struct analysis *analysis, const struct crash_site *site,
                       const struct report_goroutine *crashed, struct report_crash *crash)
{
    struct bad_index bad;
    struct stack_frame physical;
    struct operand_trace trace;
    struct operand operand = {0};
    size_t compare = 0;
    const char *text = crash->panics.items[crash->panics.count - 1].text;
    if (!crash->has_frame || !parse_index(text, &bad.index, &bad.length))
        return;
    const struct report_frame *frame = &crashed->frames.items[crash->frame];
    if (!frame->has_pc || !find_calling_frame(analysis, site, frame->pc, &physical))
        return;
    bool begun = operand_trace_begin(&trace, analysis, analysis->arena, &physical, NULL);
    enum check_kind kind = begun ? operand_find_check(&trace, &compare) : CHECK_UNKNOWN;
    uint64_t length;
    if (kind == CHECK_CONSTANT)
        guess_indexed(analysis, &bad, frame, crash);
    else if (kind == CHECK_COMPARED && find_compared(&trace, compare, &operand) && operand.place &&
             address_space_try_u64(analysis->program->space, operand.place, &length) &&
             length == bad.length) {
        explain_index(analysis, &bad, operand.expression, operand.type->name, false, frame, crash);
        crash->cause.confidence = CONFIDENCE_CERTAIN;
        crash->cause.value = value_named(frame, operand.expression);
        add_evidence(analysis, &crash->cause,
                     arena_printf(analysis->arena,
                                  "the bounds check before the panic compared with len(%s)",
                                  operand.expression));
    }
    operand_trace_end(&trace);
}

/** A signal that was sent: whichever code it met is not at fault. */
static void explain_sent(struct analysis *analysis, struct report_crash *crash)
{
    struct report_cause *cause = &crash->cause;
    const char *name = crash->signal.name;
    int64_t sender = crash->signal.sender_pid;
    cause->present = true;
    cause->confidence = CONFIDENCE_CERTAIN;
    if (sender <= 0) // of another pid namespace
        cause->summary = arena_printf(analysis->arena, "%s was sent from outside", name);
    else if (sender == core_file_pid(analysis->program->core))
        cause->summary = arena_printf(analysis->arena, "the program sent %s to itself", name);
    else
        cause->summary = arena_printf(analysis->arena, "process %" PRId64 " sent %s", sender, name);
    add_evidence(analysis, cause,
                 arena_printf(analysis->arena, "its code is %s: no instruction raised it",
                              crash->signal.code_name ? crash->signal.code_name : "that of kill"));
}

void cause_find(struct analysis *analysis, const struct crash_site *site,
                struct report_goroutine *crashed, struct report_crash *crash)
{
    if (crash->class == CLASS_EXTERNAL_SIGNAL && crash->signal.present)
        explain_sent(analysis, crash);
    if (crash->class == CLASS_CONCURRENT_MAP && site->has_goroutine)
        cause_of_concurrent_map(analysis, site, crashed, crash);
    if (site->kind != CRASH_PANIC || !crash->panics.count)
        return;
    if (crash->class == CLASS_NIL_DEREFERENCE)
        find_nil(analysis, site, crashed, crash);
    else if (crash->class == CLASS_INDEX_OUT_OF_RANGE)
        find_index(analysis, site, crashed, crash);
}
