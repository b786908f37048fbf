// SPDX-License-Identifier: MIT
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/crash_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Hides secrets: knows them by the name that they go under and by their look, remembers their
 * bytes, and takes them out of every text that leaves wherever they turn up again, whole or in
 * part, as text, escaped, in hex or base64, or as a list of numbers. docs/report-format.md says
 * what counts as a secret.
 *
 * What is hidden in a text depends on what was learnt before it, so everything that is printed
 * together is learnt first, then filtered. One thread only.
 */
struct redaction;

struct redaction *redaction_new(void);
void redaction_free(struct redaction *redaction);
DEFINE_AUTO(redaction);

/**
 * Adds what else is secret: text that matches, and the values of names that match.
 * @param pattern  an extended regular expression
 * @return ERROR_INPUT where it is none
 */
MUST_USE struct error *redaction_add_pattern(struct redaction *redaction, const char *pattern);

/** Text of which the end was cut off may end in the beginning of a secret; in source code only a
 * literal can be one. */
enum redaction_text { REDACTION_WHOLE, REDACTION_CUT, REDACTION_SOURCE };

/** Remembers the secrets in a text, or in a value and all that it leads to. */
void redaction_learn_text(struct redaction *redaction, const char *text, size_t size);
void redaction_learn_value(struct redaction *redaction, const struct value *value);
void redaction_learn_values(struct redaction *redaction, const struct value_list *values);
void redaction_learn_goroutine(struct redaction *redaction,
                               const struct report_goroutine *goroutine);
void redaction_learn_head(struct redaction *redaction, const struct report_head *head);

/**
 * Takes the secrets out.
 * @param redaction  NULL: nothing is hidden
 * @param arena      for what has to be written anew
 * @return text itself where there is nothing to hide, NULL for NULL
 */
const char *redaction_text(struct redaction *redaction, struct arena *arena, const char *text,
                           enum redaction_text kind);
void redaction_value(struct redaction *redaction, struct arena *arena, struct value *value);
void redaction_values(struct redaction *redaction, struct arena *arena,
                      const struct value_list *values);
/** The value of an expression: what it was taken out of names it. */
void redaction_result(struct redaction *redaction, struct arena *arena, const char *expression,
                      struct value *value);
void redaction_goroutine(struct redaction *redaction, struct arena *arena,
                         struct report_goroutine *goroutine);
void redaction_head(struct redaction *redaction, struct arena *arena, struct report_head *head);
void redaction_tail(struct redaction *redaction, struct arena *arena, struct report_tail *tail);

/** Whether the eight bytes of a word, as they lie in memory, are part of a secret. */
bool redaction_hides_word(const struct redaction *redaction, uint64_t word);

/** Whether more secrets were met than are remembered: those that came late are hidden at their own
 * place alone. */
bool redaction_is_full(const struct redaction *redaction);
