// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/program.h"

/**
 * Finds runtime.allgs without symbols: the slice header in the program's writable data whose
 * elements are all goroutines. Tests in docs/go-runtime.md; on every recording exactly one place
 * passes.
 *
 * @return its address, 0 where there is none
 */
target_addr allgs_search(const struct program *program);
