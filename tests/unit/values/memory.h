// SPDX-License-Identifier: MIT
#pragma once

#include "base/alloc.h"
#include "model/value_text.h"
#include "support/elf_builder.h"
#include "support/support.h"
#include "values/read_value.h"

#include <stdlib.h>
#include <string.h>

/** A target whose whole memory is a few bytes from MEMORY on; types are made by hand. */
enum { MEMORY = 0x10000 };

struct target {
    struct core_file *core;
    struct program program;
    struct value_reader *reader;
    struct arena *arena;
};

static inline void target_free(struct target *target)
{
    arena_free(target->arena);
    value_reader_free(target->reader);
    address_space_free(target->program.space);
    core_file_free(target->core);
    go_release_free(target->program.release);
    free(target);
}
DEFINE_AUTO(target);

static inline struct target *target_new(struct bytes memory, const char *release,
                                        struct value_limits limits)
{
    enum { CORE = 4, LOAD = 1 }; // elf.h: ET_CORE, PT_LOAD
    const struct built_elf image = {.type = CORE, .segments = {{LOAD, 6, MEMORY, memory, 0, 0}}};
    struct target *target = alloc_zeroed(1, sizeof *target);
    struct bytes core = elf_build(&image);
    assert_error(core_file_open(write_file("core", core.data, core.size), &target->core), NULL);
    target->program.space = address_space_new(target->core);
    target->program.arch = &arch_amd64;
    target->program.dwarf_tried = true;
    assert_error(go_release_new(release, &target->program.release), NULL);
    target->reader = value_reader_new(&target->program, &limits);
    target->arena = arena_new();
    return target;
}

/** The limits of the command line where none are given. */
static inline struct value_limits usual_limits(void)
{
    return (struct value_limits){.depth = 4, .items = 20, .string = 200};
}

/** Reads a value and holds its text against what is expected. */
static inline void assert_value(struct target *target, struct go_type *type, struct storage storage,
                                const char *expected)
{
    AUTO_TEXT text = {0};
    value_text(&text, value_read(target->reader, target->arena, type, storage));
    assert_string_equal(buffer_text(&text), expected);
}

static inline struct storage at(target_addr address)
{
    return (struct storage){.in_memory = true, .address = address};
}

/* Types: resolved, so that nothing is asked of a file. */
#define TYPE(text, number, bytes, ...)                                                             \
    {                                                                                              \
        .name = (text), .kind = (number), .size = (bytes), .resolved = true,                       \
        .dictionary_index = -1, __VA_ARGS__                                                        \
    }
