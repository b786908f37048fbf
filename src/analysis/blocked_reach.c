// SPDX-License-Identifier: MIT
#include "blocked_internal.h"
#include "goruntime/heap_marks.h"

/** Queues and goroutines lead from everything to everything. */
void blocked_exclude_queues(struct blocked *blocked, struct heap_marks *marks)
{
    const struct program *program = blocked->analysis->program;
    const struct roster *roster = blocked->roster;
    heap_marks_exclude(marks, scheduler_list_address(blocked->analysis->scheduler));
    for (size_t i = 0; i < roster->total; i++)
        heap_marks_exclude(marks, roster->entries[i].address);
    for (size_t i = 0; i < blocked->wait_count; i++) {
        target_addr sudog = blocked->waits[i].sudog;
        for (int k = 0; sudog && k < SELECT_CASES_KEPT; k++) {
            heap_marks_exclude(marks, sudog);
            if (blocked->waits[i].kind != WAIT_SELECT)
                break;
            go_field_read(program->release, program->space, sudog, FIELD_sudog_waitlink, &sudog);
        }
    }
}

void blocked_exclude_like_queues(struct blocked *blocked, struct heap_marks *marks)
{
    const struct roster *roster = blocked->roster;
    heap_marks_exclude(marks, scheduler_list_address(blocked->analysis->scheduler));
    for (size_t i = 0; i < roster->total; i++)
        if (heap_marks_exclude_size(marks, roster->entries[i].address))
            break;
    for (size_t i = 0; i < blocked->wait_count; i++)
        if (heap_marks_exclude_size(marks, blocked->waits[i].sudog))
            break;
}

/** What a goroutine that may go on can reach. */
void blocked_mark_from_goroutine(struct blocked *blocked, struct heap_marks *marks,
                                 target_addr address)
{
    struct goroutine g;
    struct frames_request request;
    if (!goroutine_read(blocked->analysis->scheduler, address, &g))
        return;
    goroutine_request(blocked->analysis, blocked->site, &g, &request);
    heap_marks_from_stack(marks, blocked->analysis->program, &g, &request.start);
}

void blocked_mark_from_threads(const struct blocked *blocked, struct heap_marks *marks)
{
    for (size_t i = 0; i < blocked->analysis->thread_count; i++) {
        const struct thread_stack *thread = &blocked->analysis->threads[i];
        for (size_t k = 0; k < thread->count; k++)
            for (unsigned reg = 0; thread->segments[k].has_registers && reg < REGISTER_COUNT; reg++)
                if (thread->segments[k].registers.known >> reg & 1)
                    heap_marks_from_word(marks, thread->segments[k].registers.value[reg]);
    }
}

/** All goroutines but those that the graph calls stuck. */
static void mark_from_living(struct blocked *blocked, struct heap_marks *marks)
{
    const struct roster *roster = blocked->roster;
    for (size_t i = 0; i < roster->total; i++) {
        const struct roster_entry *entry = &roster->entries[i];
        const uint64_t *slot = entry->alive ? table_find(blocked->node_by_g, entry->address) : NULL;
        if (entry->alive && !(slot && blocked->nodes[*slot - 1].stuck))
            blocked_mark_from_goroutine(blocked, marks, entry->address);
    }
    blocked_mark_from_threads(blocked, marks);
}

/** Whether anybody else can reach what a goroutine waits for. */
bool blocked_in_reach(struct blocked *blocked, const struct heap_marks *marks,
                      const struct blocked_wait *wait)
{
    struct goroutine_wait all = {.sudog = wait->sudog, .case_count = SELECT_CASES_KEPT};
    struct select_case cases[SELECT_CASES_KEPT];
    if (wait->kind != WAIT_SELECT || wait->case_count == 1)
        return heap_marks_reached(marks, wait->object);
    if (wait->case_count == 2)
        return heap_marks_reached(marks, wait->object) || heap_marks_reached(marks, wait->second);
    select_cases_read(blocked->analysis->scheduler, &all, cases, SELECT_CASES_KEPT);
    for (size_t i = 0; i < SELECT_CASES_KEPT && cases[i].sudog; i++)
        if (heap_marks_reached(marks, cases[i].channel))
            return true;
    return false;
}

static bool waits_for_anybody(const struct blocked_node *node)
{
    return node->wait.kind == WAIT_CHANNEL || node->wait.kind == WAIT_SELECT ||
           node->wait.kind == WAIT_COND;
}

static bool any_to_check(const struct blocked *blocked)
{
    for (size_t i = 0; i < blocked->node_count; i++)
        if (blocked->nodes[i].stuck && waits_for_anybody(&blocked->nodes[i]))
            return true;
    return false;
}

void blocked_check_reach(struct blocked *blocked)
{
    if (!any_to_check(blocked))
        return;
    AUTO(heap_marks) marks = heap_marks_new(blocked->analysis->program);
    if (marks) {
        blocked_exclude_queues(blocked, marks);
        heap_marks_from_globals(marks);
    }
    // One more may come free in each round, and what it can reach with it.
    for (size_t round = 0, changes = 1; changes && round <= blocked->node_count; round++) {
        changes = 0;
        if (marks)
            mark_from_living(blocked, marks);
        bool known = marks && heap_marks_run(marks);
        for (size_t i = 0; i < blocked->node_count; i++) {
            struct blocked_node *node = &blocked->nodes[i];
            if (!node->stuck || node->in_reach || !waits_for_anybody(node) ||
                (known && !blocked_in_reach(blocked, marks, &node->wait)))
                continue;
            node->in_reach = true;
            changes++;
        }
        if (changes)
            blocked_graph_build(blocked);
    }
}
