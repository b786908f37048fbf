// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "base/checked.h"
#include "model/value_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Structs of the standard library that say little by their fields. */

/** Go's math/big: a/b as Rat.String has it; without a denominator it is whole. */
static bool describe_rat(struct description *description, struct go_type *type,
                         struct storage storage)
{
    struct go_type *part = NULL;
    struct storage numerator = {0}, denominator = {0};
    uint64_t words = 0;
    if (!description_field(description, type, storage, "b", &part, &denominator) ||
        storage_word(description_reader(description), storage_part(denominator, 8), 8, &words) ||
        !description_field(description, type, storage, "a", &part, &numerator) ||
        !describe_big_int(description, part, numerator))
        return false;
    description_text(description, "/");
    if (words == 0)
        description_text(description, "1");
    return words == 0 || describe_big_int(description, part, denominator);
}

/** The first 64 bits of a big.Float's mantissa, which is below 1, and whether there are more. */
static bool load_mantissa(struct description *description, struct go_type *type,
                          struct storage storage, uint64_t *out, bool *more)
{
    enum { WORDS_MAX = 64 };
    const struct value_reader *reader = description_reader(description);
    struct go_type *slice = NULL;
    struct storage field = {0};
    uint64_t address = 0, count = 0, word = 0;
    if (!description_field(description, type, storage, "mant", &slice, &field) ||
        storage_word(reader, field, 0, &address) || storage_word(reader, field, 8, &count) ||
        count == 0 || count > WORDS_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) { // the least one first
        if (!address_space_try_u64(reader->program->space, address + 8 * i, &word))
            return false;
        *more |= i + 1 < count && word != 0;
    }
    *out = word;
    return true;
}

static void put_float(char *out, size_t size, long double mantissa, int64_t power)
{
    snprintf(out, size, "%.10Lg", ldexpl(mantissa, (int)power - 64));
}

/** Go's math/big, Float.String: ten digits, where they do not hang on more than 64 bits. */
static bool describe_float(struct description *description, struct go_type *type,
                           struct storage storage)
{
    enum { ZERO, FINITE, INFINITE, EXPONENT_MAX = 16000 };
    uint64_t form = 0, negative = 0, exponent = 0, mantissa = 0;
    bool more = false;
    char text[64], above[64];
    if (!description_number(description, type, storage, "form", &form) ||
        !description_number(description, type, storage, "neg", &negative) ||
        !description_number(description, type, storage, "exp", &exponent) || form > INFINITE)
        return false;
    if (form == INFINITE) {
        description_text(description, negative ? "-Inf" : "+Inf");
        return true;
    }
    if (form == ZERO) {
        description_text(description, negative ? "-0" : "0");
        return true;
    }
    int64_t power = (int64_t)exponent;
    if (!load_mantissa(description, type, storage, &mantissa, &more) || power > EXPONENT_MAX ||
        power < -EXPONENT_MAX || sizeof(long double) < 16)
        return false;
    put_float(text, sizeof text, (long double)mantissa, power);
    put_float(above, sizeof above, (long double)mantissa + 1, power);
    if (more && strcmp(text, above) != 0)
        return false;
    description_text(description, "%s%s", negative ? "-" : "", text);
    return true;
}

/** A whole number that Go's log/slog keeps in `num`, by the kind in `any`. */
static bool describe_slog_number(struct description *description, uint64_t kind, uint64_t number)
{
    enum { BOOL = 1, DURATION, FLOAT64, INT64, UINT64 = 7 };
    AUTO_TEXT text = {0};
    double real;
    switch (kind) {
    case BOOL:
        description_text(description, number ? "true" : "false");
        return true;
    case DURATION:
        description_duration(description, (int64_t)number);
        return true;
    case FLOAT64:
        memcpy(&real, &number, sizeof real);
        value_float_text(&text, real, false);
        description_text(description, "%s", buffer_text(&text));
        return true;
    case INT64:
        description_text(description, "%" PRId64, (int64_t)number);
        return true;
    case UINT64:
        description_text(description, "%" PRIu64, number);
        return true;
    default:
        return false;
    }
}

