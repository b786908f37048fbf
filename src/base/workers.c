// SPDX-License-Identifier: MIT
#include "base/workers.h"
#include "base/alloc.h"
#include "base/limits.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/** What the threads of one run share. */
struct run {
    atomic_size_t next; // the first item that nobody has taken
    size_t item_count, batch;
    workers_work *work;
};

struct worker {
    struct run *run;
    void *state;
    pthread_t thread;
    bool started;
};

size_t workers_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1; // more processors than a cpu_set_t holds
    size_t count = (size_t)CPU_COUNT(&set);
    return count < 1 ? 1 : count < LIMIT_WORKERS ? count : LIMIT_WORKERS;
}

static void *take_batches(void *argument)
{
    const struct worker *worker = argument;
    struct run *run = worker->run;
    for (;;) {
        size_t begin = atomic_fetch_add_explicit(&run->next, run->batch, memory_order_relaxed);
        if (begin >= run->item_count)
            return NULL;
        size_t left = run->item_count - begin;
        run->work(worker->state, begin, begin + (left < run->batch ? left : run->batch));
    }
}

void workers_run(void *const *states, size_t state_count, size_t item_count, size_t batch,
                 workers_work *work)
{
    struct run run = {.item_count = item_count, .batch = batch, .work = work};
    size_t useful = (item_count + batch - 1) / batch;
    size_t count = state_count < useful ? state_count : useful;
    struct worker *workers = alloc_zeroed(count + 1, sizeof *workers);
    for (size_t i = 0; i < count; i++) {
        workers[i] = (struct worker){.run = &run, .state = states[i]};
        if (i > 0)
            workers[i].started =
                pthread_create(&workers[i].thread, NULL, take_batches, &workers[i]) == 0;
    }
    if (count)
        take_batches(&workers[0]);
    for (size_t i = 1; i < count; i++)
        if (workers[i].started)
            pthread_join(workers[i].thread, NULL);
    free(workers);
}
