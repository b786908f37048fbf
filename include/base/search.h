// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/**
 * How many of count items, from the first on, fulfil a condition that none behind the first which
 * does not fulfils; asked of as few as a binary search needs. `at` names the number of the item
 * that the condition is asked of:
 *
 *     size_t begun = COUNT_WHILE(i, list->count, list->items[i].start <= address);
 *
 * Items out of order give some number up to count.
 */
#define COUNT_WHILE(at, count, condition)                                                          \
    __extension__({                                                                                \
        size_t low_ = 0, high_ = (count);                                                          \
        while (low_ < high_) {                                                                     \
            const size_t at = low_ + (high_ - low_) / 2;                                           \
            if (condition)                                                                         \
                low_ = (at) + 1;                                                                   \
            else                                                                                   \
                high_ = (at);                                                                      \
        }                                                                                          \
        low_;                                                                                      \
    })
