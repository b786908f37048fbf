// SPDX-License-Identifier: MIT
#include "goroutine_filter.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <string.h>

enum kind { KIND_LOC, KIND_USER, KIND_RUNNING, KIND_WAITING, KIND_LABEL, KIND_CHANNEL };

/** Every word that says something of goroutines, and where it may stand. */
static const struct word {
    const char *name, *wants; ///< wants: what stands behind "=" in a filter, NULL: nothing
    enum kind kind;
    enum goroutine_loc loc;
    bool groups; ///< may stand in --group; a place in --loc too
} words[] = {
    {"userloc", "TEXT", KIND_LOC, LOC_USER, true},
    {"curloc", "TEXT", KIND_LOC, LOC_CURRENT, true},
    {"goloc", "TEXT", KIND_LOC, LOC_GO, true},
    {"startloc", "TEXT", KIND_LOC, LOC_START, true},
    {"user", NULL, KIND_USER, LOC_USER, true},
    {"running", NULL, KIND_RUNNING, LOC_USER, true},
    {"waiting", NULL, KIND_WAITING, LOC_USER, true},
    {"label", "KEY", KIND_LABEL, LOC_USER, true},
    {"chan", "EXPR", KIND_CHANNEL, LOC_USER, false},
};

/** The word in front of a "="; @param text  gets what follows, NULL: nothing does */
static const struct word *find_word(const char *typed, const char **text)
{
    size_t size = strcspn(typed, "=");
    *text = typed[size] ? typed + size + 1 : NULL;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i].name) == size && memcmp(words[i].name, typed, size) == 0)
            return &words[i];
    return NULL;
}

static bool may_stand(const struct word *word, enum goroutine_word use)
{
    return use == GOROUTINE_FILTER ||
           (use == GOROUTINE_GROUP ? word->groups : word->kind == KIND_LOC);
}

bool goroutine_word_known(const char *typed, enum goroutine_word use)
{
    const char *text;
    const struct word *word = find_word(typed, &text);
    return word && may_stand(word, use);
}

/** Says which words there are, or the one that was meant. */
static void complain_word(const char *option, const char *typed, enum goroutine_word use)
{
    const char *names[COUNT_OF(words)];
    size_t count = 0;
    AUTO_TEXT advice = {0};
    AUTO_TEXT name = {0};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (may_stand(&words[i], use))
            names[count++] = words[i].name;
    buffer_append(&name, typed, strcspn(typed, "="));
    const char *near = nearest_word(buffer_text(&name), names, count);
    if (near) {
        buffer_printf(&advice, ": did you mean '%s'?", near);
    } else {
        buffer_puts(&advice, "; it takes ");
        list_words(&advice, names, count);
    }
    complain("--%s does not take '%s'%s", option, buffer_text(&name), buffer_text(&advice));
}

bool goroutine_word_check(const char *option, const char *typed, enum goroutine_word use)
{
    const char *text;
    const struct word *word = find_word(typed, &text);
    if (!word || !may_stand(word, use)) {
        complain_word(option, typed, use);
        return false;
    }
    bool wants = use == GOROUTINE_FILTER ? word->wants != NULL
                                         : use == GOROUTINE_GROUP && word->kind == KIND_LABEL;
    if (wants && (!text || !*text))
        complain("--%s %s wants something behind it: %s=%s", option, word->name, word->name,
                 word->wants);
    else if (!wants && text)
        complain("--%s %s takes nothing behind it, not '%s'", option, word->name, text);
    return wants ? text && *text : !text;
}

enum goroutine_loc goroutine_loc_of(const char *typed)
{
    const char *text;
    const struct word *word = typed ? find_word(typed, &text) : NULL;
    return word ? word->loc : LOC_USER;
}

bool goroutine_place(const struct report_goroutine *goroutine, enum goroutine_loc loc,
                     struct report_frame *out)
{
    const struct report_frame *frame = NULL;
    const struct report_created_by *by = &goroutine->created_by;
    switch (loc) {
    case LOC_USER:
        frame = frames_telling(&goroutine->frames);
        break;
    case LOC_CURRENT:
        frame = goroutine->frames.count ? goroutine->frames.items : NULL;
        break;
    case LOC_GO:
        *out = (struct report_frame){.function = by->function,
                                     .file = by->file,
                                     .short_file = by->short_file,
                                     .line = by->line};
        return by->function;
    case LOC_START:
        *out = (struct report_frame){.function = goroutine->start_function,
                                     .file = goroutine->start_file,
                                     .short_file = goroutine->start_short_file,
                                     .line = goroutine->start_line};
        return goroutine->start_function;
    }
    if (frame)
        *out = *frame;
    return frame;
}

/** KEY, or KEY=VALUE */
static bool has_label(const char *wanted, const struct key_value_list *labels)
{
    size_t size = wanted ? strcspn(wanted, "=") : 0;
    for (size_t i = 0; wanted && i < labels->count; i++) {
        const struct key_value *label = &labels->items[i];
        if (strlen(label->key) == size && memcmp(label->key, wanted, size) == 0 &&
            (!wanted[size] || strcmp(label->value, wanted + size + 1) == 0))
            return true;
    }
    return !wanted;
}

/** On a thread, in a system call too. */
static bool is_running(const struct report_goroutine *goroutine)
{
    return goroutine->has_thread || strcmp(goroutine->status, "running") == 0;
}

static bool is_waiting(const struct report_goroutine *goroutine)
{
    return strcmp(goroutine->status, "waiting") == 0;
}

static bool waits_for(const struct report_goroutine *goroutine, target_addr channel)
{
    const struct report_waiting_on *on = &goroutine->waiting_on;
    for (size_t i = 0; i < on->case_count; i++)
        if (on->cases[i].channel == channel)
            return true;
    return on->has_address && on->address == channel;
}

