// SPDX-License-Identifier: MIT
#pragma once

#include "goruntime/stack_walk.h"

/**
 * Which objects of the heap can be reached from given places, as the garbage collector would find
 * out, but taking every word for a pointer that looks like one: what is not marked cannot be
 * reached; what is marked may be.
 */
struct heap_marks;

/** @return NULL where the heap's spans cannot be found or read */
struct heap_marks *heap_marks_new(const struct program *program);
void heap_marks_free(struct heap_marks *marks);
DEFINE_AUTO(heap_marks);

/** What an object holds does not count: of goroutines and of places in queues. Of the runtime's p's
 * that is done by itself: they hold addresses that are no pointers, and old ones. */
void heap_marks_exclude(struct heap_marks *marks, target_addr object);

/**
 * The same of all objects as large as that one: less is reached then than is in truth. For up to
 * two sizes. @return false where it is no object of the heap
 */
bool heap_marks_exclude_size(struct heap_marks *marks, target_addr object);

/** Forgets what was marked and excluded. */
void heap_marks_restart(struct heap_marks *marks);

/** The words of a range of memory, and all that they lead to. */
void heap_marks_from_range(struct heap_marks *marks, target_addr start, target_addr end);
void heap_marks_from_word(struct heap_marks *marks, uint64_t word);

/** What the frames of a goroutine's stack, its deferred calls and its panics may still use, as far
 * as the functions' own maps tell. */
void heap_marks_from_stack(struct heap_marks *marks, const struct program *program,
                           const struct goroutine *g, const struct stack_start *start);

/** The program's variables. */
void heap_marks_from_globals(struct heap_marks *marks);

/**
 * Follows what has been given so far.
 * @return false where the heap is larger than what may be looked at: then nothing is known
 */
bool heap_marks_run(struct heap_marks *marks);

/** Whether the object that holds an address was reached; true for what lies in no object. */
bool heap_marks_reached(const struct heap_marks *marks, target_addr address);
