// SPDX-License-Identifier: MIT
#pragma once

#include "base/buffer.h"
#include "report/json_internal.h"

/**
 * Writes on one line what comes by the million, without making objects of it: the same text as
 * json_write() makes of jansson's.
 */
struct json_writer {
    struct buffer *out; ///< borrowed
    bool behind;        ///< an element stands in front: a comma is due
};

/** "{" or "[" of a new object or list, and what ends it. */
void json_open(struct json_writer *writer, char bracket);
void json_close(struct json_writer *writer, char bracket);

/** An element of a list, or a member's value: what stands in front of it. key NULL: an element. */
void json_begin(struct json_writer *writer, const char *key);

/** Members; text that is NULL leaves one out. */
void json_add_text(struct json_writer *writer, const char *key, const char *text);
void json_add_count(struct json_writer *writer, const char *key, uint64_t number);
void json_add_integer(struct json_writer *writer, const char *key, int64_t number);
void json_add_hex(struct json_writer *writer, const char *key, uint64_t number);
void json_add_boolean(struct json_writer *writer, const char *key, bool value);

/** A member that jansson made, which is released. */
void json_add(struct json_writer *writer, const char *key, json_t *value);
