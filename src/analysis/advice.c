// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include <string.h>

/**
 * What to look at first, by the class of the death: a template in which "{}" stands for the
 * expression at fault.
 */
struct advice {
    const char *named;   ///< where the cause knows the expression; NULL: as unnamed
    const char *unnamed; ///< where it does not; NULL: nothing is to be said
    bool fatal;          ///< recover cannot catch it
};

static const struct advice advices[] = {
    [CLASS_NIL_DEREFERENCE] =
        {"make sure that {} is not nil before this line uses it",
         "find out which pointer, interface or func of this line can be nil, and test it, or the "
         "error that came with it, before it is used",
         false},
    [CLASS_NIL_MAP_WRITE] =
        {"make {} before anything is written to it: a nil map can be read, but not written",
         "make the map before anything is written to it, in every place that builds what it lies "
         "in: a nil map can be read, but not written",
         false},
    [CLASS_INDEX_OUT_OF_RANGE] =
        {"hold the index against len({}) before this line, or find out why {} is shorter than this "
         "line expects",
         "hold the index against the length before this line, or find out why there are fewer "
         "elements than it expects",
         false},
    [CLASS_SLICE_BOUNDS] =
        {"hold the bounds against len({}) before slicing; an upper bound may reach to cap, a lower "
         "one not beyond the upper",
         "hold the bounds against the length before slicing, and the lower against the upper one",
         false},
    [CLASS_SLICE_TO_ARRAY] = {"hold len({}) against the array's length before the conversion",
                              "hold the slice's length against the array's before the conversion",
                              false},
    [CLASS_TYPE_ASSERTION] = {"take the form that does not panic, `v, ok := {}.(T)`, and handle "
                              "!ok, or use a type switch",
                              "take the form that does not panic, `v, ok := x.(T)`, and handle "
                              "!ok, or use a type switch",
                              false},
    [CLASS_DIVIDE_BY_ZERO] =
        {"test {} for zero before the division, and decide what holds then",
         "test the divisor for zero before the division, and decide what holds "
         "then",
         false},
    [CLASS_NEGATIVE_SHIFT] = {"make {} unsigned, or test it for being negative before the shift",
                              "make the shift count unsigned, or test it before the shift", false},
    [CLASS_MAKE_SIZE] = {"bound {} before make: a size that comes from input needs a limit, and a "
                         "difference may be negative",
                         "bound the size before make: one that comes from input needs a limit, and "
                         "a difference may be negative",
                         false},
    [CLASS_UNHASHABLE_KEY] =
        {NULL,
         "a map's key must be comparable, also the value in an interface: no slice, map or func; "
         "take a string, an array or a struct made of it as the key",
         false},
    [CLASS_UNCOMPARABLE_VALUES] =
        {NULL,
         "== panics where both interfaces hold the same type and that is a slice, map or func: "
         "compare with slices.Equal, maps.Equal or reflect.DeepEqual, errors with errors.Is",
         false},
    [CLASS_CLOSE_CLOSED_CHANNEL] =
        {"let one goroutine alone close {}, the one that sends; where several may end it, a "
         "sync.Once",
         "let one goroutine alone close the channel, the one that sends; where several may end it, "
         "a sync.Once",
         false},
    [CLASS_CLOSE_NIL_CHANNEL] = {"make {} before it is closed, in every place that builds what it "
                                 "lies in",
                                 "make the channel before it is closed, in every place that builds "
                                 "what it lies in",
                                 false},
    [CLASS_SEND_CLOSED_CHANNEL] =
        {"close {} only when all its senders have ended (a WaitGroup), and tell them to end by a "
         "context or another channel",
         "close the channel only when all its senders have ended (a WaitGroup), and tell them to "
         "end by a context or another channel",
         false},
    [CLASS_NEGATIVE_WAITGROUP] =
        {"call {}.Add before the goroutine starts and Done once in each, deferred; a WaitGroup "
         "must "
         "not be copied",
         "call Add before the goroutine starts and Done once in each, deferred; a WaitGroup must "
         "not be copied",
         false},
    [CLASS_MUTEX_MISUSE] =
        {"pair each Lock of {} with one Unlock on every path, by defer, and never copy it after "
         "use "
         "(go vet finds copies)",
         "pair each Lock with one Unlock on every path, by defer, and never copy a lock after use "
         "(go vet finds copies)",
         false},
    [CLASS_CONCURRENT_MAP] =
        {"guard every access to {} by one mutex, or use a sync.Map; go test -race finds the others",
         "guard every access to the map by one mutex, or use a sync.Map; go test -race finds the "
         "others",
         true},
    [CLASS_DEADLOCK] =
        {NULL,
         "see what each goroutine waits for: none is left that could send, receive, unlock or call "
         "Done",
         true},
    [CLASS_GOEXIT_DEADLOCK] =
        {NULL,
         "main ended by runtime.Goexit (t.FailNow calls it too) and nothing was left to run: let "
         "main return",
         true},
    [CLASS_STACK_OVERFLOW] =
        {"find out why {} does not end the recursion",
         "find the argument that should end the recursion: how it changes from call to call stands "
         "below the frames that repeat",
         true},
    [CLASS_OUT_OF_MEMORY] =
        {NULL,
         "compare what the heap holds with the limits of the container, of ulimit -v and of the "
         "host; GOMEMLIMIT makes the collector work harder before that",
         true},
    [CLASS_THREAD_LIMIT] =
        {NULL,
         "bound how many goroutines make that call at once, by a semaphore, say; "
         "debug.SetMaxThreads only moves the limit",
         true},
    [CLASS_INVALID_ADDRESS] =
        {NULL,
         "look for unsafe, for a mapped file that became shorter, for memory that C has freed, and "
         "for a data race on an interface or slice (go test -race)",
         false},
    [CLASS_CGO_CRASH] =
        {NULL,
         "look at what Go handed to the C code (nil, freed, too short), and build that with "
         "-fsanitize=address",
         true},
    [CLASS_CGO_POINTER_RULE] =
        {NULL,
         "C may not be given Go memory that holds pointers to Go memory which is not pinned: copy "
         "into C.malloc'ed memory, use runtime.Pinner, or hand over a cgo.Handle",
         false},
    [CLASS_EXPLICIT_PANIC] =
        {NULL,
         "the program called panic itself: where this can happen in operation return an error "
         "instead, or recover at the top of the goroutine",
         false},
    [CLASS_NIL_PANIC] = {NULL,
                         "panic with an error or a text that says what was wrong: nil says "
                         "nothing",
                         false},
    [CLASS_EXTERNAL_SIGNAL] =
        {NULL,
         "find out who sent the signal and why: a probe or a watchdog whose time was up, a parent, "
         "an operator; what the goroutines waited for may tell",
         true},
    [CLASS_RUNTIME_FAULT] =
        {NULL,
         "look for what breaks memory behind the runtime's back: unsafe, cgo, assembly, data races "
         "(go test -race); if there is none, search Go's issues for the message",
         true},
    [CLASS_LIVE] = {NULL, NULL, false},
    [CLASS_UNKNOWN] = {NULL, NULL, false},
};

