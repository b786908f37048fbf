// SPDX-License-Identifier: MIT
#pragma once

#include "report/listing.h"

#include "report/json_internal.h"
#include "report/text_internal.h"

/** Writes an element as text, and counts it. */
void listing_flush(struct listing *listing, const struct buffer *text);

/** Writes an element of the JSON list: its text. */
void listing_put_text(struct listing *listing, const struct buffer *element);

/** Writes an element of the JSON list, and releases it. */
void listing_put(struct listing *listing, json_t *element);
