// SPDX-License-Identifier: MIT
#include "goruntime/traceback_text.h"
#include "base/limits.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/** Up to Go 1.16: the first ten words of the argument area, whatever they are. */
static void word_arguments(struct buffer *out, const struct program *program,
                           const struct stack_frame *frame)
{
    enum { WORDS_SHOWN = 10 };
    int32_t args = frame->function.args;
    uint64_t count = args < 0 ? UINT64_MAX : (uint64_t)args / 8;
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_puts(out, ", ");
        if (i >= WORDS_SHOWN) {
            buffer_puts(out, "...");
            return;
        }
        uint64_t word;
        if (address_space_try_u64(program->space, frame->arguments + 8 * i, &word))
            buffer_put_hex(out, word);
        else
            buffer_puts(out, "_");
    }
}

/** FUNCDATA_ArgLiveInfo: which spill slots of register arguments hold their argument at this pc. */
struct liveness {
    const struct address_space *space;
    target_addr table; ///< 0: everything is live
    int32_t index;     ///< of this pc's bitmap; <= 0: everything is live
    uint8_t first;     ///< arguments below this offset have no slot
    uint32_t slot;
    struct bytes bits; ///< the bitmap, as far as it lies together
};

static bool slot_is_live(struct liveness *live, uint8_t offset)
{
    enum { BITS_BYTES = 256 / 8 }; // a slot for each offset, mostly many fewer
    uint8_t bits;
    if (!live->table || live->index <= 0 || offset < live->first)
        return true;
    target_addr bitmap = live->table + (uint32_t)live->index;
    if (!live->bits.size)
        live->bits = address_space_view(live->space, bitmap, BITS_BYTES);
    if (live->slot / 8 < live->bits.size)
        bits = live->bits.data[live->slot / 8];
    else if (!address_space_try_u8(live->space, bitmap + live->slot / 8, &bits))
        return true;
    return bits >> live->slot % 8 & 1;
}

/** A byte code in memory, which lies in one piece nearly always. */
struct code_bytes {
    const struct address_space *space;
    target_addr at;
    struct bytes view; ///< from `at` on
};

static bool next_code(struct code_bytes *code, uint8_t *out)
{
    if (!code->view.size)
        code->view = address_space_view(code->space, code->at, LIMIT_ARGUMENT_TEXT);
    if (!code->view.size)
        return false;
    *out = code->view.data[0];
    code->at++;
    code->view = (struct bytes){code->view.data + 1, code->view.size - 1};
    return true;
}

static bool read_argument(const struct address_space *space, target_addr address, size_t size,
                          uint64_t *out)
{
    uint8_t raw[8] = {0};
    if (size == sizeof raw)
        return address_space_try_u64(space, address, out);
    if (!address_space_try_read(space, address, raw, size))
        return false;
    *out = load_uint(raw, size);
    return true;
}

static void one_argument(struct buffer *out, const struct stack_frame *frame, struct liveness *live,
                         uint8_t offset, uint8_t size)
{
    uint64_t word;
    if (!read_argument(live->space, frame->arguments + offset, size < 8 ? size : 8, &word)) {
        buffer_puts(out, "_");
    } else {
        buffer_put_hex(out, word);
        if (!slot_is_live(live, offset))
            buffer_putc(out, '?');
    }
    if (offset >= live->first)
        live->slot++;
}

