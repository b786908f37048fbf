// SPDX-License-Identifier: MIT
#include "shell_internal.h"

#include "base/alloc.h"

#include <ctype.h>
#include <string.h>

/** Whole beginnings of lines; what follows them stays. */
static const struct {
    const char *gdb, *here;
} phrases[] = {
    {"info locals", "locals"},
    {"info args", "args"},
    {"info goroutines", "goroutines"},
    {"info threads", "threads"},
    {"info registers", "regs"},
    {"info all-registers", "regs -a"},
    {"info frame", "frame"},
    {"info functions", "funcs"},
    {"info types", "types"},
    {"info variables", "vars"},
    {"info sources", "sources"},
    {"info sharedlibrary", "libraries"},
    {"thread apply all bt", "threads --full"},
    {"bt full", "stack -full"},
    {"backtrace full", "stack -full"},
    {"ptype", "whatis"},
};

static bool translate_phrase(const char *line, struct buffer *out)
{
    for (size_t i = 0; i < COUNT_OF(phrases); i++) {
        size_t size = strlen(phrases[i].gdb);
        if (strncmp(line, phrases[i].gdb, size) != 0 || (line[size] && line[size] != ' '))
            continue;
        buffer_printf(out, "%s%s", phrases[i].here, line + size);
        return true;
    }
    return false;
}

/** p/x EXPR */
static bool translate_print(const char *line, struct buffer *out)
{
    static const struct {
        char gdb;
        const char *verb;
    } verbs[] = {{'x', "%#x"}, {'d', "%d"}, {'u', "%d"}, {'o', "%#o"},
                 {'t', "%b"},  {'c', "%q"}, {'s', "%q"}, {'f', "%g"}};
    size_t size = strcspn(line, "/ ");
    bool is_print = (size == 1 && *line == 'p') || (size == 5 && strncmp(line, "print", 5) == 0);
    if (!is_print || line[size] != '/' || !line[size + 1] || line[size + 2] != ' ')
        return false;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (verbs[i].gdb == line[size + 1]) {
            buffer_printf(out, "print %s%s", verbs[i].verb, line + size + 2);
            return true;
        }
    return false;
}

/** x/16xg ADDR: how many, in which base, of which size. */
static bool translate_memory(const char *line, struct buffer *out)
{
    enum { MOST = 1000000 };
    unsigned count = 0, size = 4;
    const char *base = "hex", *at = line + 2;
    if (strncmp(line, "x/", 2) != 0)
        return false;
    for (; isdigit((unsigned char)*at) && count < MOST; at++)
        count = count * 10 + (unsigned)(*at - '0');
    for (; *at && *at != ' '; at++) {
        switch (*at) {
        case 'x':
        case 'a':
            base = "hex";
            break;
        case 'd':
        case 'u':
            base = "dec";
            break;
        case 'o':
            base = "oct";
            break;
        case 't':
            base = "bin";
            break;
        case 'b':
            size = 1;
            break;
        case 'h':
            size = 2;
            break;
        case 'w':
            size = 4;
            break;
        case 'g':
            size = 8;
            break;
        default: // instructions, texts: nothing like that here
            return false;
        }
    }
    buffer_printf(out, "examinemem -fmt %s -size %u -count %u%s", base, size, count ? count : 1,
                  at);
    return true;
}

bool shell_translate_gdb(const char *line, struct buffer *out)
{
    return translate_phrase(line, out) || translate_print(line, out) || translate_memory(line, out);
}
