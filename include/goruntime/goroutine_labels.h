// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "goruntime/scheduler.h"

/** A label that a goroutine carries for profiles: runtime/pprof.Do, SetGoroutineLabels. */
struct goroutine_label {
    struct bytes key, value; ///< bytes of the target, copied
};

/**
 * The labels of a goroutine, at most LIMIT_LABELS: in their order where they are a list, as in Go
 * 1.24 and later, else, out of the map that they were before, by key.
 */
size_t goroutine_labels_read(const struct scheduler *scheduler, const struct goroutine *g,
                             struct arena *arena, struct goroutine_label **out);

/**
 * Appends labels as a goroutine's heading has them (runtime/traceback.go, goroutineheader): Go 1.26
 * ` labels:{"a": "b"}`, from 1.27 on ` {a: "b c"}`, with quotes only where they are needed. Nothing
 * for earlier releases and for no labels.
 */
void goroutine_labels_text(struct buffer *out, int minor, const struct goroutine_label *labels,
                           size_t count);
