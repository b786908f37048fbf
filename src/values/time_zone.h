// SPDX-License-Identifier: MIT
#pragma once

#include "image/address_space.h"

/** What a clock in some place shows. */
struct civil_time {
    int64_t year;
    unsigned month, day, hour, minute, second, weekday, day_of_year; ///< the last two from 0
};

/** The proleptic Gregorian calendar. @param seconds  since 1970, of that place's own clock */
void civil_from_unix(int64_t seconds, struct civil_time *out);

struct time_zone {
    char name[64];
    int32_t offset; ///< seconds east of UTC
};

/**
 * The zone in force at one time: Go's time/zoneinfo.go, Location.lookup.
 *
 * @param location  the target's address of a time.Location; 0: UTC
 * @return false where it is not in the core
 */
bool time_zone_find(const struct address_space *space, target_addr location, int64_t unix_seconds,
                    struct time_zone *out);

/**
 * The zone that a POSIX TZ rule gives ("CET-1CEST,M3.5.0,M10.5.0/3"), as Go reads it.
 * @return false for a text that is none
 */
bool time_zone_from_rule(const char *rule, int64_t unix_seconds, struct time_zone *out);
