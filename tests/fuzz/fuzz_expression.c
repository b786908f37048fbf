// SPDX-License-Identifier: MIT
#include "analysis/inspect.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "fuzz.h"
#include "model/value_text.h"
#include "values/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * An input is an expression, evaluated in the frame that crashed. The core and the binary are
 * sound: those of a recording that holds a variable of every kind (seeds.py), in the directory
 * `expression` of the one that GOCRASH_FUZZ_DATA names.
 */
enum { TEXT_MAX = 4096 };

struct target {
    struct arena *arena;
    struct program *program;
    struct inspector *inspector;
    struct inspected_frame frame;
};

static void give_up(struct error *err)
{
    fprintf(stderr, "GOCRASH_FUZZ_DATA: %s\n", error_message(err));
    exit(2);
}

static void open_target(struct target *out)
{
    const struct value_limits limits = {.depth = 4, .items = 20, .string = 200};
    const struct inspect_place crashed = {0};
    const char *directory = getenv("GOCRASH_FUZZ_DATA");
    AUTO_TEXT binary = {0};
    AUTO_TEXT core = {0};
    buffer_printf(&binary, "%s/expression/binary", directory ? directory : ".");
    buffer_printf(&core, "%s/expression/core", directory ? directory : ".");
    out->arena = arena_new();
    struct error *err = program_open(buffer_text(&binary), buffer_text(&core), &out->program);
    if (!err)
        err = inspector_open(out->program, &limits, NULL, &out->inspector);
    if (!err)
        err = inspector_frame(out->inspector, out->arena, &crashed, &out->frame);
    if (err)
        give_up(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct target target; // where a leak checker finds it
    if (!target.program)
        open_target(&target);
    char text[TEXT_MAX + 1];
    size_t length = size < TEXT_MAX ? size : TEXT_MAX;
    memcpy(text, data, length);
    text[length] = '\0';
    AUTO(arena) arena = arena_new();
    const struct expression_scope scope = {.reader = inspector_reader(target.inspector),
                                           .frame = &target.frame.variables};
    struct expression_result result;
    struct error *err = expression_evaluate(&scope, arena, text, &result);
    if (err) { // what the place is marked with must stand in the text
        if (error_kind(err) == ERROR_INPUT && error_offset(err) > strlen(text))
            abort();
        error_free(err);
        return 0;
    }
    AUTO_TEXT shown = {0};
    value_text(&shown, result.value);
    return 0;
}
