// SPDX-License-Identifier: MIT
#include "well_known.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "model/value_text.h"
#include "text_bytes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool description_quoted(struct description *description, target_addr address, uint64_t length)
{
    const struct value_reader *reader = description_reader(description);
    uint64_t limit = reader->limits.string < LIMIT_MESSAGE ? reader->limits.string : LIMIT_MESSAGE;
    size_t size = (size_t)(length < limit ? length : limit);
    AUTO_BUFFER char *bytes = alloc_bytes(size + 1);
    if (size > 0 && !address_space_try_read(reader->program->space, address, bytes, size))
        return false;
    if (size < length)
        size = utf8_whole(bytes, size);
    AUTO_TEXT text = {0};
    value_quote(&text, bytes, size);
    if (size < length) {
        buffer_puts(&text, "…+");
        value_count_text(&text, length - size);
        buffer_puts(&text, " bytes");
    }
    description_bytes(description, buffer_text(&text), text.size);
    return true;
}

/** A []byte field's words. */
static bool slice_field(struct description *description, struct go_type *type,
                        struct storage storage, const char *name, uint64_t *address,
                        uint64_t *length)
{
    const struct value_reader *reader = description_reader(description);
    struct go_type *slice = NULL;
    struct storage field = {0};
    return description_field(description, type, storage, name, &slice, &field) &&
           slice->kind == GO_SLICE && !storage_word(reader, field, 0, address) &&
           !storage_word(reader, field, 8, length) && *length >> 47 == 0;
}

/** What has been written and not yet read. */
static bool describe_buffer(struct description *description, struct go_type *type,
                            struct storage storage)
{
    uint64_t address = 0, length = 0, read = 0;
    if (!slice_field(description, type, storage, "buf", &address, &length) ||
        !description_number(description, type, storage, "off", &read) || read > length)
        return false;
    return description_quoted(description, address + read, length - read);
}

static bool describe_builder(struct description *description, struct go_type *type,
                             struct storage storage)
{
    uint64_t address = 0, length = 0;
    return slice_field(description, type, storage, "buf", &address, &length) &&
           description_quoted(description, address, length);
}

/** Divides a number of many words, the least one first, by a power of ten. @return the rest */
static uint64_t divide(uint64_t *words, size_t count, uint64_t by)
{
    __extension__ typedef unsigned __int128 wide;
    wide rest = 0;
    for (size_t i = count; i-- > 0;) {
        rest = rest << 64 | words[i];
        words[i] = (uint64_t)(rest / by);
        rest %= by;
    }
    return (uint64_t)rest;
}

/** big.Int: a sign and words of 64 bits, the least one first. */
bool describe_big_int(struct description *description, struct go_type *type, struct storage storage)
{
    enum { WORDS_MAX = 64, DIGITS = 19, CHUNKS_MAX = WORDS_MAX * 64 / 63 + 2 };
    const uint64_t power = UINT64_C(10000000000000000000);
    uint64_t address = 0, count = 0, negative = 0, words[WORDS_MAX], chunks[CHUNKS_MAX];
    if (!slice_field(description, type, storage, "abs", &address, &count) ||
        !description_number(description, type, storage, "neg", &negative) || count > WORDS_MAX)
        return false;
    const struct address_space *space = description_reader(description)->program->space;
    for (size_t i = 0; i < count; i++) {
        if (!address_space_try_u64(space, address + 8 * i, &words[i]))
            return false;
    }
    size_t chunk_count = 0;
    while (count > 0) {
        chunks[chunk_count++] = divide(words, (size_t)count, power);
        while (count > 0 && words[count - 1] == 0)
            count--;
    }
    description_text(description, "%s%" PRIu64, negative ? "-" : "",
                     chunk_count ? chunks[chunk_count - 1] : 0);
    for (size_t i = chunk_count > 0 ? chunk_count - 1 : 0; i-- > 0;)
        description_text(description, "%0*" PRIu64, (int)DIGITS, chunks[i]);
    return true;
}

/** What it holds in brief, for that may be anything. */
static bool describe_reflect(struct description *description, struct go_type *type,
                             struct storage storage)
{
    struct go_type *held = NULL;
    uint64_t address = 0;
    if (!description_number(description, type, storage, "typ_", &address) && // Go 1.21
        !description_number(description, type, storage, "typ", &address))
        return false;
    if (address == 0) {
        description_text(description, "<invalid reflect.Value>");
        return true;
    }
    struct error *err = type_from_runtime(description_reader(description)->types, address, &held);
    if (err) {
        error_ignore(err);
        return false;
    }
    struct go_type *pointer = NULL;
    struct storage data = {0};
    uint64_t flag = 0, word = 0;
    enum { FLAG_INDIRECT = 1 << 7 };
    if (!description_number(description, type, storage, "flag", &flag) ||
        !description_field(description, type, storage, "ptr", &pointer, &data) ||
        storage_word(description_reader(description), data, 0, &word))
        return false;
    description_text(description, "reflect.Value of ");
    description_brief(description, held, flag & FLAG_INDIRECT ? storage_at(word) : data);
    return true;
}

/** The name of the type that a reflect.Type stands for: the descriptor lies where it points to. */
static bool describe_type(struct description *description, struct go_type *type,
                          struct storage storage)
{
    struct go_type *named = NULL;
    (void)type;
    if (!storage.in_memory)
        return false;
    struct error *err =
        type_from_runtime(description_reader(description)->types, storage.address, &named);
    if (err) {
        error_ignore(err);
        return false;
    }
    description_text(description, "%s", named->name);
    return true;
}

static const struct well_known rows[] = {
    {"*reflect.rtype", NULL, describe_type, NULL},
    {"bytes.Buffer", NULL, describe_buffer, NULL},
    {"strings.Builder", NULL, describe_builder, NULL},
    {"math/big.Int", NULL, describe_big_int, NULL},
    {"reflect.Value", NULL, describe_reflect, NULL},
};
const struct well_known_list well_known_texts = {rows, COUNT_OF(rows)};
