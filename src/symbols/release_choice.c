// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "release_choice_internal.h"
#include "symbols/dwarf_index.h"
#include "symbols/moduledata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * Functions of package runtime that every program has from a release on, whatever it does, and none
 * had before; two of each, for a later patch release might rename one. Go 1.15 and 1.16 have none.
 */
static const struct mark {
    int since;
    const char *name;
} marks[] = {
    {27, "moduleTypelinks"},        {27, "addModuleItabs"},
    {26, "exitsyscallNoP"},         {26, "exitsyscallTryGetP"},
    {25, "finishDebugVarsSetup"},   {25, "(*cleanupQueue).flush"},
    {24, "mallocgcSmallNoscan"},    {24, "mutexPreferLowLatency"},
    {23, "(*timer).unlockAndRun"},  {23, "mProfStackInit"},
    {22, "(*_panic).nextFrame"},    {22, "mrandinit"},
    {21, "(*unwinder).next"},       {21, "doInit1"},
    {20, "(*m).becomeSpinning"},    {20, "runExitHooks"},
    {19, "(*scavengerState).park"}, {19, "(*gcCPULimiterState).updateLocked"},
    {18, "allGsSnapshot"},          {18, "(*moduledata).textAddr"},
    {17, "osyield_no_g"},           {17, "usleep_no_g"},
};

