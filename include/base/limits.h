// SPDX-License-Identifier: MIT
#pragma once

/**
 * Every bound on what input can make the program do, with its reason. A bound that is reached is
 * reported: nothing is cut in silence.
 */
enum {
    LIMIT_SEGMENTS = 1 << 20,       ///< PT_LOAD segments; vm.max_map_count is 65,530 by default
    LIMIT_RELOCATED_PARTS = 16,     ///< of a file, that relocation changes; linkers make one or two
    LIMIT_SECTIONS = 1 << 20,       ///< section headers; a program has some dozens
    LIMIT_SYMBOLS = 1 << 24,        ///< symbols that are indexed; the largest Go programs have 10^6
    LIMIT_NOTES = 1 << 22,          ///< notes of a core: those of 10^5 threads and more
    LIMIT_NOTE_WARNINGS = 32,       ///< texts about what is broken in a core; the rest is counted
    LIMIT_BUILD_ID = 1024,          ///< bytes; GNU's have 20, Go's 83
    LIMIT_AUXV = 1 << 10,           ///< entries; Linux gives about 20
    LIMIT_THREADS = 1 << 15,        ///< kernel.pid_max as it comes; Go ends at 10,000 by itself
    LIMIT_NOTE_NAME = 4096,         ///< PATH_MAX, the longest path in NT_FILE
    LIMIT_SYMBOL_NAME = 1 << 16,    ///< names of instantiated generics reach a few thousand bytes
    LIMIT_MODULES = 1 << 10,        ///< moduledata.next links; plugins
    LIMIT_DEBUGINFOD_SECONDS = 60,  ///< that a server of debug information may take
    LIMIT_NATIVE_MODULES = 1 << 10, ///< libraries whose code is asked for
    LIMIT_NATIVE_IMAGE = 1 << 28,   ///< bytes of a library that are put together out of the core
    LIMIT_NATIVE_FRAMES = 4096,     ///< frames of C code in a row that are unwound
    LIMIT_NATIVE_STEPS = 1 << 20,   ///< frames of C code of all threads, each walked a few times
    LIMIT_FRAMES = 1 << 26,         ///< a 64 GB stack of the smallest frames
    LIMIT_INLINE_DEPTH = 512,       ///< the compiler's budget ends inlining long before
    LIMIT_PANICS = 256,             ///< nested panics of one goroutine
    LIMIT_PANIC_VALUES = 16,        ///< of these, at both ends, those whose values are read whole
    LIMIT_REPORT_PANICS = 2048,     ///< panics of all goroutines of one report
    LIMIT_PANIC_TEXT = 4 << 20,     ///< bytes of one goroutine's panics: each has LIMIT_MESSAGE
    LIMIT_DYING_FRAMES = 256,       ///< looked through for those that end a process
    LIMIT_WARNINGS = 1000,          ///< different warnings of one report; the rest is counted
    LIMIT_DEFERS = 1 << 16,         ///< deferred calls of one goroutine that are read
    LIMIT_REPORT_DEFERS = 1 << 20,  ///< deferred calls of all goroutines of one report
    LIMIT_ANCESTORS = 100,          ///< goroutines that led to one, of which a stack was kept
    LIMIT_LABELS = 256,             ///< profiler labels of one goroutine
    LIMIT_LABEL_TEXT = 4096,        ///< bytes of a label's key or value
    LIMIT_WAITERS = 1 << 20,        ///< a channel's or a lock's waiters
    LIMIT_MS = 1 << 18,             ///< allm links: debug.SetMaxThreads defaults to 10,000
    LIMIT_TYPE_DEPTH = 64,          ///< wrappers (typedef of typedef …) followed to a type
    LIMIT_TYPE_FIELDS = 1 << 16,    ///< fields of one struct type
    LIMIT_PC_TABLE = 1 << 20,       ///< pairs of one pcvalue table
    LIMIT_WORKERS = 64,             ///< threads: beyond them memory is what is waited for
    LIMIT_SYNC_NOTES = 1 << 12,     ///< places in code whose frames are read by what others had: 20
                                    ///< KB each at worst
    LIMIT_PC_MEMO = 1 << 17,        ///< pcs whose look-up is kept: large services have 10^4
    LIMIT_ARGUMENT_TEXT = 4096,     ///< bytes of one frame's argument text
    LIMIT_VARIABLES = 4096,         ///< variables of one frame
    LIMIT_DIE_DEPTH = 512,          ///< nested blocks and inlined calls of one function
    LIMIT_DWARF_UNITS = 1 << 20,    ///< a unit a package, one a file of C
    LIMIT_DWARF_RANGES = 1 << 22,   ///< address ranges of all units
    LIMIT_DWARF_NAMES = 1 << 24,    ///< types and package variables; functions of one unit
    LIMIT_EXPRESSION_STEPS = 4096,  ///< operations of one DWARF expression
    LIMIT_MAP_SCAN = 10000,         ///< map entries looked at; contract: beyond it the first found
    LIMIT_MAP_GROUPS = 1 << 22,     ///< buckets or groups visited of one map: maps never shrink
    LIMIT_VALUE_PARTS = 1 << 14,    ///< values read for one, below its own elements
    LIMIT_SCANNED_CODE = 1 << 18,   ///< bytes of one function's code that are decoded
    LIMIT_KEPT_CODE = 1 << 17,      ///< decoded instructions that are kept: 12 MB
    LIMIT_PIECED_SIZE = 1 << 16,    ///< bytes of a variable that lies in registers and pieces
    LIMIT_ERROR_CHAIN = 256,        ///< errors wrapped in one another whose texts make one
    LIMIT_SIGNATURE_STACKS = 4096, ///< different stacks of a deadlock that its signature is made of
    LIMIT_INSPECTED_WAITS = 50000, ///< goroutines that are looked at to say what one waits for
    LIMIT_FINDINGS = 100,          ///< findings of one report; nobody reads more
    LIMIT_MESSAGE = 1 << 20,       ///< bytes of one panic value's text
    LIMIT_MEMORY_SHOWN = 1 << 24,  ///< bytes of memory that one command shows
    LIMIT_BLOCKED_STUDIED =
        1 << 12,                  ///< goroutines whose code is followed to find who waits for whom
    LIMIT_BLOCKED_NAMES = 1 << 8, ///< objects that are named by the variables of a frame
    LIMIT_SPANS = 1 << 26,        ///< of the heap: 512 GB in pieces of 8 KB
    LIMIT_MARKED_BYTES = 1 << 28, ///< of memory that is looked through for pointers
    LIMIT_MAP_USERS = 1 << 10,    ///< goroutines that ran, looked at for the other user of a map
    LIMIT_SOURCE_FILE = 16 << 20, ///< bytes of a source file; generated ones reach some MB
    LIMIT_SECRET_WINDOWS = 1 << 20, ///< eight bytes in a row of secrets that are remembered
    LIMIT_SHORT_SECRETS = 256,      ///< secrets of 6 and 7 bytes: each is looked for by itself
};

#define LIMIT_TYPE_SIZE ((uint64_t)1 << 50)  ///< the compiler's own; runtime has *[1<<50-1]uint8
#define LIMIT_GOROUTINES ((uint64_t)1 << 28) ///< twice what 512 GB of 2 KB stacks hold
#define LIMIT_INFLATED_SECTION ((uint64_t)4 << 30) ///< one debug section
#define LIMIT_DWARF_IMAGE ((uint64_t)8 << 30)      ///< all debug sections that are read
#define LIMIT_XZ_MEMORY ((uint64_t)256 << 20)      ///< xz -9 takes 65 MB to unpack
#define LIMIT_INFLATED_FILE ((uint64_t)64 << 30)   ///< a core that comes compressed
#define LIMIT_INFLATED_SMALL ((uint64_t)4 << 30)   ///< any such core, most of it zero
#define LIMIT_INFLATED_RATIO 1024u                 ///< to its size as it came; gzip has no better
#define LIMIT_INFLATED_DATA ((uint64_t)1 << 29)    ///< of any such core, what is not zero
#define LIMIT_INFLATED_DATA_RATIO 64u              ///< of that; heaps have 3 to 20