/** Go's log/slog/value.go: what `num` means depends on the type in `any`. */
static bool describe_slog_value(struct description *description, struct go_type *type,
                                struct storage storage)
{
    struct go_type *any = NULL, *held = NULL;
    struct storage field = {0}, value = {0};
    uint64_t number = 0, word = 0;
    const struct value_reader *reader = description_reader(description);
    if (!description_number(description, type, storage, "num", &number) ||
        !description_field(description, type, storage, "any", &any, &field) ||
        storage_word(reader, field, 0, &word))
        return false;
    if (word == 0) {
        description_text(description, "<nil>");
        return true;
    }
    if (!description_dynamic(description, any, field, &held, &value))
        return false;
    if (strcmp(type_full_name(held), "log/slog.Kind") == 0)
        return description_integer(description, held, value, &word) &&
               describe_slog_number(description, word, number);
    if (strcmp(type_full_name(held), "log/slog.stringptr") == 0)
        return !storage_word(reader, value, 0, &word) &&
               description_quoted(description, word, number);
    if (strncmp(type_full_name(held), "log/slog.", 9) == 0)
        return false; // a time, a group
    description_brief(description, any, field);
    return true;
}

static bool describe_slog_attribute(struct description *description, struct go_type *type,
                                    struct storage storage)
{
    struct go_type *part = NULL;
    struct storage field = {0};
    return description_template(description, "{Key}=", type, storage) &&
           description_field(description, type, storage, "Value", &part, &field) &&
           describe_slog_value(description, part, field);
}

/** Go's container/list: how many, and the first of them. */
static bool describe_list(struct description *description, struct go_type *type,
                          struct storage storage)
{
    const struct value_reader *reader = description_reader(description);
    struct go_type *element = NULL, *any = NULL, *pointer = NULL;
    struct storage root = {0}, field = {0}, value = {0};
    uint64_t length = 0, address = 0;
    if (!description_number(description, type, storage, "len", &length) ||
        !description_field(description, type, storage, "root", &element, &root) ||
        !root.in_memory || length >> 40)
        return false;
    description_text(description, "%" PRIu64 " %s [", length, length == 1 ? "item" : "items");
    field = root;
    uint64_t shown = length < reader->limits.items ? length : reader->limits.items;
    for (uint64_t i = 0; i < shown; i++) {
        if (!description_field(description, element, field, "next", &pointer, &value) ||
            storage_word(reader, value, 0, &address) || !address || address == root.address)
            return false;
        field = storage_at(address);
        if (!description_field(description, element, field, "Value", &any, &value))
            return false;
        description_text(description, i ? ", " : "");
        description_brief(description, any, value);
    }
    if (shown < length)
        description_text(description, "%s…%" PRIu64 " more", shown ? ", " : "", length - shown);
    description_text(description, "]");
    return true;
}

/** Go's time/zoneinfo.go, Location.String. */
static bool describe_location(struct description *description, struct go_type *type,
                              struct storage storage)
{
    struct go_type *string = NULL;
    struct storage field = {0};
    struct bytes name = {0};
    if (!description_field(description, type, storage, "name", &string, &field) ||
        !description_string(description, field, &name))
        return false;
    if (name.size == 0)
        description_text(description, "UTC");
    description_bytes(description, (const char *)name.data, name.size);
    return true;
}

static const struct well_known rows[] = {
    {"math/big.Rat", NULL, describe_rat, NULL},
    {"math/big.Float", NULL, describe_float, NULL},
    {"log/slog.Value", NULL, describe_slog_value, NULL},
    {"log/slog.Attr", NULL, describe_slog_attribute, NULL},
    {"container/list.List", NULL, describe_list, NULL},
    {"time.Location", NULL, describe_location, NULL},
    {"regexp.Regexp", "{expr:q}", NULL, NULL},
    {"text/template.Template", "template {name:q}", NULL, NULL},
    {"html/template.Template", "template {text.name:q}", NULL, NULL},
    {"os.File", "{file.name:q} (fd {file.pfd.Sysfd})", NULL, NULL},
};
const struct well_known_list well_known_objects = {rows, COUNT_OF(rows)};
