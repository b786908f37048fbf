// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/scheduler.h"

#include "base/table.h"

/** A word of a g, and where it goes in a struct goroutine. */
struct g_word {
    uint16_t offset, to;
};

enum { G_WORDS = 32 };
enum { NEWBORNS = 16 }; ///< threads that are being born at one time, and cgo's spare m

struct scheduler {
    const struct program *program;
    struct g_word g_words[G_WORDS]; // those that the release has, as 8 bytes each
    size_t g_word_count;
    uint8_t g_others[G_WORDS]; // of g_fields: those of other sizes
    size_t g_other_count;
    target_addr allgs;
    uint64_t allgs_count, allgs_claimed;
    struct bytes list;  // allgs, where all of it lies together
    target_addr *found; // instead of allgs, where that is lost: allgs_count of them
    char *list_problem;
    struct machine *machines;
    size_t machine_count, machine_capacity;
    size_t newborns[NEWBORNS]; // indices of machines whose threads have not noted their ids
    size_t newborn_count;
    struct table *seen;     // machines by address → index + 1
    struct table *by_tid;   // machines by procid → index + 1, the first of each
    struct table *repeats;  // entries of allgs whose g stands there before; NULL: none
    struct shared_sum *sum; // of all goroutines: found when somebody asks for it
};

/** A field of a structure of the runtime at an address; 0 where it cannot be read. */
static inline uint64_t scheduler_field(const struct scheduler *scheduler, target_addr address,
                                       enum go_field_id id)
{
    uint64_t value = 0;
    go_field_read(scheduler->program->release, scheduler->program->space, address, id, &value);
    return value;
}

/* scheduler_list.c */

/** Finds the list of goroutines, or the goroutines themselves where it is lost. */
void scheduler_find_list(struct scheduler *scheduler);

/* scheduler_machines.c */

/** Reads all m, and which thread each runs on. */
void scheduler_read_machines(struct scheduler *scheduler);
