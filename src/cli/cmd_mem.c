// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "cli_internal.h"
#include "report/listing.h"
#include "values/expression.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_SIZE = 64, LINE_SIZE = 16, BINARY_LINE_SIZE = 8 };

/** A whole number as Go and C write it; 010 is eight in neither's intent, so it is ten. */
static bool parse_number(const char *text, uint64_t *out)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    char *end;
    errno = 0;
    if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits) || !*digits)
        return false;
    *out = strtoull(digits, &end, hex ? 16 : 10);
    return errno == 0;
}

struct error *session_address(struct session *session, const struct report_options *options,
                              const char *text, target_addr *out)
{
    AUTO(arena) arena = arena_new();
    struct inspector *inspector;
    struct inspected_frame frame;
    struct expression_result result;
    if (parse_number(text, out))
        return NULL;
    struct error *err = session_frame(session, options, arena, &inspector, &frame);
    if (err)
        return err;
    const struct expression_scope scope = {.reader = inspector_reader(inspector),
                                           .frame = &frame.variables};
    err = expression_evaluate(&scope, arena, text, &result);
    if (err)
        return error_wrap(err, "%s", text);
    switch (result.value->kind) {
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_POINTER:
    case VALUE_UNSAFE_POINTER:
    case VALUE_CHAN:
    case VALUE_MAP:
    case VALUE_FUNC:
        if (result.value->unreadable)
            break;
        *out = result.value->bits;
        return NULL;
    default:
        break;
    }
    return error_new(ERROR_INPUT, "%s is no address: give a number, a pointer, or &%s", text, text);
}

static void list_line(const struct session *session, struct listing *listing, target_addr address,
                      size_t count, const struct report_options *options, uint64_t *missing)
{
    uint8_t bytes[LINE_SIZE] = {0};
    bool known[LINE_SIZE];
    for (size_t i = 0; i < count; i++) {
        known[i] = address_space_try_u8(session->program->space, address + i, &bytes[i]);
        *missing += !known[i];
    }
    const struct listed_memory line = {
        .address = address,
        .bytes = bytes,
        .known = known,
        .count = count,
        .size = options->unit_size ? options->unit_size : 1,
        .base = options->base,
    };
    listing_memory(listing, &line);
}

/** Whether any byte of the range is in the core. */
static bool is_present(const struct session *session, target_addr address, uint64_t size)
{
    uint8_t byte;
    for (uint64_t i = 0; i < size; i++)
        if (address_space_try_u8(session->program->space, address + i, &byte))
            return true;
    return false;
}

/** The bytes as they are, for another program; nothing where some of them are missing. */
static struct error *write_raw(const struct session *session, target_addr address, uint64_t size,
                               FILE *out)
{
    uint8_t byte;
    for (uint64_t i = 0; i < size; i++)
        if (!address_space_try_u8(session->program->space, address + i, &byte))
            return error_new(ERROR_UNMAPPED, "address 0x%" PRIx64 " is not in the core",
                             address + i);
    for (uint64_t i = 0; i < size && !ferror(out); i++)
        if (address_space_try_u8(session->program->space, address + i, &byte))
            fputc(byte, out);
    return NULL;
}

int command_mem(struct session *session, const struct report_options *options, char **arguments,
                int count, FILE *out)
{
    target_addr address = 0;
    uint64_t size = DEFAULT_SIZE, missing = 0;
    struct error *err = NULL;
    if (count > 1 && (!parse_number(arguments[1], &size) || size == 0 || size > LIMIT_MEMORY_SHOWN))
        err = error_new(ERROR_INPUT, "a length is a number of bytes from 1 to %d, not '%s'",
                        LIMIT_MEMORY_SHOWN, arguments[1]);
    if (err)
        return complain_error(err);
    err = session_address(session, options, arguments[0], &address);
    if (err) { // a variable that is not there, as print has it
        complain_error(err);
        return EXIT_INPUT;
    }
    if (address + size < address)
        err = error_new(ERROR_INPUT, "%" PRIu64 " bytes at 0x%" PRIx64 " lie beyond all addresses",
                        size, address);
    if (!err && !is_present(session, address, size))
        err = error_new(ERROR_NOT_FOUND,
                        "none of the %" PRIu64 " bytes at 0x%" PRIx64 " is in the core", size,
                        address);
    if (err)
        return complain_error(err);
    if (options->base == MEMORY_RAW) {
        bool to_terminal = !options->output && isatty(STDOUT_FILENO);
        if (to_terminal || options->format == FORMAT_JSON) {
            complain("raw bytes go into a file or a pipe, not %s",
                     to_terminal ? "to a terminal" : "into JSON");
            return EXIT_USAGE;
        }
        err = write_raw(session, address, size, out);
        return err ? complain_error(err) : EXIT_OK;
    }
    size_t line = options->base == MEMORY_BINARY ? BINARY_LINE_SIZE : LINE_SIZE;
    struct listing listing = session_listing(session, options, out);
    listing_begin(&listing, "memory");
    for (uint64_t i = 0; i < size && !ferror(out); i += line)
        list_line(session, &listing, address + i, size - i < line ? size - i : line, options,
                  &missing);
    char note[160] = "raw memory, secrets in it too";
    if (missing)
        snprintf(note, sizeof note,
                 "raw memory, secrets in it too; %" PRIu64 " of %" PRIu64
                 " bytes are not in the core",
                 missing, size);
    listing_end(&listing, note);
    return EXIT_OK;
}
