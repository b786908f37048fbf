// SPDX-License-Identifier: MIT
#include "time_zone.h"

#include <string.h>

/*
 * POSIX TZ rules as Go's time/zoneinfo.go, tzset, reads them: "CET-1CEST,M3.5.0,M10.5.0/3".
 * Every parser takes the rest of the text and moves it on.
 */
enum {
    HOUR = 3600,
    DAY = 86400,
};

struct change {
    enum { ON_JULIAN_DAY, ON_DAY_OF_YEAR, ON_WEEKDAY_OF_MONTH } kind;
    int day, week, month;
    int time; ///< of the day, in seconds
};

static bool parse_number(const char **text, int least, int most, int *out)
{
    int number = 0;
    const char *p = *text;
    for (; *p >= '0' && *p <= '9'; p++) {
        number = number * 10 + (*p - '0');
        if (number > most)
            return false;
    }
    if (p == *text || number < least)
        return false;
    *text = p;
    *out = number;
    return true;
}

static bool parse_name(const char **text, char *out, size_t capacity)
{
    const char *start = *text;
    size_t size;
    if (*start == '<') {
        start++;
        size = strcspn(start, ">");
        if (start[size] != '>')
            return false;
        *text = start + size + 1;
    } else {
        size = strcspn(start, "0123456789,-+");
        if (size < 3)
            return false;
        *text = start + size;
    }
    if (size >= capacity)
        return false;
    memcpy(out, start, size);
    out[size] = '\0';
    return true;
}

/** [+-]hh[:mm[:ss]] in seconds. */
static bool parse_offset(const char **text, int *out)
{
    bool negative = **text == '-';
    int hours = 0, minutes = 0, seconds = 0;
    if (**text == '-' || **text == '+')
        ++*text;
    if (!parse_number(text, 0, 24 * 7, &hours))
        return false;
    if (**text == ':') {
        ++*text;
        if (!parse_number(text, 0, 59, &minutes))
            return false;
        if (**text == ':') {
            ++*text;
            if (!parse_number(text, 0, 59, &seconds))
                return false;
        }
    }
    int total = hours * HOUR + minutes * 60 + seconds;
    *out = negative ? -total : total;
    return true;
}

static bool parse_dot(const char **text)
{
    if (**text != '.')
        return false;
    ++*text;
    return true;
}

static bool parse_change(const char **text, struct change *out)
{
    *out = (struct change){.kind = ON_DAY_OF_YEAR, .time = 2 * HOUR};
    if (**text == 'J') {
        out->kind = ON_JULIAN_DAY;
        ++*text;
        if (!parse_number(text, 1, 365, &out->day))
            return false;
    } else if (**text == 'M') {
        out->kind = ON_WEEKDAY_OF_MONTH;
        ++*text;
        if (!parse_number(text, 1, 12, &out->month) || !parse_dot(text) ||
            !parse_number(text, 1, 5, &out->week) || !parse_dot(text) ||
            !parse_number(text, 0, 6, &out->day))
            return false;
    } else if (!parse_number(text, 0, 365, &out->day)) {
        return false;
    }
    if (**text != '/')
        return true;
    ++*text;
    return parse_offset(text, &out->time);
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/** Day of the year, from 0, of the week-th day of that name in a month; 5: the last. */
static int weekday_of_month(const struct change *change, const struct civil_time *now)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int leap = is_leap(now->year);
    int first = before[change->month - 1] + (change->month > 2 ? leap : 0);
    int size = before[change->month] - before[change->month - 1] + (change->month == 2 ? leap : 0);
    // The first of the month's weekday, counted from today's.
    int distance = first - (int)now->day_of_year;
    int weekday = (((int)now->weekday + distance) % 7 + 7) % 7;
    int day = (change->day - weekday + 7) % 7;
    for (int i = 1; i < change->week && day + 7 < size; i++)
        day += 7;
    return first + day;
}

/** Seconds from the start of the year, in UTC, to a change. */
static int64_t change_time(const struct change *change, const struct civil_time *now, int offset)
{
    int day = change->day;
    if (change->kind == ON_WEEKDAY_OF_MONTH)
        day = weekday_of_month(change, now);
    else if (change->kind == ON_JULIAN_DAY)
        day += change->day >= 60 && is_leap(now->year) ? 0 : -1;
    return (int64_t)day * DAY + change->time - offset;
}

static void set_zone(struct time_zone *out, const char *name, int offset)
{
    *out = (struct time_zone){.offset = offset};
    memcpy(out->name, name, strlen(name));
}

bool time_zone_from_rule(const char *rule, int64_t unix_seconds, struct time_zone *out)
{
    struct time_zone standard, summer;
    struct change start, end;
    int offset = 0;
    // The numbers are added to local time to get UTC; offsets here are the other way round.
    if (!parse_name(&rule, standard.name, sizeof standard.name) || !parse_offset(&rule, &offset))
        return false;
    standard.offset = -offset;
    if (*rule == '\0' || *rule == ',') {
        set_zone(out, standard.name, standard.offset);
        return true;
    }
    if (!parse_name(&rule, summer.name, sizeof summer.name))
        return false;
    summer.offset = standard.offset + HOUR;
    if (*rule && *rule != ',') {
        if (!parse_offset(&rule, &offset))
            return false;
        summer.offset = -offset;
    }
    if (*rule == '\0')
        rule = ",M3.2.0,M11.1.0";
    if ((*rule != ',' && *rule != ';') || (rule++, !parse_change(&rule, &start)) || *rule != ',' ||
        (rule++, !parse_change(&rule, &end)) || *rule)
        return false;
    struct civil_time now;
    civil_from_unix(unix_seconds, &now);
    int64_t second =
        (int64_t)now.day_of_year * DAY + now.hour * HOUR + now.minute * 60 + now.second;
    int64_t from = change_time(&start, &now, standard.offset);
    int64_t to = change_time(&end, &now, summer.offset);
    bool in_summer = from <= to ? second >= from && second < to : second < to || second >= from;
    const struct time_zone *zone = in_summer ? &summer : &standard;
    set_zone(out, zone->name, zone->offset);
    return true;
}
