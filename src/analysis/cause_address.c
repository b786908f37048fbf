// SPDX-License-Identifier: MIT
#include "cause_internal.h"
#include "image/core_file.h"

#include <inttypes.h>
#include <signal.h>

/** The file that is mapped where an address lies; NULL: none that the core knows of. */
static const char *mapped_file(const struct analysis *analysis, target_addr address)
{
    size_t count;
    const struct core_mapping *mappings = core_file_mappings(analysis->program->core, &count);
    for (size_t i = 0; i < count; i++)
        if (address >= mappings[i].start && address < mappings[i].end)
            return mappings[i].path;
    return NULL;
}

const char *access_refusal(const struct analysis *analysis, struct arena *arena,
                           const struct report_signal *signal, const struct access *access)
{
    const char *file = mapped_file(analysis, access->address);
    if (!access->known)
        return "which no address can be (it is not canonical)";
    if (signal->number == SIGBUS && signal->code == BUS_ADRERR && file)
        return arena_printf(arena, "where %s is mapped, which ends before that", file);
    if (signal->number == SIGSEGV && signal->code == SEGV_MAPERR)
        return "where no memory is mapped";
    if (signal->number == SIGSEGV && signal->code == SEGV_ACCERR && access->wrote)
        return "where memory may not be written";
    if (signal->number == SIGSEGV && signal->code == SEGV_ACCERR)
        return "where memory may not be read";
    return "which the system did not allow";
}

static const char *why(const struct cause_finder *finder, const struct access *access)
{
    return access_refusal(finder->analysis, finder->arena, &finder->crash->signal, access);
}

/** Whether bit 47 and those above it are equal, as amd64 and arm64 demand of a program's address.
 */
static bool is_canonical(uint64_t address)
{
    return address >> 47 == 0 || address >> 47 == UINT64_MAX >> 47;
}

/**
 * The pointer that the base register was made from; false: not known, or what the variable of that
 * name holds is another.
 */
static bool find_pointer(const struct cause_finder *finder, const struct term *term, bool has_base,
                         uint64_t base, uint64_t *out)
{
    struct expression_result result;
    bool through = term->kind == TERM_ADDRESS && term->through;
    bool evaluated =
        cause_evaluate(finder, term->text, &result) && !result.value->unreadable &&
        (result.value->kind == VALUE_POINTER || result.value->kind == VALUE_UNSAFE_POINTER);
    if (has_base)
        *out = through ? base - (uint64_t)term->offset : base;
    else if (evaluated)
        *out = result.value->bits;
    else
        return false;
    return !evaluated || result.value->bits == *out;
}

/** A term that can be the pointer: a named one, or what a call gave. */
static bool is_pointer(const struct term *term)
{
    if (!term->text)
        return false;
    if (term->kind == TERM_ADDRESS)
        return term->through;
    if (term->source == SOURCE_CALL && (term->kind == TERM_UNKNOWN || !term->type))
        return true;
    return term->kind == TERM_PART && term->offset == 0 && term->type &&
           (term->type->kind == GO_POINTER || term->type->kind == GO_UNSAFE_POINTER);
}

/** Names the pointer. @return whether it could */
static bool explain_pointer(struct cause_finder *finder, struct trace *trace,
                            const struct access *access)
{
    const struct instruction *fault = &trace->code->instructions[trace->at];
    struct registers registers;
    uint64_t base = 0, pointer;
    if (function_code_pc(trace->code, trace->at) != trace->pc || !fault->has_memory ||
        fault->base < 0 || fault->index >= 0)
        return false;
    bool has_base = fault_registers(finder->analysis, &finder->site->g, &registers) &&
                    register_get(&registers, (unsigned)fault->base, &base);
    struct term term = trace_register(trace, trace->at, fault->base);
    if (!is_pointer(&term) || !find_pointer(finder, &term, has_base, base, &pointer) ||
        (!access->known && is_canonical(pointer)))
        return false;
    if (term.kind == TERM_ADDRESS)
        term.type = type_pointer_to(value_reader_types(finder->analysis->reader), term.type);
    bool result = term.source == SOURCE_CALL && !term.variable;
    const char *type = term.type ? arena_printf(finder->arena, " (%s)", term.type->name) : "";
    term.kind = TERM_PART;
    term.offset = 0;
    cause_set(finder, &term, term.text, "%s%s is 0x%" PRIx64 "%s, %s: %s %s it",
              result ? "the result of " : "", term.text, pointer, type, why(finder, access),
              finder->frame->function, access->did);
    if (has_base)
        cause_evidence(finder, "the instruction at pc %s address 0x%" PRIx64 " through %s",
                       access->wrote ? "wrote" : "read", access->address, term.text);
    cause_origin(finder, trace, trace->at, &term);
    return true;
}

/** What the machine did says no more than the signal, but in words. */
static void explain_access(struct cause_finder *finder, const struct access *access,
                           const char *function)
{
    struct report_cause *cause = &finder->crash->cause;
    const char *by =
        function == finder->frame->function
            ? function
            : arena_printf(finder->arena, "%s, for %s,", function, finder->frame->function);
    cause->present = true;
    cause->confidence = CONFIDENCE_CERTAIN;
    cause->summary = access->known
                         ? arena_printf(finder->analysis->arena, "%s %s 0x%" PRIx64 ", %s", by,
                                        access->did, access->address, why(finder, access))
                         : arena_printf(finder->analysis->arena, "%s %s an address %s", by,
                                        access->did, why(finder, access));
}

/** Whether it was the code's own address: the innermost frame has called what is no function. */
static bool is_call(const struct cause_finder *finder)
{
    const struct report_signal *signal = &finder->crash->signal;
    const struct stack_frame *last = &finder->frames[finder->count - 1];
    struct pc_function function;
    return signal->number == SIGSEGV && signal->code != SI_KERNEL &&
           finder->site->g.sigpc == signal->address && last->callee == FUNC_SIGPANIC &&
           !pc_function_find(finder->analysis->program->modules, signal->address, &function);
}

void cause_of_address(struct cause_finder *finder)
{
    const struct report_signal *signal = &finder->crash->signal;
    struct trace trace = {0};
    size_t fault;
    if (!signal->present || signal->code <= 0)
        return;
    if (is_call(finder)) {
        const struct access call = {.did = "called", .known = true, .address = signal->address};
        explain_access(finder, &call, finder->frame->function);
        return;
    }
    if (!cause_faulting_frame(finder, &fault))
        return;
    bool last = fault + 1 == finder->count;
    if (trace_begin(&trace, finder->analysis, finder->arena, &finder->frames[fault],
                    last ? finder->inline_depth : 0)) {
        const struct instruction *one = &trace.code->instructions[trace.at];
        bool wrote = one->has_memory && one->writes_memory;
        bool check = cause_fault_tests(&trace);
        struct access access = {.did = wrote   ? "wrote to"
                                       : check ? "used"
                                               : "read",
                                .wrote = wrote,
                                .known = signal->code != SI_KERNEL,
                                .address = signal->address};
        const char *function =
            last ? finder->frame->function : pc_function_name(&finder->frames[fault].function);
        if (!last || !explain_pointer(finder, &trace, &access))
            explain_access(finder, &access, function);
    }
    trace_end(&trace);
}