static const char *fill_in(struct arena *arena, const char *template, const char *expression)
{
    AUTO_TEXT text = {0};
    for (const char *at = template; *at;) {
        if (expression && strncmp(at, "{}", 2) == 0) {
            buffer_puts(&text, expression);
            at += 2;
        } else {
            buffer_putc(&text, *at++);
        }
    }
    return arena_string(arena, buffer_text(&text));
}

/** A nil that a look-up in a map gave: the form that tells it is better than a test for nil. */
static const char *for_missing_key(struct arena *arena, const struct report_cause *cause)
{
    if (!cause->expression || !cause->missing_key)
        return NULL;
    bool plain = !strpbrk(cause->expression, ".[(*&");
    return arena_printf(
        arena,
        "a map gives nil for a key that it does not have: take the look-up's second "
        "result (`%s, ok := …`) and handle !ok",
        plain ? cause->expression : "v");
}

/** What the place in brackets of "data[5]" is in, where that is a number; NULL: there is none. */
static const char *indexed_by_number(struct arena *arena, const char *text)
{
    const char *open = strrchr(text, '[');
    size_t digits = open ? strspn(open + 1, "-0123456789") : 0;
    bool number = digits && strcmp(open + 1 + digits, "]") == 0;
    return number ? arena_copy(arena, text, (size_t)(open - text)) : NULL;
}

/** Of an index or bound the cause names the number, or what it was too large for. */
static const char *for_bound(struct arena *arena, const struct report_crash *crash)
{
    const struct report_cause *cause = &crash->cause;
    const char *whole = indexed_by_number(arena, cause->expression);
    bool index = crash->class == CLASS_INDEX_OUT_OF_RANGE;
    if (whole || (cause->whole && strcmp(cause->whole, cause->expression) == 0))
        return fill_in(arena, advices[crash->class].named, whole ? whole : cause->whole);
    const char *length = cause->whole ? arena_printf(arena, "len(%s)", cause->whole) : "the length";
    return arena_printf(
        arena,
        index ? "make sure before this line that %s is at least 0 and less than %s"
              : "make sure before slicing that %s is at least 0 and at most %s; an upper bound may "
                "reach to cap, a lower one not beyond the upper",
        cause->expression, length);
}

void crash_advice(struct analysis *analysis, struct report_crash *crash)
{
    static const char fatal[] = "; recover does not catch this";
    struct arena *arena = analysis->arena;
    const struct report_cause *cause = &crash->cause;
    const struct advice *advice = &advices[crash->class];
    const char *expression = cause->present ? cause->expression : NULL;
    const char *text = crash->class == CLASS_NIL_DEREFERENCE ? for_missing_key(arena, cause) : NULL;
    if (expression &&
        (crash->class == CLASS_INDEX_OUT_OF_RANGE || crash->class == CLASS_SLICE_BOUNDS))
        text = for_bound(arena, crash);
    bool sent_to_itself = crash->class == CLASS_EXTERNAL_SIGNAL && crash->signal.has_sender &&
                          crash->signal.sender_pid == core_file_pid(analysis->program->core);
    if (sent_to_itself)
        text = "find where the program does that: syscall.Kill, syscall.Tgkill, Process.Signal, "
               "abort or raise in C; if Where is no such place, another thread or goroutine did";
    if (!text && expression && advice->named)
        text = fill_in(arena, advice->named, expression);
    if (!text && advice->unnamed)
        text = advice->unnamed;
    if (!text)
        return;
    // A lock's misuse is a panic where the counter went wrong, and a fatal error elsewhere.
    bool uncatchable =
        advice->fatal || (crash->class == CLASS_MUTEX_MISUSE && crash->kind == CRASH_FATAL_ERROR);
    size_t capacity = 0;
    string_list_add(arena, &crash->advice, &capacity,
                    uncatchable ? arena_printf(arena, "%s%s", text, fatal) : text);
}
