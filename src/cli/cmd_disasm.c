// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cli_internal.h"
#include "image/instruction.h"
#include "report/listing.h"
#include "symbols/code_place.h"
#include "symbols/native_code.h"
#include "symbols/pclntab.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { LONGEST = 16 }; ///< bytes of one instruction

/** The code that is shown. */
struct code {
    struct session *session;
    target_addr start, end;
    target_addr current; ///< 0: the frame does not stand here
    bool native;
    bool is_range;               ///< that the user gave: of one function or several, or of none
    struct pc_function function; ///< not native, nor a range
};

/** The code around the place where a frame stands: its function; of C code without a name a bit. */
static struct error *find_code(struct session *session, const struct inspected_frame *frame,
                               struct code *out)
{
    enum { AROUND = 64 };
    struct program *program = session->program;
    struct native_place place;
    target_addr pc = frame->variables.pc ? frame->variables.pc : frame->frame.pc;
    *out = (struct code){.session = session, .current = pc};
    if (pc_function_find(program->modules, pc, &out->function)) {
        out->start = out->function.entry;
        out->end = out->function.end;
        return NULL;
    }
    if (!native_code_place(program->native, pc, &place))
        return error_new(ERROR_NOT_FOUND, "frame %" PRIu64 ": no code is known at 0x%" PRIx64,
                         frame->number, pc);
    out->native = true;
    out->start = place.function ? place.entry : pc;
    out->end = pc + AROUND;
    return NULL;
}

static struct error *parse_address(const char *text, target_addr *out)
{
    char *end;
    const char *number = text + (*text == '*');
    errno = 0;
    *out = strtoull(number, &end, 0);
    return *number >= '0' && *number <= '9' && !*end && errno == 0
               ? NULL
               : error_new(ERROR_INPUT, "'%s' is no address", text);
}

/** START END, or a place, whose function is meant. */
static struct error *find_asked(struct session *session, char **arguments, int count,
                                const struct code_place *here, struct arena *arena,
                                struct code *out)
{
    struct code_place place;
    *out = (struct code){.session = session};
    if (count > 1) {
        struct error *err = parse_address(arguments[0], &out->start);
        if (!err)
            err = parse_address(arguments[1], &out->end);
        out->is_range = true;
        if (!err && out->end <= out->start)
            err = error_new(ERROR_INPUT, "there is nothing from %s to %s", arguments[0],
                            arguments[1]);
        return err;
    }
    struct error *err = code_place_find(session->program, arguments[0], here, arena, &place);
    if (!err &&
        (!place.pc || !pc_function_find(session->program->modules, place.pc, &out->function)))
        err = error_new(ERROR_NOT_FOUND, "%s: no code was made of it", arguments[0]);
    if (err)
        return err;
    out->start = out->function.entry;
    out->end = out->function.end;
    return NULL;
}

static struct bytes read_code(const struct code *code, target_addr address, uint8_t *storage)
{
    const struct program *program = code->session->program;
    struct bytes view = address_space_view(program->space, address, LONGEST);
    if (view.size)
        return view;
    for (size_t size = LONGEST; size; size -= program->arch->quantum)
        if ((code->native || code->is_range) &&
            native_code_read(program->native, address, storage, size))
            return (struct bytes){storage, size};
    return view;
}

/** What a call or jump leads to: a function's start by its name, another place with its offset. */
static void name_target(const struct code *code, target_addr target, struct buffer *out)
{
    const struct program *program = code->session->program;
    struct pc_function function;
    struct native_place place;
    if (target >= code->start && target < code->end)
        return;
    target_addr entry = target;
    if (pc_function_find(program->modules, target, &function)) {
        buffer_puts(out, pc_function_name(&function));
        entry = function.entry;
    } else if (native_code_place(program->native, target, &place) && place.function) {
        buffer_puts(out, place.function);
        entry = place.entry;
    }
    if (target != entry)
        buffer_printf(out, "+0x%" PRIx64, target - entry);
}

/** @return bytes of the instruction; those that are none are shown as such, one quantum each */
static size_t list_one(const struct code *code, struct disassembler *disassembler,
                       target_addr address, struct listing *listing)
{
    uint8_t storage[LONGEST];
    struct instruction decoded = {.size = code->session->program->arch->quantum};
    struct listed_instruction listed = {.address = address};
    AUTO_TEXT text = {0};
    AUTO_TEXT target = {0};
    struct bytes bytes = read_code(code, address, storage);
    if (!bytes.size)
        return 0;
    if (instruction_decode(disassembler, bytes, address, &decoded)) {
        instruction_text(disassembler, &text);
        bool branches = decoded.kind == INSTRUCTION_CALL || decoded.kind == INSTRUCTION_JUMP;
        if (branches && decoded.has_constant)
            name_target(code, (target_addr)decoded.constant, &target);
    } else {
        buffer_puts(&text, "?");
    }
    listed.bytes = bytes.data;
    listed.size = decoded.size < bytes.size ? decoded.size : bytes.size;
    listed.text = buffer_text(&text);
    listed.target = target.size ? buffer_text(&target) : NULL;
    listed.current = address <= code->current && code->current < address + listed.size;
    struct native_place place;
    struct pc_function function;
    int32_t line = 0;
    if (code->is_range && pc_function_find(code->session->program->modules, address, &function))
        pc_function_line(&function, address, &listed.file, &line);
    else if (!code->native && !code->is_range)
        pc_function_line(&code->function, address, &listed.file, &line);
    else if (native_code_place(code->session->program->native, address, &place) && place.file) {
        listed.file = place.file;
        line = (int32_t)place.line;
    }
    listed.line = line;
    if (line <= 0)
        listed.file = NULL;
    listing_instruction(listing, &listed);
    return listed.size;
}

int command_disasm(struct session *session, const struct report_options *options, char **arguments,
                   int count, FILE *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    struct code code;
    struct error *err = session_frame(session, options, arena, &inspector, &frame);
    const bool elsewhere = err && count; // no frame is needed then
    if (elsewhere) {
        error_ignore(err);
        frame = (struct inspected_frame){0};
    }
    const struct code_place here = {.file = frame.frame.file, .line = frame.frame.line};
    if (count) {
        err = find_asked(session, arguments, count, &here, arena, &code);
        code.current = frame.variables.pc ? frame.variables.pc : frame.frame.pc;
    } else if (!err) {
        err = find_code(session, &frame, &code);
    }
    AUTO(disassembler) disassembler = disassembler_new(session->program->arch);
    if (disassembler && options->gnu_flavor)
        disassembler_write_gnu(disassembler);
    if (!err && !disassembler)
        err = error_new(ERROR_UNSUPPORTED, "this capstone does not know the machine");
    if (err)
        return complain_error(err);
    uint8_t storage[LONGEST];
    if (!read_code(&code, code.start, storage).size) {
        complain("there is no code at 0x%" PRIx64 " in the core or the binary", code.start);
        return EXIT_INPUT;
    }
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "instructions");
    const char *note = NULL;
    for (target_addr at = code.start; at < code.end && !ferror(out) && !note;) {
        size_t size = list_one(&code, disassembler, at, &listing);
        if (!size)
            note = "what follows is neither in the core nor in the binary";
        if (at - code.start > LIMIT_SCANNED_CODE)
            note = "the function goes on: this is too much of it";
        at += size;
    }
    listing_end(&listing, note);
    return EXIT_OK;
}
