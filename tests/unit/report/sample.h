// SPDX-License-Identifier: MIT
#pragma once

#include "report/sinks.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

/** Lists written in place: LIST(struct report_frame, {…}, {…}) fills items and count. */
#define LIST(type, ...)                                                                            \
    {                                                                                              \
        .items = (type[]){__VA_ARGS__}, .count = sizeof((type[]){__VA_ARGS__}) / sizeof(type)      \
    }
#define STRINGS(...) LIST(const char *, __VA_ARGS__)
#define IDS(...) LIST(uint64_t, __VA_ARGS__)
#define VALUE(...) (&(struct value){__VA_ARGS__})
#define VALUES(...) LIST(struct value *, __VA_ARGS__)
#define STRING_VALUE(label, text)                                                                  \
    VALUE(.name = (label), .type = "string", .kind = VALUE_STRING, .bytes = (text),                \
          .bytes_size = sizeof(text) - 1, .length = sizeof(text) - 1)
#define INT_VALUE(label, number)                                                                   \
    VALUE(.name = (label), .type = "int", .kind = VALUE_INT, .bits = (uint64_t)(number))

// Parts of a frame.
#define RUNTIME .owner = OWNER_RUNTIME, .runtime = true
#define PLACE(root, path, number) .file = root path, .short_file = (path), .line = (number)
#define CODE(address, from_entry)                                                                  \
    .has_pc = true, .pc = (address), .has_offset = true, .offset = (from_entry)
#define STACK(frame_pointer, stack_pointer)                                                        \
    .has_stack = true, .fp = (frame_pointer), .sp = (stack_pointer)

/** A whole report as the sinks are given it. */
struct sample {
    struct report_head head;
    const struct report_goroutine *goroutines;
    size_t goroutine_count;
    struct report_tail tail;
};

/** Feeds a report to a sink that writes to *out, and frees it; the text is the caller's. */
static inline void feed(struct report_sink *sink, const struct sample *sample)
{
    sink->begin(sink, &sample->head);
    for (size_t i = 0; i < sample->goroutine_count; i++)
        sink->goroutine(sink, &sample->goroutines[i]);
    sink->end(sink, &sample->tail);
    report_sink_free(sink);
}

static struct value sample_alice = {
    .type = "main.User",
    .kind = VALUE_STRUCT,
    .children = (struct value *[]){STRING_VALUE("Name", "Alice"), INT_VALUE("Age", 30)},
    .child_count = 2,
};

static struct value sample_alice_pointer = {
    .type = "*main.User",
    .kind = VALUE_POINTER,
    .bits = 0xc00001c0a8,
    .children = (struct value *[]){&sample_alice},
    .child_count = 1,
};

static struct value sample_user = {
    .name = "user",
    .type = "*main.User",
    .kind = VALUE_POINTER,
    .nil = true,
    .has_address = true,
    .address = 0xc000098e10,
};

static struct value sample_users = {
    .name = "users",
    .type = "map[int]*main.User",
    .kind = VALUE_MAP,
    .length = 1,
    .entries = (struct value_entry[]){{INT_VALUE(NULL, 1), &sample_alice_pointer}},
    .entry_count = 1,
};

/** `user := users[999]` of the contract. */
static const struct report_goroutine sample_goroutines[] = {
    {
        .id = 1,
        .status = "running",
        .heading = "goroutine 1 gp=0xc0000021c0 m=0 mp=0x57d3e0 [running]:",
        .crashed = true,
        .g = 0xc0000021c0,
        .m = 0x57d3e0,
        .has_thread = true,
        .thread = 10303,
        .hidden_frames = 3,
        .panics = LIST(
            struct report_panic,
            {.text = "runtime error: invalid memory address or nil pointer dereference",
             .value = VALUE(.type = "runtime.errorString", .kind = VALUE_STRING,
                            .bytes = "invalid memory address", .bytes_size = 22, .length = 22)}),
        .frames = LIST(struct report_frame,
                       {.function = "panic",
                        .owner = OWNER_RUNTIME,
                        PLACE("/usr/lib/go-1.27/src/", "runtime/panic.go", 878),
                        .arguments_text = "{0x563ae8?, 0x5771d0?}",
                        CODE(0x4845ef, 0x16f),
                        STACK(0xc000098d18, 0xc000098c70)},
                       {.function = "runtime.panicmem",
                        RUNTIME,
                        PLACE("/usr/lib/go-1.27/src/", "runtime/panic.go", 336),
                        .inlined = true,
                        .has_pc = true,
                        .pc = 0x44c63b},
                       {.function = "runtime.sigpanic",
                        RUNTIME,
                        PLACE("/usr/lib/go-1.27/src/", "runtime/signal_unix.go", 931),
                        .arguments_text = "",
                        CODE(0x485f05, 0x245),
                        STACK(0xc000098d68, 0xc000098d38)},
                       {.function = "main.main",
                        .owner = OWNER_MAIN_MODULE,
                        PLACE("/src/", "shop/main.go", 25),
                        .arguments_text = "",
                        CODE(0x4b67f0, 0x230),
                        STACK(0xc000098ee0, 0xc000098d68),
                        .variables_read = true,
                        .locals = VALUES(&sample_user, &sample_users),
                        .source = (struct source_line[]){{24, "\tuser := users[999]"},
                                                         {25, "\tfmt.Println(user.Name)"},
                                                         {26, "}"}},
                        .source_count = 3,
                        .source_is_current = true},
                       {.function = "runtime.main",
                        RUNTIME,
                        PLACE("/usr/lib/go-1.27/src/", "runtime/proc.go", 302),
                        .arguments_text = "",
                        CODE(0x450d27, 0x387),
                        STACK(0xc000098fe0, 0xc000098ee0)},
                       {.function = "runtime.goexit",
                        RUNTIME,
                        PLACE("/usr/lib/go-1.27/src/", "runtime/asm_amd64.s", 1264),
                        .arguments_text = "{}",
                        CODE(0x489b21, 1),
                        STACK(0xc000098fe8, 0xc000098fe0)}),
    },
    {
        .id = 2,
        .status = "waiting",
        .wait_reason = "force gc (idle)",
        .heading = "goroutine 2 gp=0xc000002780 m=nil [force gc (idle)]:",
        .system = true,
        .g = 0xc000002780,
        .start_function = "runtime.forcegchelper",
        .frames = LIST(struct report_frame, {.function = "runtime.gopark",
                                             RUNTIME,
                                             PLACE("/usr/lib/go-1.27/src/", "runtime/proc.go", 474),
                                             .arguments_text = "0x571898, 0x57c110, 0xb, 0xa, 0x1",
                                             CODE(0x484a31, 0xf1),
                                             STACK(0xc000098f80, 0xc000098f50)}),
        .created_by = {.function = "runtime.init.7",
                       .goroutine = 1,
                       .runtime = true,
                       PLACE("/usr/lib/go-1.27/src/", "runtime/proc.go", 375),
                       .offset = 0x1a},
    },
    {
        .id = 18,
        .status = "waiting",
        .wait_reason = "chan receive",
        .has_wait = true,
        .wait_ns = 41 * UINT64_C(60000000000),
        .heading = "goroutine 18 gp=0xc000003a40 m=nil [chan receive, 41 minutes]:",
        .g = 0xc000003a40,
        .start_function = "main.worker",
        .frames = LIST(struct report_frame,
                       {.function = "runtime.gopark",
                        RUNTIME,
                        PLACE("/usr/lib/go-1.27/src/", "runtime/proc.go", 474),
                        .arguments_text = "0x571898",
                        CODE(0x484a31, 0xf1),
                        STACK(0xc0000a8f80, 0xc0000a8f50)},
                       {.function = "main.worker",
                        .owner = OWNER_MAIN_MODULE,
                        PLACE("/src/", "shop/pool.go", 31),
                        .arguments_text = "0xc000022070",
                        CODE(0x4b7000, 0x25),
                        STACK(0xc0000a8fe0, 0xc0000a8f80)}),
        .created_by = {.function = "main.start",
                       .goroutine = 1,
                       PLACE("/src/", "shop/pool.go", 20),
                       .offset = 0x66},
    },
};

