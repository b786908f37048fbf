// SPDX-License-Identifier: MIT
#include "values/time_zone.h"

#include "memory.h"

/** What Go 1.27 says of each. */
static struct rule_case {
    const char *name, *rule;
    int64_t time;
    const char *zone;
    int32_t offset;
} rule_cases[] = {
    {"CET-1CEST,M3.5.0,M10.5.0/3 at 0", "CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(0), "CET", 3600},
    {"CET-1CEST,M3.5.0,M10.5.0/3 at 951782400", "CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(951782400),
     "CET", 3600},
    {"CET-1CEST,M3.5.0,M10.5.0/3 at 1711846800", "CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1711846800),
     "CEST", 7200},
    {"CET-1CEST,M3.5.0,M10.5.0/3 at 1729990799", "CET-1CEST,M3.5.0,M10.5.0/3", INT64_C(1729990799),
     "CEST", 7200},
    {"EST5EDT,M3.2.0,M11.1.0 at 0", "EST5EDT,M3.2.0,M11.1.0", INT64_C(0), "EST", -18000},
    {"EST5EDT,M3.2.0,M11.1.0 at 951782400", "EST5EDT,M3.2.0,M11.1.0", INT64_C(951782400), "EST",
     -18000},
    {"EST5EDT,M3.2.0,M11.1.0 at 1711846799", "EST5EDT,M3.2.0,M11.1.0", INT64_C(1711846799), "EDT",
     -14400},
    {"EST5EDT,M3.2.0,M11.1.0 at 1711846800", "EST5EDT,M3.2.0,M11.1.0", INT64_C(1711846800), "EDT",
     -14400},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3 at 0", "AEST-10AEDT,M10.1.0,M4.1.0/3", INT64_C(0), "AEDT",
     39600},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3 at 951782400", "AEST-10AEDT,M10.1.0,M4.1.0/3",
     INT64_C(951782400), "AEDT", 39600},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3 at -17280000", "AEST-10AEDT,M10.1.0,M4.1.0/3",
     INT64_C(-17280000), "AEST", 36000},
    {"<+0530>-5:30 at 0", "<+0530>-5:30", INT64_C(0), "+0530", 19800},
    {"<+0530>-5:30 at 951782400", "<+0530>-5:30", INT64_C(951782400), "+0530", 19800},
    {"IST-2IDT,M3.4.4/26,M10.5.0 at 0", "IST-2IDT,M3.4.4/26,M10.5.0", INT64_C(0), "IST", 7200},
    {"IST-2IDT,M3.4.4/26,M10.5.0 at 951782400", "IST-2IDT,M3.4.4/26,M10.5.0", INT64_C(951782400),
     "IST", 7200},
    {"IST-2IDT,M3.4.4/26,M10.5.0 at 1711846799", "IST-2IDT,M3.4.4/26,M10.5.0", INT64_C(1711846799),
     "IDT", 10800},
    {"IST-2IDT,M3.4.4/26,M10.5.0 at 1711846800", "IST-2IDT,M3.4.4/26,M10.5.0", INT64_C(1711846800),
     "IDT", 10800},
    {"PST8PDT at 0", "PST8PDT", INT64_C(0), "PST", -28800},
    {"PST8PDT at 951782400", "PST8PDT", INT64_C(951782400), "PST", -28800},
    {"PST8PDT at 1711846799", "PST8PDT", INT64_C(1711846799), "PDT", -25200},
    {"PST8PDT at 1711846800", "PST8PDT", INT64_C(1711846800), "PDT", -25200},
    {"XXX3YYY,J60/0,J300/1:30:15 at 0", "XXX3YYY,J60/0,J300/1:30:15", INT64_C(0), "XXX", -10800},
    {"XXX3YYY,J60/0,J300/1:30:15 at 951782400", "XXX3YYY,J60/0,J300/1:30:15", INT64_C(951782400),
     "XXX", -10800},
    {"XXX3YYY,J60/0,J300/1:30:15 at 1711846799", "XXX3YYY,J60/0,J300/1:30:15", INT64_C(1711846799),
     "YYY", -7200},
    {"XXX3YYY,J60/0,J300/1:30:15 at 1711846800", "XXX3YYY,J60/0,J300/1:30:15", INT64_C(1711846800),
     "YYY", -7200},
    {"XXX3YYY,59/0,299 at 0", "XXX3YYY,59/0,299", INT64_C(0), "XXX", -10800},
    {"XXX3YYY,59/0,299 at 951782400", "XXX3YYY,59/0,299", INT64_C(951782400), "XXX", -10800},
    {"XXX3YYY,59/0,299 at 1711846799", "XXX3YYY,59/0,299", INT64_C(1711846799), "YYY", -7200},
    {"XXX3YYY,59/0,299 at 1711846800", "XXX3YYY,59/0,299", INT64_C(1711846800), "YYY", -7200},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1 at 0", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", INT64_C(0), "-03",
     -10800},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1 at 951782400", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
     INT64_C(951782400), "-03", -10800},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1 at 1711846800", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
     INT64_C(1711846800), "-02", -7200},
    {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1 at 1729990799", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
     INT64_C(1729990799), "-02", -7200},
};

