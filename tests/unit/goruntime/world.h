// SPDX-License-Identifier: MIT
#pragma once

#include "base/alloc.h"
#include "goruntime/scheduler.h"
#include "support/elf_builder.h"
#include "support/support.h"
#include "symbols/program.h"

#include <stdlib.h>
#include <string.h>

/**
 * The functions of a recorded binary over memory that a test writes: its variables at their
 * addresses, and HEAP. Fields are put where go_release says they are, which its own test holds
 * against DWARF.
 */
enum { HEAP_SIZE = 1 << 16 };
#define HEAP ((target_addr)0xc000000000)

struct world {
    struct program *recorded;
    struct program program; ///< recorded's tables, the test's memory
    target_addr data_start;
    struct bytes data, heap; ///< bytes_copy()
};

static inline void world_free(struct world *world)
{
    address_space_free(world->program.space);
    core_file_free(world->program.core);
    program_free(world->recorded);
    free(world);
}
DEFINE_AUTO(world);

/** @param directory  of testdata: "nilmap/go1.27-noopt" */
static inline struct world *world_new(const char *directory)
{
    struct world *world = alloc_zeroed(1, sizeof *world);
    AUTO_TEXT binary = {0};
    AUTO_TEXT core = {0};
    buffer_printf(&binary, "%s/%s/binary.zst", TESTDATA, directory);
    buffer_printf(&core, "%s/%s/crash.core.zst", TESTDATA, directory);
    assert_error(program_open(binary.data, core.data, &world->recorded), NULL);
    const struct module *module = &world->recorded->modules->items[0];
    world->data_start = module->noptrdata & ~(target_addr)4095;
    size_t size = module->enoptrbss - world->data_start;
    uint8_t *zeros = alloc_zeroed(size > HEAP_SIZE ? size : HEAP_SIZE, 1);
    world->data = bytes_copy(zeros, size);
    world->heap = bytes_copy(zeros, HEAP_SIZE);
    free(zeros);
    return world;
}

static inline void world_put(struct world *world, target_addr address, uint64_t value, size_t size)
{
    bool in_heap = address >= HEAP;
    struct bytes bytes = in_heap ? world->heap : world->data;
    uint64_t offset = address - (in_heap ? HEAP : world->data_start);
    assert_true(offset + size <= bytes.size);
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes.data)[offset + i] = (uint8_t)(value >> (8 * i));
}

static inline void world_put_word(struct world *world, target_addr address, uint64_t value)
{
    world_put(world, address, value, 8);
}

/** A field of a structure of the runtime; its low word where it is larger than one. */
static inline void world_put_field(struct world *world, target_addr address, enum go_field_id field,
                                   uint64_t value)
{
    struct go_member member = go_release_member(world->recorded->release, field);
    assert_true(member.present);
    world_put(world, address + member.offset, value, member.size < 8 ? member.size : 8);
}

static inline target_addr world_symbol(const struct world *world, const char *name)
{
    target_addr address = 0;
    assert_true(program_symbol(world->recorded, name, &address));
    return address;
}

/** allgs, with its array at an address. */
static inline void world_put_allgs(struct world *world, target_addr array, uint64_t count)
{
    target_addr allgs = world_symbol(world, "runtime.allgs");
    world_put_word(world, allgs, array);
    world_put_word(world, allgs + 8, count);
    world_put_word(world, allgs + 16, count);
}

/** Everything is written: makes the program. Its memory ends with HEAP + HEAP_SIZE. */
static inline const struct program *world_open(struct world *world)
{
    const struct built_elf image = {
        .type = 4, // ET_CORE
        .segments = {{1, 6, world->data_start, world->data, 0, 0}, {1, 6, HEAP, world->heap, 0, 0}},
    };
    struct bytes core = elf_build(&image);
    world->program = *world->recorded;
    world->program.dwarf = NULL;
    assert_error(core_file_open(write_file("world", core.data, core.size), &world->program.core),
                 NULL);
    world->program.space = address_space_new(world->program.core);
    address_space_add_file(world->program.space, world->recorded->binary, world->recorded->bias);
    return &world->program;
}