/** "/src/shop/main.go:24 in main.run", and the same with the path as it is shown. */
static bool place_has(const struct report_goroutine *goroutine, enum goroutine_loc loc,
                      const char *wanted)
{
    struct report_frame place;
    if (!goroutine_place(goroutine, loc, &place))
        return false;
    const char *files[] = {place.file, place.short_file};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO_TEXT text = {0};
        buffer_printf(&text, "%s:%" PRId64 " in %s", files[i] ? files[i] : "?", place.line,
                      place.function ? place.function : "?");
        if (strstr(buffer_text(&text), wanted))
            return true;
    }
    return false;
}

static bool passes_word(const struct report_goroutine *goroutine, const char *typed,
                        target_addr channel)
{
    const char *text;
    const struct word *word = find_word(typed, &text);
    if (!word)
        return false;
    switch (word->kind) {
    case KIND_USER:
        return !goroutine->system;
    case KIND_RUNNING:
        return is_running(goroutine);
    case KIND_WAITING:
        return is_waiting(goroutine);
    case KIND_LABEL:
        return has_label(text, &goroutine->labels);
    case KIND_CHANNEL:
        return waits_for(goroutine, channel);
    case KIND_LOC:
        break;
    }
    return text && place_has(goroutine, word->loc, text);
}

static struct error *find_channels(struct session *session, const struct report_options *options,
                                   const struct option_list *list, target_addr *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *text;
        const struct word *word = find_word(list->items[i], &text);
        if (!word || word->kind != KIND_CHANNEL)
            continue;
        struct error *err = session_address(session, options, text, &out[i]);
        if (err)
            return err;
        if (!out[i])
            return error_new(ERROR_NOT_FOUND, "%s is nil: who waits for it cannot be told by it",
                             text);
    }
    return NULL;
}

struct error *goroutine_tests_init(struct session *session, const struct report_options *options,
                                   struct goroutine_tests *out)
{
    const struct goroutine_filter *filter = &options->filter;
    *out = (struct goroutine_tests){.filter = filter};
    struct error *err = pattern_compile("--wait", filter->wait, &out->wait);
    if (!err)
        err = pattern_compile("--function", filter->function, &out->function);
    if (!err)
        err = pattern_compile("--created-by", filter->created_by, &out->created_by);
    if (!err)
        err = find_channels(session, options, &filter->with, out->with_channels);
    if (!err)
        err = find_channels(session, options, &filter->without, out->without_channels);
    return err;
}

void goroutine_tests_clear(struct goroutine_tests *tests)
{
    pattern_clear(&tests->wait);
    pattern_clear(&tests->function);
    pattern_clear(&tests->created_by);
}

static bool has_function(const struct pattern *pattern, const struct report_frame_list *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        if (pattern_matches(pattern, frames->items[i].function))
            return true;
    return !pattern->given;
}

bool goroutine_tests_pass(const struct goroutine_tests *tests,
                          const struct report_goroutine *goroutine)
{
    const struct goroutine_filter *filter = tests->filter;
    for (size_t i = 0; i < filter->with.count; i++)
        if (!passes_word(goroutine, filter->with.items[i], tests->with_channels[i]))
            return false;
    for (size_t i = 0; i < filter->without.count; i++)
        if (passes_word(goroutine, filter->without.items[i], tests->without_channels[i]))
            return false;
    if (filter->status && strcmp(filter->status, goroutine->status) != 0)
        return false;
    if (filter->longer_than_ns &&
        (!goroutine->has_wait || goroutine->wait_ns <= filter->longer_than_ns))
        return false;
    return pattern_matches(&tests->wait, goroutine->wait_reason) &&
           pattern_matches(&tests->created_by, goroutine->created_by.function) &&
           has_label(filter->label, &goroutine->labels) &&
           has_function(&tests->function, &goroutine->frames);
}

bool goroutine_tests_none(const struct goroutine_tests *tests)
{
    const struct goroutine_filter *filter = tests->filter;
    return !filter->status && !filter->wait && !filter->function && !filter->label &&
           !filter->created_by && !filter->longer_than_ns && !filter->with.count &&
           !filter->without.count;
}

static void put_label(const struct report_goroutine *goroutine, const char *key, struct buffer *out)
{
    for (size_t i = 0; i < goroutine->labels.count; i++)
        if (strcmp(goroutine->labels.items[i].key, key) == 0) {
            buffer_printf(out, "%s=%s", key, goroutine->labels.items[i].value);
            return;
        }
    buffer_printf(out, "no label %s", key);
}

void goroutine_key(const struct report_goroutine *goroutine, const char *by, struct buffer *out)
{
    const char *text;
    const struct word *word = find_word(by, &text);
    struct report_frame place;
    switch (word ? word->kind : KIND_LOC) {
    case KIND_USER:
        buffer_puts(out, goroutine->system ? "the runtime's own" : "the program's");
        return;
    case KIND_RUNNING:
        buffer_puts(out, is_running(goroutine) ? "running" : "not running");
        return;
    case KIND_WAITING:
        buffer_puts(out, is_waiting(goroutine) ? "waiting" : "not waiting");
        return;
    case KIND_LABEL:
        put_label(goroutine, text ? text : "", out);
        return;
    default:
        break;
    }
    enum goroutine_loc loc = goroutine_loc_of(by);
    if (!goroutine_place(goroutine, loc, &place)) {
        buffer_puts(out, loc == LOC_GO ? "started by the runtime" : "?");
        return;
    }
    const char *file = place.short_file ? place.short_file : place.file;
    buffer_puts(out, place.function ? place.function : "?");
    if (file)
        buffer_printf(out, ", %s:%" PRId64, file, place.line);
}