static void test_rule(void **state)
{
    const struct rule_case *row = *state;
    struct time_zone zone;
    assert_true(time_zone_from_rule(row->rule, row->time, &zone));
    assert_string_equal(zone.name, row->zone);
    assert_int_equal(zone.offset, row->offset);
}

static const char *bad_rules[] = {
    "",
    "CE",
    "CET",
    "CET-",
    "CET-1CEST,",
    "CET-1CEST,M3.5.0",
    "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.6.0,M10.5.0",
    "CET-1CEST,M3.5.7,M10.5.0",
    "CET-1CEST,J0,J1",
    "CET-1CEST,366,1",
    "CET-200",
    "<CET-1",
    "CET-1CEST,M3.5.0,M10.5.0/3x",
    "CET-1:60",
};

static void test_bad_rule(void **state)
{
    struct time_zone zone;
    assert_false(time_zone_from_rule(*(const char **)*state, 0, &zone));
}

static struct civil_case {
    const char *name;
    int64_t seconds, year;
    unsigned month, day, hour, minute, second, weekday, day_of_year;
} civil_cases[] = {
    {"0", INT64_C(0), 1970, 1, 1, 0, 0, 0, 4, 0},
    {"-1", INT64_C(-1), 1969, 12, 31, 23, 59, 59, 3, 364},
    {"951782399", INT64_C(951782399), 2000, 2, 28, 23, 59, 59, 1, 58},
    {"951782400", INT64_C(951782400), 2000, 2, 29, 0, 0, 0, 2, 59},
    {"4107542400", INT64_C(4107542400), 2100, 3, 1, 0, 0, 0, 1, 59},
    {"-62135596800", INT64_C(-62135596800), 1, 1, 1, 0, 0, 0, 1, 0},
    {"-62167219200", INT64_C(-62167219200), 0, 1, 1, 0, 0, 0, 6, 0},
    {"-62230291200", INT64_C(-62230291200), -2, 1, 1, 0, 0, 0, 4, 0},
    {"253402300800", INT64_C(253402300800), 10000, 1, 1, 0, 0, 0, 6, 0},
    {"1709251199", INT64_C(1709251199), 2024, 2, 29, 23, 59, 59, 4, 59},
};

static void test_civil(void **state)
{
    const struct civil_case *row = *state;
    struct civil_time t;
    civil_from_unix(row->seconds, &t);
    assert_int_equal(t.year, row->year);
    assert_int_equal(t.month, row->month);
    assert_int_equal(t.day, row->day);
    assert_int_equal(t.hour, row->hour);
    assert_int_equal(t.minute, row->minute);
    assert_int_equal(t.second, row->second);
    assert_int_equal(t.weekday, row->weekday);
    assert_int_equal(t.day_of_year, row->day_of_year);
}

/**
 * A location of two zones: A (east 3600, from 1000 on), B (summer, 7200, from 2000 on), and before
 * them the first that is not a summer's.
 */
static struct lookup_case {
    const char *name;
    int64_t time;
    const char *zone;
    int32_t offset;
} lookup_cases[] = {
    {"before all", 999, "A", 3600},
    {"at the first change", 1000, "B", 7200},
    {"between", 1999, "B", 7200},
    {"behind the last", 2000, "A", 3600},
};

static void put_zone(struct buffer *out, target_addr name, int64_t offset, uint8_t is_dst)
{
    put_u64(out, name);
    put_u64(out, 1);
    put_u64(out, (uint64_t)offset);
    put_u64(out, is_dst);
}

static void test_lookup(void **state)
{
    const struct lookup_case *row = *state;
    enum { ZONES = MEMORY + 104, CHANGES = ZONES + 64, NAMES = CHANGES + 32 };
    struct buffer memory = {0};
    put_zeros(&memory, 16); // time.Location: name, zone, tx, extend, cache
    put_u64(&memory, ZONES);
    put_u64(&memory, 2);
    put_u64(&memory, 2);
    put_u64(&memory, CHANGES);
    put_u64(&memory, 2);
    put_u64(&memory, 2);
    put_zeros(&memory, 40);
    put_zone(&memory, NAMES, 3600, 0);
    put_zone(&memory, NAMES + 1, 7200, 1);
    put_u64(&memory, 1000);
    put_u64(&memory, 1);
    put_u64(&memory, 2000);
    put_u64(&memory, 0);
    put_bytes(&memory, bytes_from_hex("4142"));
    AUTO(target) target = target_new(buffer_bytes(&memory), "go1.27", usual_limits());
    struct time_zone zone;
    assert_true(time_zone_find(target->program.space, MEMORY, row->time, &zone));
    assert_string_equal(zone.name, row->zone);
    assert_int_equal(zone.offset, row->offset);
    assert_true(time_zone_find(target->program.space, 0, row->time, &zone));
    assert_string_equal(zone.name, "UTC");
    assert_false(time_zone_find(target->program.space, 0x90000, row->time, &zone));
}

RUN_TABLES_MAIN(TABLE(rule_cases, test_rule), TABLE(bad_rules, test_bad_rule),
                TABLE(civil_cases, test_civil), TABLE(lookup_cases, test_lookup))