static int mark_of(const char *name, size_t size)
{
    static const char package[] = "runtime.";
    size_t skip = sizeof package - 1;
    if (size <= skip || memcmp(name, package, skip) != 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (strlen(marks[i].name) == size - skip &&
            memcmp(marks[i].name, name + skip, size - skip) == 0)
            return marks[i].since;
    return 0;
}

/** What the names of the runtime's functions tell. */
struct marks_seen {
    int newest;         ///< the newest release of which there is a mark; 0: none
    bool allp_snapshot; ///< see go_release_add_allp_snapshot()
};

/** @param claimed  up to which release marks are looked for where they usually are not */
static struct marks_seen look_for_marks(struct bytes names, int claimed)
{
    // The linker writes the runtime's names before those of the packages that use it: of tables of
    // 0.2 to 17 MB the last mark stood at 31 to 66 KB. More is read only to find what is missing.
    enum { USUAL = 128 << 10 };
    static const char snapshot[] = "runtime.(*m).snapshotAllp";
    struct marks_seen seen = {0};
    for (size_t at = 0; at < names.size;) {
        if (at > USUAL && seen.newest >= claimed)
            break;
        const char *name = (const char *)names.data + at;
        const char *end = memchr(name, 0, names.size - at);
        if (!end)
            break;
        size_t size = (size_t)(end - name);
        int mark = mark_of(name, size);
        seen.newest = mark > seen.newest ? mark : seen.newest;
        seen.allp_snapshot |= size == sizeof snapshot - 1 && memcmp(name, snapshot, size) == 0;
        at += size + 1;
    }
    return seen;
}

static struct error *read_modules(struct program *program)
{
    struct error *err = module_list_read(program, program->space, &program->modules);
    if (!err)
        return NULL;
    // Lost in the core. The linker wrote it, and nobody else changes what is read of it.
    if (!program->initial)
        program->initial = address_space_new_initial(program->binary, program->bias);
    struct error *second = module_list_read(program, program->initial, &program->modules);
    error_ignore(second ? second : err);
    return second ? err : NULL;
}

/**
 * The layouts of a release that the tables do not know: from DWARF if it is there. Of those that
 * they know DWARF says the same, and finding it there would cost each run its opening.
 */
static void read_layouts(struct program *program)
{
    struct dwarf_index *dwarf;
    if (!program->release->unknown)
        return;
    struct error *err = program_dwarf(program, &dwarf);
    if (!err)
        err = go_release_read_layouts(program->release, dwarf);
    error_ignore(err); // program_layout_warning() says that the nearest tables are used
}

/** Takes another release's layouts and tables. */
static struct error *use_release(struct program *program, int minor, const char *unknown)
{
    module_list_free(program->modules);
    program->modules = NULL;
    go_release_free(program->release);
    program->release = go_release_of_minor(minor, alloc_string(unknown));
    read_layouts(program);
    return read_modules(program);
}

static struct marks_seen marks_of_program(const struct program *program, int claimed)
{
    // Go 1.15 has one table for everything; the mark at its head tells it from all others.
    const struct module *module = &program->modules->items[0];
    return module->minor == GO_RELEASE_OLDEST ? (struct marks_seen){0}
                                              : look_for_marks(module->funcnametab, claimed);
}

/** Puts the layouts right that a patch release changed. */
static void take_patches(struct program *program, const struct marks_seen *seen)
{
    struct go_release *release = program->release;
    if (seen->allp_snapshot && (release->minor == 23 || release->minor == 24) &&
        !release->from_dwarf)
        go_release_add_allp_snapshot(release);
}

/** Whether the functions are those of another release than the version says. */
static bool is_contradicted(const struct program *program, int mark)
{
    const struct go_release *release = program->release;
    int claimed = release->real_minor;
    if (!mark) // of 1.15 or 1.16, or their names are hidden
        return false;
    if (claimed > GO_RELEASE_NEWEST) // one that is newer may have lost those of the newest known
        return mark < GO_RELEASE_NEWEST - 1;
    if (go_release_is_development(program->buildinfo->go_version))
        return mark > claimed || mark < claimed - 1; // on the way to it
    return mark != claimed;
}

/** What a version is replaced for; the caller frees. */
static char *why_another(const char *version, int mark)
{
    struct buffer text = {0};
    if (!*version)
        buffer_puts(&text, "the binary does not say which release of Go built it");
    else
        buffer_printf(&text, "the binary says of itself that it was built by \"%s\"", version);
    if (mark)
        buffer_printf(&text, ", and the runtime's functions are those of go1.%d", mark);
    return text.data;
}

/** The newest release with whose layouts a function table is found. */
static struct error *try_all(struct program *program, const char *unknown)
{
    struct error *first = NULL;
    for (int minor = GO_RELEASE_NEWEST; minor >= GO_RELEASE_OLDEST; minor--) {
        struct error *err = use_release(program, minor, unknown);
        if (!err) {
            error_ignore(first);
            return NULL;
        }
        if (first)
            error_ignore(err);
        else
            first = err;
    }
    return first;
}

/** In place of a version that says nothing or something else. @param told  the functions say it */
static struct error *choose_by_functions(struct program *program, const char *version, bool *told)
{
    AUTO_BUFFER char *why = why_another(version, 0);
    struct error *err = try_all(program, why);
    if (err)
        return err;
    struct marks_seen seen = marks_of_program(program, GO_RELEASE_NEWEST);
    if (seen.newest) {
        free(why);
        why = why_another(version, seen.newest);
        err = use_release(program, seen.newest, why);
        if (err)
            return err;
    }
    take_patches(program, &seen);
    *told = seen.newest != 0;
    return NULL;
}

/** What the report calls the release from now on. */
static void rename_version(struct program *program)
{
    struct buffer text = {0};
    buffer_printf(&text, "go1.%d", program->release->minor);
    free(program->buildinfo->go_version);
    program->buildinfo->go_version = text.data;
}

struct error *release_choose(struct program *program)
{
    AUTO_BUFFER char *version = alloc_string(program->buildinfo->go_version);
    struct error *err = go_release_new(version, &program->release);
    if (!err) {
        read_layouts(program);
        err = read_modules(program);
    }
    struct marks_seen seen = {0};
    if (!err)
        seen = marks_of_program(program, program->release->minor);
    if (!err && !is_contradicted(program, seen.newest)) {
        take_patches(program, &seen);
        return NULL;
    }
    if (!err) {
        AUTO_BUFFER char *why = why_another(version, seen.newest);
        err = use_release(program, seen.newest, why);
        if (!err)
            take_patches(program, &seen);
    } else {
        // One that is too old has the tables of the oldest that is not: only a name can clear it.
        bool is_old = !program->release && strstr(version, "go1.");
        bool told = false;
        struct error *second = choose_by_functions(program, version, &told);
        bool is_taken = !second && (told || !is_old);
        error_ignore(is_taken ? err : second);
        err = is_taken ? NULL : err;
    }
    if (!err)
        rename_version(program);
    return err;
}

char *program_layout_warning(const struct program *program, struct arena *arena)
{
    const struct go_release *release = program->release;
    if (!release->unknown)
        return NULL;
    if (release->from_dwarf)
        return arena_printf(arena,
                            "%s: layouts of the runtime are those of its DWARF, all else is "
                            "read as in go1.%d",
                            release->unknown, release->minor);
    return arena_printf(arena, "%s: the layouts of go1.%d are used", release->unknown,
                        release->minor);
}