/** From Go 1.17: a byte code that says what each argument is made of. */
static void coded_arguments(struct buffer *out, const struct program *program,
                            const struct stack_frame *frame, target_addr outermost_pc)
{
    enum { END = 0xff, OPEN = 0xfe, CLOSE = 0xfd, DOTS = 0xfc, TOO_FAR = 0xfb };
    target_addr table = pc_function_funcdata(&frame->function, FUNCDATA_ARG_INFO);
    if (!table)
        return;
    struct code_bytes code = {.space = program->space, .at = table};
    int minor = frame->function.module->minor;
    struct liveness live = {.space = program->space, .first = 0xff};
    live.table = pc_function_funcdata(&frame->function, FUNCDATA_ARG_LIVE);
    if (live.table && address_space_try_u8(program->space, live.table, &live.first))
        live.index = pc_function_pcdata(&frame->function, PCDATA_ARG_LIVE,
                                        minor <= 20 ? outermost_pc : frame->lookup_pc);
    bool first = true;
    for (size_t i = 0; i < LIMIT_ARGUMENT_TEXT; i++) {
        uint8_t op, size;
        if (!next_code(&code, &op) || op == END)
            return;
        if (op == CLOSE) {
            buffer_putc(out, '}');
            first = false;
            continue;
        }
        if (!first)
            buffer_puts(out, ", ");
        first = op == OPEN;
        if (op == OPEN)
            buffer_putc(out, '{');
        else if (op == DOTS)
            buffer_puts(out, "...");
        else if (op == TOO_FAR)
            buffer_putc(out, '_');
        else if (next_code(&code, &size))
            one_argument(out, frame, &live, op, size);
    }
}

void traceback_arguments(struct buffer *out, const struct program *program,
                         const struct stack_frame *frame, target_addr outermost_pc)
{
    if (frame->function.module->minor <= 16)
        word_arguments(out, program, frame);
    else
        coded_arguments(out, program, frame, outermost_pc);
}

/**
 * Go 1.27: a generic method of a generic type has two bracketed lists, "T[...].M[...]". Finds the
 * end of the first and the start of the second between the outermost brackets; false where there is
 * one list.
 */
static bool two_lists(const char *open, const char *close, const char **first_end,
                      const char **second_start)
{
    int depth = 0;
    for (const char *at = open; at <= close; at++) {
        depth += *at == '[' ? 1 : *at == ']' ? -1 : 0;
        if (depth == 0 && at < close) {
            *first_end = at;
            *second_start = strchr(at, '[');
            return *second_start && *second_start < close;
        }
    }
    return false;
}

