// SPDX-License-Identifier: MIT
#include "values_internal.h"

#include "base/checked.h"

#include <string.h>

const char not_in_core[] = "not in the core";
const char optimized_out[] = "optimized out here";

struct storage storage_at(target_addr address)
{
    return (struct storage){.in_memory = true, .address = address};
}

struct storage storage_part(struct storage storage, uint64_t offset)
{
    if (storage.in_memory) {
        storage.address += offset;
    } else if (storage.bytes) { // a string that an expression made has none: operand.has_text
        storage.bytes += offset;
        if (storage.known)
            storage.known += offset;
    }
    return storage;
}

static bool all_known(const uint8_t *known, size_t size)
{
    return !known || !memchr(known, 0, size);
}

const char *storage_load(const struct value_reader *reader, struct storage storage, uint64_t offset,
                         void *out, size_t size)
{
    struct storage part = storage_part(storage, offset);
    if (!part.in_memory) {
        if (!all_known(part.known, size))
            return optimized_out;
        memcpy(out, part.bytes, size);
        return NULL;
    }
    uint64_t end = 0;
    if (!checked_add(part.address, size, &end) ||
        !address_space_try_read(reader->program->space, part.address, out, size))
        return not_in_core;
    return NULL;
}

const char *storage_word(const struct value_reader *reader, struct storage storage, uint64_t offset,
                         uint64_t *out)
{
    uint8_t bytes[8];
    const char *missing = storage_load(reader, storage, offset, bytes, sizeof bytes);
    if (!missing)
        *out = load_u64(bytes);
    return missing;
}

const char *storage_missing(const struct value_reader *reader, struct storage storage,
                            uint64_t size)
{
    if (size == 0)
        return NULL;
    if (!storage.in_memory) {
        bool none = storage.known && !memchr(storage.known, 1, size);
        return none ? optimized_out : NULL;
    }
    // A hole in the middle costs the fields in it; only a value without both ends is missing whole.
    const struct address_space *space = reader->program->space;
    uint8_t byte;
    if (address_space_try_u8(space, storage.address, &byte) ||
        address_space_try_u8(space, storage.address + size - 1, &byte))
        return NULL;
    return not_in_core;
}

struct storage storage_of_words(struct arena *arena, uint64_t type_word, uint64_t data_word)
{
    uint8_t *bytes = arena_alloc(arena, 16);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(type_word >> (8 * i));
        bytes[8 + i] = (uint8_t)(data_word >> (8 * i));
    }
    return (struct storage){.bytes = bytes};
}
