// SPDX-License-Identifier: MIT
#include "base/limits.h"
#include "link_map_internal.h"

#include <elf.h>
#include <string.h>

enum {
    DYNAMIC_MAX = 256, // entries; a program has about thirty
    LINK_MAP_SIZE = 32,
};

/** The address of the linker's struct r_debug, which it writes into the program's DT_DEBUG. */
static bool find_debug(const struct address_space *space, struct elf_file *binary, target_addr bias,
                       target_addr *out)
{
    size_t count = 0;
    const struct elf_segment *segments = elf_file_segments(binary, &count);
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_DYNAMIC)
            continue;
        for (unsigned k = 0; k < DYNAMIC_MAX; k++) {
            uint8_t entry[16];
            if (!address_space_try_read(space, segments[i].address + bias + 16 * k, entry,
                                        sizeof entry))
                return false;
            if (load_u64(entry) == DT_NULL)
                return false;
            *out = load_u64(entry + 8);
            if (load_u64(entry) == DT_DEBUG)
                return *out != 0;
        }
    }
    return false;
}

/** A path out of the target's memory; NULL where there is none, or it has no end. */
static const char *read_path(const struct address_space *space, target_addr address,
                             struct arena *arena)
{
    enum { PATH_SIZE_MAX = 4096 };
    struct bytes view = address_space_view(space, address, PATH_SIZE_MAX);
    const uint8_t *end = view.size ? memchr(view.data, 0, view.size) : NULL;
    if (!end || end == view.data)
        return NULL; // the program itself has an empty one
    return arena_copy(arena, (const char *)view.data, (size_t)(end - view.data));
}

size_t link_map_read(const struct address_space *space, struct elf_file *binary, target_addr bias,
                     struct arena *arena, struct loaded_library **out)
{
    target_addr debug, at;
    size_t count = 0;
    *out = NULL;
    // r_version, four bytes of padding, r_map
    if (!find_debug(space, binary, bias, &debug) || !address_space_try_u64(space, debug + 8, &at))
        return 0;
    struct loaded_library *libraries = arena_alloc(arena, LIMIT_NATIVE_MODULES * sizeof *libraries);
    for (size_t links = 0; at && links < LIMIT_NATIVE_MODULES; links++) {
        uint8_t map[LINK_MAP_SIZE]; // l_addr, l_name, l_ld, l_next
        if (!address_space_try_read(space, at, map, sizeof map))
            break;
        struct loaded_library library = {.base = load_u64(map), .end = load_u64(map + 16)};
        library.path = read_path(space, load_u64(map + 8), arena);
        if (library.path && library.end > library.base)
            libraries[count++] = library;
        at = load_u64(map + 24);
    }
    *out = libraries;
    return count;
}

bool link_map_is_file(const struct address_space *space, const struct elf_file *file,
                      target_addr bias)
{
    enum { ENOUGH = 64, CHANGED_PER = 8 };
    AUTO(address_space) initial = address_space_new_initial(file, bias);
    uint64_t same = 0, others = 0;
    size_t count;
    const struct elf_segment *segments = elf_file_segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t size = segments[i].memory_size;
        if (segments[i].type != PT_GNU_RELRO || size > LIMIT_NATIVE_IMAGE)
            continue;
        for (uint64_t at = 0; at + 8 <= size; at += 8) {
            target_addr address = segments[i].address + bias + at;
            uint64_t linked, found;
            if (!address_space_try_u64(initial, address, &linked) || linked < bias)
                continue; // no address of the library's own
            if (!address_space_try_u64(space, address, &found))
                continue;
            same += found == linked;
            others += found != linked;
        }
    }
    return same >= ENOUGH && others <= same / CHANGED_PER;
}