void traceback_function_name(struct buffer *out, int minor, const char *name, bool inlined)
{
    if (strcmp(name, "runtime.gopanic") == 0 && (minor >= 21 || !inlined)) {
        buffer_puts(out, "panic");
        return;
    }
    const char *open = minor >= 21 ? strchr(name, '[') : NULL;
    const char *close = open ? strrchr(name, ']') : NULL;
    if (!close || close <= open) {
        buffer_puts(out, name);
        return;
    }
    buffer_append(out, name, (size_t)(open - name));
    buffer_puts(out, "[...]");
    const char *first_end, *second_start;
    if (minor >= 27 && two_lists(open, close, &first_end, &second_start)) {
        buffer_append(out, first_end + 1, (size_t)(second_start - first_end - 1));
        buffer_puts(out, "[...]");
    }
    buffer_puts(out, close + 1);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/** Whether a name of package runtime is one that user code can call. */
static bool is_exported(int minor, const char *name)
{
    name += strlen("runtime.");
    if (minor <= 22)
        return is_upper(*name);
    const char *dot = strrchr(name, '.');
    const char *method = dot ? dot + 1 : name;
    if (!is_upper(*method))
        return false;
    if (!dot)
        return true;
    return is_upper(name[0] == '(' && name[1] == '*' ? name[2] : name[0]);
}

bool traceback_shows(int minor, const char *name, enum go_func_id id, enum go_func_id callee,
                     bool first)
{
    bool calls_panic =
        callee == FUNC_GOPANIC || callee == FUNC_SIGPANIC || callee == FUNC_PANICWRAP;
    if (id == FUNC_WRAPPER && !calls_panic)
        return false;
    if (minor >= 25 && (id == FUNC_RUN_FINALIZERS || id == FUNC_RUN_CLEANUPS))
        return true;
    if (strcmp(name, "runtime.gopanic") == 0 && !first)
        return true;
    bool of_runtime = strncmp(name, "runtime.", 8) == 0;
    return strchr(name, '.') && (!of_runtime || is_exported(minor, name));
}

static void minutes(struct buffer *out, const struct scheduler *scheduler,
                    const struct goroutine *g)
{
    const int64_t minute = 60 * (int64_t)1000000000;
    bool waits = g->status == G_WAITING || g->status == G_SYSCALL;
    int64_t waited = scheduler_now(scheduler) - g->wait_since;
    if (waits && g->wait_since > 0 && waited >= minute)
        buffer_printf(out, ", %" PRId64 " minutes", waited / minute);
}

/**
 * Whether " (durable)" stands behind the state of a g in a bubble: its wait lets the bubble's clock
 * go on (runtime/runtime2.go, isIdleInSynctest), and the state does not say so itself. 1.25 goes by
 * the reason alone, which a g that runs again keeps.
 */
static bool is_durable(const struct go_release *release, const struct goroutine *g,
                       const char *state)
{
    static const char mark[] = "(durable)";
    static const char *const idle[] = {"chan receive (nil chan)",
                                       "chan send (nil chan)",
                                       "select (no cases)",
                                       "sleep",
                                       "sync.Cond.Wait",
                                       "coroutine",
                                       "synctest.Run",
                                       "synctest.Wait"};
    const char *reason = go_release_wait_reason(release, g->wait_reason);
    if (!g->bubble || !reason || release->minor < 25 || (state && strstr(state, mark)) ||
        (release->minor > 25 && g->status != G_WAITING))
        return false;
    bool found = strstr(reason, mark) != NULL;
    for (size_t i = 0; i < COUNT_OF(idle); i++)
        found |= strcmp(reason, idle[i]) == 0;
    return found;
}

/** ", synctest bubble 1": the bubble's number, or in 1.24 that of the goroutine which opened it. */
static void synctest(struct buffer *out, const struct scheduler *scheduler,
                     const struct goroutine *g)
{
    const struct program *program = scheduler_program(scheduler);
    struct goroutine root;
    uint64_t id;
    if (g->bubble &&
        go_field_read(program->release, program->space, g->bubble, FIELD_bubble_id, &id))
        buffer_printf(out, ", synctest bubble %" PRIu64, id);
    if (g->sync_group &&
        go_field_read(program->release, program->space, g->sync_group, FIELD_syncGroup_root, &id) &&
        goroutine_read(scheduler, id, &root))
        buffer_printf(out, ", synctest group %" PRIu64, root.goid);
}

void traceback_heading(struct buffer *out, const struct scheduler *scheduler,
                       const struct goroutine *g, bool detailed, const char *labels)
{
    int minor = scheduler_program(scheduler)->release->minor;
    buffer_printf(out, "goroutine %" PRIu64, g->goid);
    if (minor >= 22 && detailed) {
        buffer_printf(out, " gp=0x%" PRIx64, g->address);
        const struct machine *machine = machine_by_address(scheduler, g->m);
        if (machine)
            buffer_printf(out, " m=%" PRId64 " mp=0x%" PRIx64, (int64_t)machine->id, g->m);
        else
            buffer_puts(out, " m=nil");
    }
    const char *state = goroutine_state_text(scheduler, g);
    buffer_printf(out, " [%s", state ? state : "???");
    if (minor >= 26 && g->status == G_LEAKED)
        buffer_puts(out, " (leaked)");
    if (g->scanning)
        buffer_puts(out, " (scan)");
    if (is_durable(scheduler_program(scheduler)->release, g, state))
        buffer_puts(out, " (durable)");
    minutes(out, scheduler, g);
    if (g->lockedm)
        buffer_puts(out, ", locked to thread");
    synctest(out, scheduler, g);
    // 1.26 has the labels inside the brackets, 1.27 behind them.
    buffer_printf(out, minor >= 27 ? "]%s" : "%s]", labels);
}
