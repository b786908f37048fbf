// SPDX-License-Identifier: MIT
#include "model/crash_report.h"

#include <assert.h>

/** The word at an enum's place; all enums here are dense and start at 0. */
#define NAME_OF(names, value) (assert((size_t)(value) < COUNT_OF(names)), (names)[value])

const char *crash_kind_name(enum crash_kind kind)
{
    static const char *const names[] = {
        [CRASH_PANIC] = "panic",
        [CRASH_FATAL_ERROR] = "fatal_error",
        [CRASH_SIGNAL] = "signal",
        [CRASH_NONE] = "none",
    };
    return NAME_OF(names, kind);
}

const char *crash_class_name(enum crash_class class)
{
    static const char *const names[] = {
        [CLASS_NIL_DEREFERENCE] = "nil_dereference",
        [CLASS_NIL_MAP_WRITE] = "nil_map_write",
        [CLASS_INDEX_OUT_OF_RANGE] = "index_out_of_range",
        [CLASS_SLICE_BOUNDS] = "slice_bounds",
        [CLASS_SLICE_TO_ARRAY] = "slice_to_array",
        [CLASS_TYPE_ASSERTION] = "type_assertion",
        [CLASS_DIVIDE_BY_ZERO] = "divide_by_zero",
        [CLASS_NEGATIVE_SHIFT] = "negative_shift",
        [CLASS_MAKE_SIZE] = "make_size",
        [CLASS_UNHASHABLE_KEY] = "unhashable_key",
        [CLASS_UNCOMPARABLE_VALUES] = "uncomparable_values",
        [CLASS_CLOSE_CLOSED_CHANNEL] = "close_closed_channel",
        [CLASS_CLOSE_NIL_CHANNEL] = "close_nil_channel",
        [CLASS_SEND_CLOSED_CHANNEL] = "send_closed_channel",
        [CLASS_NEGATIVE_WAITGROUP] = "negative_waitgroup",
        [CLASS_MUTEX_MISUSE] = "mutex_misuse",
        [CLASS_CONCURRENT_MAP] = "concurrent_map",
        [CLASS_DEADLOCK] = "deadlock",
        [CLASS_GOEXIT_DEADLOCK] = "goexit_deadlock",
        [CLASS_STACK_OVERFLOW] = "stack_overflow",
        [CLASS_OUT_OF_MEMORY] = "out_of_memory",
        [CLASS_THREAD_LIMIT] = "thread_limit",
        [CLASS_INVALID_ADDRESS] = "invalid_address",
        [CLASS_CGO_CRASH] = "cgo_crash",
        [CLASS_CGO_POINTER_RULE] = "cgo_pointer_rule",
        [CLASS_EXPLICIT_PANIC] = "explicit_panic",
        [CLASS_NIL_PANIC] = "nil_panic",
        [CLASS_EXTERNAL_SIGNAL] = "external_signal",
        [CLASS_RUNTIME_FAULT] = "runtime_fault",
        [CLASS_LIVE] = "live",
        [CLASS_UNKNOWN] = "unknown",
    };
    return NAME_OF(names, class);
}

const char *confidence_name(enum confidence confidence)
{
    static const char *const names[] = {
        [CONFIDENCE_LIKELY] = "likely",
        [CONFIDENCE_CERTAIN] = "certain",
    };
    return NAME_OF(names, confidence);
}

const char *frame_stack_name(enum frame_stack stack)
{
    static const char *const names[] = {
        [STACK_GOROUTINE] = "goroutine",
        [STACK_SYSTEM] = "system",
        [STACK_SIGNAL] = "signal",
        [STACK_C] = "c",
    };
    return NAME_OF(names, stack);
}

const char *finding_kind_name(enum finding_kind kind)
{
    static const char *const names[] = {
        [FINDING_RECOVERED_PANIC] = "recovered_panic", [FINDING_DEADLOCK] = "deadlock",
        [FINDING_GOROUTINE_LEAK] = "goroutine_leak",   [FINDING_LOCK_HOLDER] = "lock_holder",
        [FINDING_WAITING_ON_PEER] = "waiting_on_peer", [FINDING_OTHER] = "other",
    };
    return NAME_OF(names, kind);
}

const char *activity_kind_name(enum activity_kind kind)
{
    static const char *const names[] = {
        [ACTIVITY_HTTP_REQUEST] = "http_request",
        [ACTIVITY_GRPC] = "grpc",
        [ACTIVITY_SQL] = "sql",
        [ACTIVITY_DEADLINE] = "deadline",
        [ACTIVITY_TRACE_ID] = "trace_id",
        [ACTIVITY_LABEL] = "label",
        [ACTIVITY_PEER] = "peer",
    };
    return NAME_OF(names, kind);
}

bool frames_user_frame(const struct report_frame_list *frames, size_t *out)
{
    static const enum frame_owner wanted[] = {OWNER_MAIN_MODULE, OWNER_OTHER_MODULE};
    for (size_t k = 0; k < COUNT_OF(wanted); k++)
        for (size_t i = 0; i < frames->count; i++)
            if (frames->items[i].owner == wanted[k]) {
                *out = i;
                return true;
            }
    return false;
}
