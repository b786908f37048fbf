// SPDX-License-Identifier: MIT
#include "time_zone.h"
#include "well_known.h"

#include <inttypes.h>

#define NANOSECONDS_PER_SECOND UINT64_C(1000000000)

/** Appends number / 10^digits without zeros at its end: Go's time/time.go, fmtFrac. */
static void add_fraction(struct description *description, uint64_t number, unsigned digits)
{
    uint64_t power = 1;
    for (unsigned i = 0; i < digits; i++)
        power *= 10;
    uint64_t fraction = number % power;
    description_text(description, "%" PRIu64, number / power);
    if (fraction == 0)
        return;
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    description_text(description, ".%0*" PRIu64, (int)digits, fraction);
}

/** Go's time/time.go, Duration.String. */
void description_duration(struct description *description, int64_t duration)
{
    bool negative = duration < 0;
    uint64_t nanoseconds = negative ? -(uint64_t)duration : (uint64_t)duration;
    uint64_t seconds = nanoseconds / NANOSECONDS_PER_SECOND;
    if (negative)
        description_text(description, "-");
    if (nanoseconds == 0) {
        description_text(description, "0s");
    } else if (seconds == 0) {
        unsigned digits = nanoseconds < 1000 ? 0 : nanoseconds < 1000000 ? 3 : 6;
        add_fraction(description, nanoseconds, digits);
        description_text(description, digits == 0 ? "ns" : digits == 3 ? "µs" : "ms");
    } else {
        if (seconds >= 3600)
            description_text(description, "%" PRIu64 "h", seconds / 3600);
        if (seconds >= 60)
            description_text(description, "%" PRIu64 "m", seconds / 60 % 60);
        add_fraction(description, nanoseconds % (60 * NANOSECONDS_PER_SECOND), 9);
        description_text(description, "s");
    }
}

static bool describe_duration(struct description *description, struct go_type *type,
                              struct storage storage)
{
    uint64_t bits = 0;
    if (type->size != 8 || storage_word(description_reader(description), storage, 0, &bits))
        return false;
    description_duration(description, (int64_t)bits);
    return true;
}

/** Go's time/time.go: wall is a flag, 33 bits of seconds since 1885 and 30 bits of nanoseconds. */
#define HAS_MONOTONIC ((uint64_t)1 << 63)
#define SECONDS_1_TO_1885 (INT64_C(59453308800))
#define SECONDS_1_TO_1970 (INT64_C(62135596800))

static void add_clock(struct description *description, int64_t unix_seconds, uint32_t nanoseconds,
                      const struct time_zone *zone)
{
    struct civil_time t;
    civil_from_unix(unix_seconds + zone->offset, &t);
    description_text(description, "%s%04" PRId64 "-%02u-%02u %02u:%02u:%02u", t.year < 0 ? "-" : "",
                     t.year < 0 ? -t.year : t.year, t.month, t.day, t.hour, t.minute, t.second);
    if (nanoseconds != 0) {
        unsigned digits = 9;
        for (; nanoseconds % 10 == 0; digits--)
            nanoseconds /= 10;
        description_text(description, ".%0*" PRIu32, (int)digits, nanoseconds);
    }
    int minutes = zone->offset / 60;
    unsigned distance = (unsigned)(minutes < 0 ? -minutes : minutes);
    char sign = minutes < 0 ? '-' : '+';
    description_text(description, " %c%02u%02u ", sign, distance / 60, distance % 60);
    if (zone->name[0])
        description_text(description, "%s", zone->name);
    else if (distance % 60 == 0) // Go's time/format.go, stdTZ
        description_text(description, "%c%02u", sign, distance / 60);
    else
        description_text(description, "%c%02u%02u", sign, distance / 60, distance % 60);
}

/** " m=+0.000012345": the clock that does not jump, since the process began. */
static void add_monotonic(struct description *description, int64_t nanoseconds)
{
    uint64_t distance = nanoseconds < 0 ? -(uint64_t)nanoseconds : (uint64_t)nanoseconds;
    description_text(description, " m=%c%" PRIu64 ".%09" PRIu64, nanoseconds < 0 ? '-' : '+',
                     distance / NANOSECONDS_PER_SECOND, distance % NANOSECONDS_PER_SECOND);
}

/** Go's time/format.go, Time.String. */
static bool describe_time(struct description *description, struct go_type *type,
                          struct storage storage)
{
    uint64_t wall = 0, bits = 0, location = 0;
    if (!description_number(description, type, storage, "wall", &wall) ||
        !description_number(description, type, storage, "ext", &bits) ||
        !description_number(description, type, storage, "loc", &location))
        return false;
    int64_t since_year_1 = (int64_t)bits;
    if (wall & HAS_MONOTONIC)
        since_year_1 = SECONDS_1_TO_1885 + (int64_t)(wall << 1 >> 31);
    int64_t unix_seconds = 0;
    if (__builtin_sub_overflow(since_year_1, SECONDS_1_TO_1970, &unix_seconds) ||
        unix_seconds > INT64_MAX / 4 || unix_seconds < INT64_MIN / 4)
        return false;
    struct time_zone zone;
    if (!time_zone_find(description_reader(description)->program->space, location, unix_seconds,
                        &zone))
        return false;
    add_clock(description, unix_seconds, (uint32_t)(wall & 0x3fffffff), &zone);
    if (wall & HAS_MONOTONIC)
        add_monotonic(description, (int64_t)bits);
    return true;
}

static const struct well_known rows[] = {
    {"time.Duration", NULL, describe_duration, NULL},
    {"time.Time", NULL, describe_time, NULL},
};
const struct well_known_list well_known_times = {rows, COUNT_OF(rows)};
