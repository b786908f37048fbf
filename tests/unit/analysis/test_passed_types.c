// SPDX-License-Identifier: MIT
#include "analysis/analysis_internal.h"
#include "support/support.h"

#include <string.h>

/*
 * A service that hangs while it answers requests: what its goroutines do, told without DWARF by the
 * arguments of their frames, must be what their variables say.
 */
static struct build_case {
    const char *name, *binary, *core;
    bool all; ///< without optimisation no argument is stale: all must be found
} build_cases[] = {
#define BUILD(build, all)                                                                          \
    {                                                                                              \
        build, TESTDATA "/service/" build "/binary.zst",                                           \
            TESTDATA "/service/" build "/hang.core.zst", all                                       \
    }
    BUILD("go1.19-noopt", true),
    BUILD("go1.27-noopt", true),
    BUILD("go1.27-default", false),
#undef BUILD
};

struct opened {
    struct program *program;
    struct analysis analysis;
    struct crash_site site;
};

static void open_one(const struct build_case *row, bool with_dwarf, struct opened *out)
{
    static const struct analyze_options options = {
        .order = ORDER_BY_ID,
        .variables = true,
        .limits = {.depth = 8, .items = 20, .string = 200}};
    assert_error(program_open(row->binary, row->core, &out->program), NULL);
    out->program->dwarf_tried = !with_dwarf; // it was looked for, and there is none
    assert_error(analysis_open(&out->analysis, out->program, &options, row->core, &out->site),
                 NULL);
}

static void close_one(struct opened *one)
{
    analysis_close(&one->analysis);
    program_free(one->program);
}

static bool handles(const struct report_frame_list *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        if (strcmp(frames->items[i].function, "net/http.(*ServeMux).ServeHTTP") == 0)
            return true;
    return false;
}

/** The request that goroutine number i handles, "": none is told, or it is not a handler's: what
 * only a variable of a client or a connection leads to needs DWARF. */
static const char *request_of(struct opened *one, struct arena *arena, uint64_t i, bool typed)
{
    struct analysis *analysis = &one->analysis;
    struct goroutine g;
    struct frames_request request;
    struct frames_result result;
    struct report_activity_list found = {0};
    const struct key_value_list labels = {0};
    target_addr address = scheduler_goroutine_address(analysis->scheduler, i);
    if (!goroutine_read(analysis->scheduler, address, &g) || !goroutine_is_alive(&g))
        return "";
    goroutine_request(analysis, &one->site, &g, &request);
    request.variables = VARIABLES_ALL;
    frames_read(analysis, arena, &request, &result);
    if (!handles(&result.frames))
        return "";
    if (typed)
        frames_type_arguments(analysis, arena, &result.frames);
    activity_find(arena, &result.frames, &labels, &found);
    for (size_t k = 0; k < found.count; k++)
        if (found.items[k].kind == ACTIVITY_HTTP_REQUEST)
            return found.items[k].text;
    return "";
}

static void test_requests(void **state)
{
    const struct build_case *row = *state;
    AUTO(arena) arena = arena_new();
    struct opened whole, bare;
    open_one(row, true, &whole);
    open_one(row, false, &bare);
    size_t found = 0, handlers = 0;
    uint64_t count = scheduler_goroutine_count(whole.analysis.scheduler);
    for (uint64_t i = 0; i < count; i++) {
        const char *wanted = request_of(&whole, arena, i, false);
        assert_string_equal(request_of(&bare, arena, i, false), ""); // nothing has variables
        const char *told = request_of(&bare, arena, i, true);
        if (*told || row->all)
            assert_string_equal(told, wanted);
        found += strncmp(told, "GET /", 5) == 0;
        handlers += *wanted != '\0';
    }
    assert_true(handlers > 1 && found > 0);
    close_one(&whole);
    close_one(&bare);
}

RUN_TABLE_MAIN(build_cases, test_requests)
