// SPDX-License-Identifier: MIT
#include "time_zone.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Go's time.Location, zone and zoneTrans: the same in all releases. */
enum {
    LOCATION_NAME = 0,
    LOCATION_ZONES = 16,
    LOCATION_TRANSITIONS = 40,
    LOCATION_EXTEND = 64,
    LOCATION_SIZE = 80,
    ZONE_SIZE = 32,
    ZONE_OFFSET = 16,
    ZONE_IS_DST = 24,
    TRANSITION_SIZE = 16,
    TRANSITION_INDEX = 8,
    ZONES_MAX = 256,         // zoneTrans.index is a byte
    TRANSITIONS_MAX = 10000, // the most of any zone of the tz database is under 300
    RULE_MAX = 128,
    OFFSET_MAX = 7 * 24 * 3600,
};

struct location {
    target_addr zones, transitions;
    uint64_t zone_count, transition_count;
};

static bool read_text(const struct address_space *space, target_addr address, uint64_t size,
                      char *out, size_t capacity)
{
    if (size >= capacity || (size > 0 && !address_space_try_read(space, address, out, size)))
        return false;
    out[size] = '\0';
    return true;
}

static bool read_zone(const struct address_space *space, const struct location *location,
                      uint64_t index, struct time_zone *out, bool *is_dst)
{
    uint8_t zone[ZONE_SIZE];
    if (index >= location->zone_count ||
        !address_space_try_read(space, location->zones + index * ZONE_SIZE, zone, sizeof zone) ||
        !read_text(space, load_u64(zone), load_u64(zone + 8), out->name, sizeof out->name))
        return false;
    int64_t offset = (int64_t)load_u64(zone + ZONE_OFFSET);
    out->offset = (int32_t)offset;
    *is_dst = zone[ZONE_IS_DST];
    return offset < OFFSET_MAX && offset > -OFFSET_MAX;
}

static bool read_transition(const struct address_space *space, const struct location *location,
                            uint64_t number, int64_t *when, uint8_t *zone)
{
    uint8_t bytes[TRANSITION_SIZE];
    if (!address_space_try_read(space, location->transitions + number * TRANSITION_SIZE, bytes,
                                sizeof bytes))
        return false;
    *when = (int64_t)load_u64(bytes);
    *zone = bytes[TRANSITION_INDEX];
    return true;
}

/** Before all transitions: Go's Location.lookupFirstZone. */
static uint64_t first_zone(const struct address_space *space, const struct location *location)
{
    struct time_zone zone;
    bool first_used = false, is_dst = false;
    int64_t when = 0;
    uint8_t index = 0;
    for (uint64_t i = 0; i < location->transition_count && !first_used; i++)
        first_used = read_transition(space, location, i, &when, &index) && index == 0;
    if (!first_used)
        return 0;
    if (location->transition_count > 0 && read_transition(space, location, 0, &when, &index) &&
        read_zone(space, location, index, &zone, &is_dst) && is_dst) {
        for (unsigned i = index; i-- > 0;) {
            if (read_zone(space, location, i, &zone, &is_dst) && !is_dst)
                return i;
        }
    }
    for (uint64_t i = 0; i < location->zone_count; i++) {
        if (read_zone(space, location, i, &zone, &is_dst) && !is_dst)
            return i;
    }
    return 0;
}

/** The last transition at or before a time: UINT64_MAX where all come later. */
static bool last_transition(const struct address_space *space, const struct location *location,
                            int64_t unix_seconds, uint64_t *out, uint8_t *zone)
{
    uint64_t low = 0, high = location->transition_count;
    *out = UINT64_MAX;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t when = 0;
        uint8_t index = 0;
        if (!read_transition(space, location, middle, &when, &index))
            return false;
        if (when <= unix_seconds) {
            *out = middle;
            *zone = index;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return true;
}

bool time_zone_find(const struct address_space *space, target_addr address, int64_t unix_seconds,
                    struct time_zone *out)
{
    *out = (struct time_zone){.name = "UTC"};
    if (address == 0)
        return true;
    uint8_t bytes[LOCATION_SIZE];
    char rule[RULE_MAX];
    if (!address_space_try_read(space, address, bytes, sizeof bytes))
        return false;
    struct location location = {
        .zones = load_u64(bytes + LOCATION_ZONES),
        .zone_count = load_u64(bytes + LOCATION_ZONES + 8),
        .transitions = load_u64(bytes + LOCATION_TRANSITIONS),
        .transition_count = load_u64(bytes + LOCATION_TRANSITIONS + 8),
    };
    if (location.zone_count == 0) // UTC itself, or a time.Local that nobody has asked for yet
        return true;
    if (location.zone_count > ZONES_MAX || location.transition_count > TRANSITIONS_MAX)
        return false;
    uint64_t last = 0;
    uint8_t index = 0;
    bool is_dst = false;
    if (!last_transition(space, &location, unix_seconds, &last, &index))
        return false;
    if (last == UINT64_MAX)
        return read_zone(space, &location, first_zone(space, &location), out, &is_dst);
    if (last == location.transition_count - 1 &&
        read_text(space, load_u64(bytes + LOCATION_EXTEND), load_u64(bytes + LOCATION_EXTEND + 8),
                  rule, sizeof rule) &&
        rule[0] && time_zone_from_rule(rule, unix_seconds, out))
        return true;
    return read_zone(space, &location, index, out, &is_dst);
}
