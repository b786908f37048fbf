// SPDX-License-Identifier: MIT
#pragma once

#include "base/cursor.h"
#include "base/table.h"
#include "image/core_stream.h"
#include "image/elf_file.h"

#include <pthread.h>

struct elf_file {
    char *path;
    struct core_stream *stream;
    struct bytes bytes;
    uint16_t type, machine;
    target_addr entry;
    struct elf_segment *segments;
    size_t segment_count;
    struct elf_section *sections;
    size_t section_count;
    char *build_id, *go_build_id;

    pthread_mutex_t lock;   // guards what follows
    struct bytes *inflated; // by section; data owned, NULL: not yet
    size_t names_looked_up; // by elf_file_symbol()
    struct table *symbols;  // hash of a name to 1 + number of its first symbol
};

/**
 * Reads the file header, the tables of segments and sections, and the build ids. They are read with
 * cursors and not with libelf: a core's may be cut anywhere, and libelf's handles stay on one
 * thread, while workers inflate sections.
 */
MUST_USE struct error *elf_tables_read(struct elf_file *file);

/** A string of a string table; "" where it has no end there. */
const char *elf_string_at(struct bytes strings, uint32_t offset);
