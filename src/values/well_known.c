// SPDX-License-Identifier: MIT
#include "well_known.h"

void well_known_describe(struct value_reader *reader, struct go_type *type, struct storage storage,
                         struct value *out)
{
    (void)reader;
    (void)type;
    (void)storage;
    (void)out;
}
