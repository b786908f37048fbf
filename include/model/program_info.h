// SPDX-License-Identifier: MIT
#pragma once

#include "model/crash_report.h"

/** Where a kind of knowledge comes from, the best first. */
enum info_rung {
    RUNG_DWARF,
    RUNG_SYMBOLS,          ///< the symbol table
    RUNG_TYPE_DESCRIPTORS, ///< the runtime's own, which interface values point to
    RUNG_GO_TABLES,        ///< pclntab, funcdata, moduledata: what the runtime itself uses
    RUNG_RELEASE_TABLES,   ///< built into gocrash for each Go release
    RUNG_MEMORY,           ///< searched for in memory, and checked
    RUNG_NONE,
};
const char *info_rung_name(enum info_rung rung);

/** What one part of a report stands on. */
struct info_source {
    const char *part; ///< "arguments by name and locals"
    enum info_rung rung;
    const char *detail; ///< NULL: nothing to add
    const char *advice; ///< what would have given more, or NULL: nothing would
};

struct info_mapping {
    uint64_t start, end, file_offset;
    const char *path;
};

/** A file with Go code beside the binary: a plugin that it opened. */
struct info_module {
    const char *path;
    const char *build_id;   ///< NULL: it has none
    const char *debug_file; ///< separate debug information that is read for it; NULL: none
    bool has_dwarf;         ///< of its own or in debug_file
};

/** What `gocrash info` prints: the two files, and how well they can be read. Plain data. */
struct program_info {
    struct report_binary binary;
    struct report_core core;
    bool is_library; ///< binary is the Go library of a C program
    size_t go_module_count;
    uint64_t function_count;
    struct info_source *sources;
    size_t source_count;
    struct info_module *modules;
    size_t module_count;
    struct info_mapping *mappings;
    size_t mapping_count;
    struct string_list missing;
};
