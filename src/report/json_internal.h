// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "model/crash_report.h"

#include <jansson.h>
#include <stdio.h>

/** The parts of the report as JSON objects; each is a new reference. */

/** Valid UTF-8 whatever text holds: an invalid byte becomes the four characters \xff. */
json_t *json_text(const char *text);
json_t *json_hex(uint64_t number);
json_t *json_count(uint64_t number);
json_t *json_ids(const struct id_list *ids);
json_t *json_strings(const struct string_list *strings);
json_t *json_pairs(const struct key_value_list *pairs);

/** Sets a member, taking value over; text that is NULL leaves it out. */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_text(json_t *object, const char *key, const char *text);

/** Appends a character that JSON takes as it is, unless it can steer a terminal. */
void json_put_rune(struct buffer *out, const char *bytes, size_t size, uint32_t rune);

/** Appends a string in its quotes, as json_text() and json_append() together do. */
void json_put_string(struct buffer *out, const char *text);

/** Appends a value that jansson made, its lines two blanks in, and releases it. */
void json_append(struct buffer *out, json_t *json, size_t flags);

/** Appends one goroutine, or one thread, on one line. */
void json_put_goroutine(struct buffer *out, const struct report_goroutine *goroutine);
void json_put_thread(struct buffer *out, const struct report_thread *thread);

/** The same as json_append(), into a file. */
void json_write(FILE *out, json_t *json, size_t flags);

json_t *json_value(const struct value *value);
json_t *json_signal(const struct report_signal *signal);
json_t *json_panics(const struct report_panic_list *panics);
/** Appends the object of one frame. */
void json_frame(struct buffer *out, const struct report_frame *frame);
json_t *json_binary(const struct report_binary *binary);
json_t *json_core(const struct report_core *core);
json_t *json_runtime(const struct report_runtime *runtime);
json_t *json_crash(const struct report_crash *crash);
json_t *json_group(const struct report_group *group);
json_t *json_finding(const struct report_finding *finding);
