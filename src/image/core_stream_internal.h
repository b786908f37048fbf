// SPDX-License-Identifier: MIT
#pragma once

#include "image/core_stream.h"

/** core_stream_open() with another bound than LIMIT_INFLATED_FILE, for tests. */
MUST_USE struct error *core_stream_open_limited(const char *path, uint64_t limit,
                                                struct core_stream **out);