static const struct sample sample = {
    .head =
        {
            .tool_version = "0.1.0",
            .go_minor = 27,
            .binary = {.path = "./shop",
                       .build_id = "7d01",
                       .go_version = "go1.27.3",
                       .arch = "amd64",
                       .main_package = "example.com/shop",
                       .module = "example.com/shop",
                       .module_version = "v1.4.2",
                       .settings =
                           LIST(struct key_value, {"GOOS", "linux"},
                                {"vcs.revision", "9f3c1d2a55e01b7c"}, {"vcs.modified", "true"}),
                       .has_dwarf = true,
                       .has_symtab = true,
                       .matches_core = MATCHES_YES},
            .core = {.path = "core.10303",
                     .arch = "amd64",
                     .compression = "none",
                     .size = 46100000,
                     .pid = 10303,
                     .thread_count = 5,
                     .signal = {.present = true,
                                .number = 6,
                                .name = "SIGABRT",
                                .has_code = true,
                                .code = -6,
                                .code_name = "SI_TKILL"}},
            .runtime = {.present = true, .has_uptime = true, .uptime_ns = 2470000000000},
            .crash =
                {
                    .kind = CRASH_PANIC,
                    .class = CLASS_NIL_DEREFERENCE,
                    .message = STRINGS(
                        "panic: runtime error: invalid memory address or nil pointer dereference",
                        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4b67f0]"),
                    .signal = {.present = true,
                               .number = 11,
                               .name = "SIGSEGV",
                               .has_code = true,
                               .code = 1,
                               .code_name = "SEGV_MAPERR",
                               .has_address = true,
                               .has_pc = true,
                               .pc = 0x4b67f0},
                    .has_goroutine = true,
                    .goroutine = 1,
                    .has_frame = true,
                    .frame = 3,
                    .cause = {.present = true,
                              .summary = "user is nil (*main.User): main.main read its field Name",
                              .expression = "user",
                              .origin = "user := users[999], shop/main.go:24: users has no key "
                                        "999 (1 entry)",
                              .confidence = CONFIDENCE_CERTAIN,
                              .evidence =
                                  STRINGS("the instruction at pc read address 0x0 through user")},
                    .advice = STRINGS("a map lookup gives nil for a missing key: take `user, ok "
                                      ":= users[999]`, handle !ok"),
                    .signature = "5f2c1e7a90b3d4c8",
                },
        },
    .goroutines = sample_goroutines,
    .goroutine_count = COUNT_OF(sample_goroutines),
    .tail =
        {
            .groups =
                (struct report_group[]){{.ids = IDS(1), .status = "running"},
                                        {.ids = IDS(2),
                                         .status = "waiting",
                                         .wait_reason = "force gc (idle)",
                                         .system = true},
                                        {.ids = IDS(18),
                                         .status = "waiting",
                                         .wait_reason = "chan receive",
                                         .has_wait = true,
                                         .longest_wait_ns = 41 * UINT64_C(60000000000),
                                         .shortest_wait_ns = 41 * UINT64_C(60000000000),
                                         .where = {.function = "main.worker",
                                                   PLACE("/src/", "shop/pool.go", 31)},
                                         .created_by = {.function = "main.start", .goroutine = 1}}},
            .group_count = 3,
            .goroutine_count = 3,
            .system_count = 1,
        },
};
