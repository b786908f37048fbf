// SPDX-License-Identifier: MIT
#include "analysis_internal.h"
#include "base/limits.h"

#include <string.h>

/** The frame of runtime.gopanic that a panic's record lies in. */
static bool find_gopanic(struct analysis *analysis, const struct crash_site *site,
                         const struct goroutine *g, target_addr record, struct stack_frame *out)
{
    struct frames_request request;
    struct stack_walk walk;
    goroutine_request(analysis, site, g, &request);
    stack_walk_begin(&walk, analysis->program, g, false, &request.start);
    for (int i = 0; i < LIMIT_DYING_FRAMES && stack_walk_next(&walk, out); i++)
        if (record >= out->sp && record < out->fp)
            return strcmp(pc_function_name(&out->function), "runtime.gopanic") == 0;
    return false;
}

/** The value's text where its type is one that is known, "" where it has methods that would have to
 * run; NULL: it is no error and no Stringer. */
static const char *text_of(struct analysis *analysis, target_addr type_word,
                           const struct value *value)
{
    struct type_table *types = value_reader_types(analysis->reader);
    struct go_type *type;
    struct type_method method;
    struct error *err = type_from_runtime(types, type_word, &type);
    if (err) {
        error_ignore(err); // not a type: nothing was kept there
        return NULL;
    }
    if (!type_method_find(types, type, "Error", &method) &&
        !type_method_find(types, type, "String", &method))
        return NULL;
    if (!method.signature || strcmp(method.signature, "func() string") != 0)
        return NULL;
    return panic_known_text(value);
}

const struct value *panic_original_value(struct analysis *analysis, struct arena *arena,
                                         const struct crash_site *site, const struct goroutine *g,
                                         const struct panic_record *record, const char *printed)
{
    const struct address_space *space = analysis->program->space;
    struct stack_frame frame;
    uint64_t type_word, data_word;
    if (!find_gopanic(analysis, site, g, record->address, &frame) ||
        !address_space_try_u64(space, frame.arguments, &type_word) ||
        !address_space_try_u64(space, frame.arguments + 8, &data_word) || !type_word ||
        type_word == record->type_word)
        return NULL;
    const struct value *value = value_read_interface(analysis->reader, arena, type_word, data_word);
    const char *text = value && !value->unreadable ? text_of(analysis, type_word, value) : NULL;
    return text && (!*text || strcmp(text, printed) == 0) ? value : NULL;
}
