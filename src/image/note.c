// SPDX-License-Identifier: MIT
#include "base/checked.h"
#include "image/elf_file.h"
#include "image/note_internal.h"

#include <string.h>

/** Rounds up to 4; sizes have 32 bits, so that nothing overflows. */
static uint64_t padded(uint64_t size)
{
    return (size + 3) & ~(uint64_t)3;
}

bool note_next(struct bytes notes, size_t *offset, struct note *out)
{
    struct cursor c = {.bytes = notes, .offset = *offset};
    uint32_t name_size = cursor_u32(&c);
    uint32_t description_size = cursor_u32(&c);
    uint32_t type = cursor_u32(&c);
    struct bytes name = cursor_take(&c, name_size);
    if (!cursor_ok(&c))
        return false;
    while (name.size && name.data[name.size - 1] == 0) // Go counts its padding: "Go\0\0", 4 bytes
        name.size--;
    uint64_t start = *offset + 12 + padded(name_size);
    uint64_t left = start < notes.size ? notes.size - start : 0;
    *out = (struct note){.name = name, .type = type, .promised = description_size};
    out->description = bytes_slice(notes, start, description_size < left ? description_size : left);
    uint64_t end = start + padded(description_size);
    *offset = end < notes.size ? (size_t)end : notes.size;
    return true;
}

bool note_is(const struct note *note, const char *name, uint32_t type)
{
    return note->type == type && note->name.size == strlen(name) &&
           memcmp(note->name.data, name, note->name.size) == 0;
}

struct bytes elf_note_find(struct bytes notes, const char *name, uint32_t type)
{
    struct note note;
    for (size_t offset = 0; note_next(notes, &offset, &note);)
        if (note_is(&note, name, type) && note.description.size == note.promised)
            return note.description;
    return (struct bytes){0};
}
