// SPDX-License-Identifier: MIT
#include "time_zone.h"

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

void civil_from_unix(int64_t seconds, struct civil_time *out)
{
    int64_t days = floor_divide(seconds, 86400);
    unsigned of_day = (unsigned)(seconds - days * 86400);
    // Years of 400 years' cycles that begin on 1 March, so that the leap day comes last.
    int64_t since_0000_03_01 = days + 719468;
    int64_t era = floor_divide(since_0000_03_01, 146097);
    unsigned of_era = (unsigned)(since_0000_03_01 - era * 146097);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * of_year + 2) / 153; // 0: March
    *out = (struct civil_time){
        .year = era * 400 + year_of_era + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
        .hour = of_day / 3600,
        .minute = of_day / 60 % 60,
        .second = of_day % 60,
        .weekday = (unsigned)((days % 7 + 7 + 4) % 7), // 1 January 1970 was a Thursday
    };
    bool leap = (out->year % 4 == 0 && out->year % 100 != 0) || out->year % 400 == 0;
    out->day_of_year = month < 10 ? of_year + 59 + leap : of_year - 306;
}
