// SPDX-License-Identifier: MIT
#pragma once

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

/** Writes a value that jansson made, its lines two blanks in, and releases it. */
void json_write(FILE *out, json_t *json, size_t flags);

json_t *json_value(const struct value *value);
json_t *json_signal(const struct report_signal *signal);
json_t *json_panics(const struct report_panic_list *panics);
json_t *json_frames(const struct report_frame_list *frames);
json_t *json_goroutine(const struct report_goroutine *goroutine);
json_t *json_thread(const struct report_thread *thread);
json_t *json_binary(const struct report_binary *binary);
json_t *json_core(const struct report_core *core);
json_t *json_runtime(const struct report_runtime *runtime);
json_t *json_crash(const struct report_crash *crash);
json_t *json_group(const struct report_group *group);
json_t *json_finding(const struct report_finding *finding);
