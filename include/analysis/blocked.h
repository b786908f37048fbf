// SPDX-License-Identifier: MIT
#pragma once

#include "base/cleanup.h"
#include "model/crash_report.h"

/**
 * Who waits for whom: what each goroutine waits for, who likely holds it or could serve it, and the
 * circles in which goroutines wait for one another for ever.
 *
 * Every lock, channel and group that somebody waits for comes from the runtime's own queues. Who
 * holds a lock no release records: it is inferred, from pending deferred calls of Unlock and from
 * the code of live frames (goruntime/sync_sites.h), and said to be likely. Nothing is called a
 * circle that somebody outside of it is known to be able to break.
 */
struct blocked;
struct analysis;
struct crash_site;
struct goroutine;
struct roster;

/**
 * Sorts out what all goroutines wait for, and finds the circles.
 * @param roster  all goroutines, with their waits; borrowed. Each entry's number of its wait is set
 * @param everything_stands  the runtime itself found all goroutines asleep
 */
struct blocked *blocked_new(struct analysis *analysis, const struct crash_site *site,
                            struct roster *roster, bool everything_stands);
void blocked_free(struct blocked *blocked);
DEFINE_AUTO(blocked);

/** What one goroutine of the roster waits for; arena for *out. */
void blocked_describe_wait(struct blocked *blocked, struct arena *arena, uint32_t wait,
                           bool with_name, struct report_waiting_on *out);

/** The same of any. */
void blocked_describe(struct blocked *blocked, struct arena *arena, const struct goroutine *g,
                      bool with_name, struct report_waiting_on *out);

/**
 * Notes what the program died of: where an error says that too many files are open, the findings
 * list whom goroutines wait for at the netpoller's descriptors.
 */
void blocked_note_death(struct blocked *blocked, const struct report_crash *crash);

/** Appends the findings: circles, waiters for one peer, locks whose holder waits. */
void blocked_findings(struct blocked *blocked, struct report_tail *tail);

/** Appends groups of goroutines that wait for ever, for nobody can reach what they wait for; once
 * tail->groups are there. */
void blocked_leaks(struct blocked *blocked, struct report_tail *tail);

/** Completes the cause of a death for want of anybody who could go on. */
void blocked_cause(struct blocked *blocked, struct report_crash *crash);
