// SPDX-License-Identifier: MIT
#pragma once

#include "values_internal.h"

/** Sets out->summary where type is one of those that people read in another form. */
void well_known_describe(struct value_reader *reader, struct go_type *type, struct storage storage,
                         struct value *out);
