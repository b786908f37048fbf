// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

void cause_find(struct analysis *analysis, const struct crash_site *site,
                struct report_goroutine *crashed, struct report_crash *crash)
{
    (void)analysis;
    (void)site;
    (void)crashed;
    (void)crash;
}
