// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "support/recordings.h"
#include "support/support.h"
#include "symbols/pclntab.h"
#include "symbols/program.h"

#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

static size_t functions_compared, lines_compared;

/** The function symbols of .text, out of .symtab, in no order. */
struct symbol {
    const char *name;
    target_addr value;
};

struct symbols {
    struct symbol *items;
    size_t count, capacity;
};

static struct bytes section_bytes(struct elf_file *file, const char *name)
{
    struct bytes bytes = {0};
    const struct elf_section *section = elf_file_section(file, name);
    assert_non_null(section);
    assert_error(elf_file_section_data(file, section, &bytes), NULL);
    return bytes;
}

static void read_symbols(struct elf_file *file, struct symbols *out)
{
    struct bytes table = section_bytes(file, ".symtab"), names = section_bytes(file, ".strtab");
    const struct elf_section *text = elf_file_section(file, ".text");
    for (size_t at = 0; at + 24 <= table.size; at += 24) {
        const uint8_t *raw = table.data + at;
        struct symbol symbol = {(const char *)names.data + load_u32(raw), load_u64(raw + 8)};
        bool is_function = (raw[4] & 0xf) == 2;
        if (is_function && load_u16(raw + 6) == text->index)
            ARRAY_PUSH(out->items, out->count, out->capacity) = symbol;
    }
}

/** Marks of the linker, at places where a function begins or where all end. */
static bool is_mark(const char *name)
{
    return strcmp(name, "runtime.text") == 0 || strcmp(name, "runtime.etext") == 0 ||
           strcmp(name, "runtime/internal/atomic.text") == 0;
}

/**
 * Whether both are the same. The symbol has a suffix where the function is assembly, and "." for
 * "·"; from 1.18 to 1.20 with "..." for what stands in brackets (cmd/link/internal/ld/pcln.go,
 * nameOff); "" for what comes first in the table, for the runtime takes offset 0 for no name
 * (runtime/symtab.go, funcName).
 */
static bool is_name_of(const struct symbol *symbol, const struct pc_function *function)
{
    AUTO_TEXT expected = {0};
    const char *name = symbol->name, *open = strchr(name, '['), *close = strrchr(name, ']');
    int minor = function->module->minor;
    if (minor >= 16 && function->name_offset == 0)
        return *pc_function_name(function) == 0;
    if (minor >= 18 && minor <= 20 && open && close > open) {
        buffer_append(&expected, name, (size_t)(open - name) + 1);
        buffer_puts(&expected, "...");
        name = close;
    }
    buffer_puts(&expected, name);
    static const char suffix[] = ".abi0";
    size_t size = expected.size, suffix_size = sizeof suffix - 1;
    if (size > suffix_size && strcmp(expected.data + size - suffix_size, suffix) == 0)
        buffer_truncate(&expected, size - suffix_size);
    AUTO_TEXT got = {0};
    for (const char *at = pc_function_name(function); *at; at++) {
        bool middle_dot = strncmp(at, "\u00b7", 2) == 0;
        buffer_putc(&got, middle_dot ? '.' : *at);
        at += middle_dot;
    }
    return strcmp(buffer_text(&got), buffer_text(&expected)) == 0;
}

/** Every function of the linker's symbol table: entry, name, and the same from its last byte. */
static void test_functions(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    struct symbols symbols = {0};
    read_symbols(program->binary, &symbols);
    size_t wrong = 0;
    for (size_t i = 0; i < symbols.count; i++) {
        const struct symbol *symbol = &symbols.items[i];
        struct pc_function function, same;
        // With cgo the external linker puts C code beside Go's.
        if (is_mark(symbol->name) || !module_of_pc(program->modules, symbol->value + program->bias))
            continue;
        bool found = pc_function_find(program->modules, symbol->value + program->bias, &function);
        functions_compared++;
        if (found && function.entry == symbol->value + program->bias &&
            is_name_of(symbol, &function) && function.end > function.entry &&
            pc_function_find(program->modules, function.end - 1, &same) &&
            same.record == function.record)
            continue;
        if (wrong++ < 10)
            print_error("%s at %#lx: got %s at %#lx\n", symbol->name, (unsigned long)symbol->value,
                        found ? pc_function_name(&function) : "none",
                        found ? (unsigned long)function.entry : 0);
    }
    free(symbols.items);
    assert_int_equal(wrong, 0);
}

static size_t compare_row(const struct program *program, Dwarf_Line *line, Dwarf_Line *next)
{
    Dwarf_Addr address, following;
    int number;
    bool end;
    if (dwarf_lineaddr(line, &address) || dwarf_lineaddr(next, &following) ||
        dwarf_lineendsequence(line, &end) || dwarf_lineno(line, &number) || end ||
        following <= address)
        return 0;
    const char *file, *expected = dwarf_linesrc(line, NULL, NULL);
    int32_t got;
    struct pc_function function;
    if (!expected || !pc_function_find(program->modules, address + program->bias, &function))
        return 0;
    pc_function_line(&function, address + program->bias, &file, &got);
    lines_compared++;
    if (strncmp(expected, "./", 2) == 0) // libdw's: the directory of "<autogenerated>"
        expected += 2;
    if (got == number && strcmp(file, expected) == 0)
        return 0;
    return 1;
}

/** Every row of the compiler's line tables. */
static void test_lines(void **state)
{
    const struct recording *recording = *state;
    AUTO(program) program = NULL;
    assert_error(program_open(recording->binary, recording->core, &program), NULL);
    struct bytes file = elf_file_bytes(program->binary);
    AUTO_BUFFER char *copy = alloc_bytes(file.size); // libelf writes into it
    memcpy(copy, file.data, file.size);
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(copy, file.size);
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    assert_non_null(dwarf);
    Dwarf_Off at = 0, next;
    size_t header, wrong = 0, rows = 0;
    while (dwarf_nextcu(dwarf, at, &next, &header, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        Dwarf_Lines *lines;
        size_t count;
        if (dwarf_offdie(dwarf, at + header, &unit) &&
            dwarf_getsrclines(&unit, &lines, &count) == 0)
            for (size_t i = 0; i + 1 < count; i++, rows++)
                wrong += compare_row(program, dwarf_onesrcline(lines, i),
                                     dwarf_onesrcline(lines, i + 1));
        at = next;
    }
    dwarf_end(dwarf);
    elf_end(elf);
    print_message("%s: %zu of %zu rows differ\n", recording->name, wrong, rows);
    assert_true(rows > 10000);
    assert_int_equal(wrong, 0);
}

static void test_something_was_compared(void **state)
{
    (void)state;
    assert_true(functions_compared > 18 * 1000);
    assert_true(lines_compared > 18 * 10000);
}

int main(void)
{
    size_t count;
    const struct recording *recordings = recordings_find(TESTDATA, 1, &count);
    const struct test_table tables[] = {
        {recordings, sizeof *recordings, count, test_functions},
        {recordings, sizeof *recordings, count, test_lines},
        SINGLE(test_something_was_compared),
    };
    return run_tables(tables, COUNT_OF(tables));
}
