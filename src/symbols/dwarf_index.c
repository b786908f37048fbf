// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "dwarf_scan_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct error *dwarf_error(const char *what, Dwarf_Off where)
{
    return error_new(ERROR_CORRUPT, "DWARF: %s at %#" PRIx64 ": %s", what, where, dwarf_errmsg(-1));
}

int die_child(Dwarf_Die *die, Dwarf_Die *child)
{
    return dwarf_child(die, child);
}

int die_sibling(Dwarf_Die *die, Dwarf_Die *sibling)
{
    Dwarf_Die next;
    int status = dwarf_siblingof(die, &next);
    if (status == 0 && (const char *)next.addr <= (const char *)die->addr)
        return -1;
    if (status == 0)
        *sibling = next;
    return status;
}

bool die_udata(Dwarf_Die *die, unsigned name, uint64_t *out)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (!dwarf_attr_integrate(die, name, &attribute))
        return false;
    if (attribute.form == DW_FORM_addr)
        return dwarf_formaddr(&attribute, out) == 0;
    if (dwarf_formudata(&attribute, &value) != 0)
        return false;
    *out = value;
    return true;
}

bool die_flag(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    bool value = false;
    return dwarf_attr_integrate(die, name, &attribute) && dwarf_formflag(&attribute, &value) == 0 &&
           value;
}

bool die_reference(Dwarf_Die *die, unsigned name, Dwarf_Die *out)
{
    Dwarf_Attribute attribute;
    return dwarf_attr_integrate(die, name, &attribute) && dwarf_formref_die(&attribute, out);
}

static int compare_addresses(Dwarf_Addr a, Dwarf_Addr b)
{
    return (a > b) - (a < b);
}

static int compare_ranges(const void *a, const void *b)
{
    return compare_addresses(((const struct unit_range *)a)->low,
                             ((const struct unit_range *)b)->low);
}

static int compare_functions(const void *a, const void *b)
{
    return compare_addresses(((const struct subprogram *)a)->low,
                             ((const struct subprogram *)b)->low);
}

static struct error *add_unit_ranges(struct dwarf_index *index, size_t unit)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t position = 0;
    while ((position = dwarf_ranges(&index->units[unit].die, position, &base, &low, &high)) > 0) {
        if (index->range_count >= LIMIT_DWARF_RANGES)
            return error_new(ERROR_LIMIT, "DWARF: more than %d address ranges", LIMIT_DWARF_RANGES);
        if (low < high)
            ARRAY_PUSH(index->ranges, index->range_count, index->range_capacity) =
                (struct unit_range){low, high, unit};
    }
    return NULL; // a unit whose ranges are broken is one without code
}

/** The compilation units, up to the first that cannot be read. */
static struct error *read_units(struct dwarf_index *index)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t type;
    while (dwarf_get_units(index->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0) {
        if (type != DW_UT_compile && type != DW_UT_partial)
            continue;
        if (index->unit_count >= LIMIT_DWARF_UNITS)
            return error_new(ERROR_LIMIT, "DWARF: more than %d units", LIMIT_DWARF_UNITS);
        ARRAY_PUSH(index->units, index->unit_count, index->unit_capacity) =
            (struct unit){.die = die, .go = dwarf_srclang(&die) == DW_LANG_Go};
        struct error *err = add_unit_ranges(index, index->unit_count - 1);
        if (err)
            return err;
    }
    if (!index->unit_count)
        return error_new(ERROR_CORRUPT, "DWARF: no unit can be read: %s", dwarf_errmsg(-1));
    if (index->range_count)
        qsort(index->ranges, index->range_count, sizeof *index->ranges, compare_ranges);
    return NULL;
}

static struct error *open_index(struct elf_file *file, target_addr bias, bool lines,
                                struct dwarf_index **out)
{
    AUTO(dwarf_index) index = alloc_zeroed(1, sizeof *index);
    index->bias = bias;
    size_t size;
    struct error *err = dwarf_image_build(file, lines ? DWARF_IMAGE_LINES : DWARF_IMAGE_NAMES,
                                          &index->image, &size);
    if (err)
        return err;
    elf_version(EV_CURRENT);
    index->elf = elf_memory((char *)index->image, size);
    if (index->elf)
        index->dwarf = dwarf_begin_elf(index->elf, DWARF_C_READ, NULL);
    if (!index->dwarf)
        return error_new(ERROR_CORRUPT, "%s: DWARF: %s", elf_file_path(file),
                         index->elf ? dwarf_errmsg(-1) : elf_errmsg(-1));
    err = read_units(index);
    if (err)
        return error_wrap(err, "%s", elf_file_path(file));
    *out = TAKE(index);
    return NULL;
}

struct error *dwarf_index_open(struct elf_file *file, target_addr bias, struct dwarf_index **out)
{
    return open_index(file, bias, false, out);
}

struct error *dwarf_index_open_with_lines(struct elf_file *file, target_addr bias,
                                          struct dwarf_index **out)
{
    return open_index(file, bias, true, out);
}

void dwarf_index_free(struct dwarf_index *index)
{
    if (!index)
        return;
    if (index->dwarf)
        dwarf_end(index->dwarf);
    if (index->elf)
        elf_end(index->elf);
    for (size_t i = 0; i < index->unit_count; i++) {
        free(index->units[i].functions);
        free(index->units[i].variables.items);
    }
    free(index->units);
    free(index->ranges);
    free(index->types.items);
    free(index->globals.items);
    free(index->constants.items);
    table_free(index->type_heads);
    free(index->type_nexts);
    abbreviation_tables_free(index->tables, index->table_count);
    table_free(index->table_by_offset);
    free(index->image);
    free(index);
}

Dwarf *dwarf_index_dwarf(const struct dwarf_index *index)
{
    return index->dwarf;
}

/** The first of the DIE's address ranges. Go's functions lie in one piece. */
static bool die_range(Dwarf_Die *die, Dwarf_Addr *low, Dwarf_Addr *high)
{
    Dwarf_Addr base;
    return dwarf_ranges(die, 0, &base, low, high) > 0 && *low < *high;
}

/** The range of a function that a scan came upon. */
static bool scanned_range(struct dwarf_index *index, const struct scanned_die *die, Dwarf_Addr *low,
                          Dwarf_Addr *high)
{
    Dwarf_Die found;
    if (!die->has_range)
        return die->range_spelt && dwarf_offdie(index->dwarf, die->offset, &found) &&
               die_range(&found, low, high);
    *low = die->low;
    *high = die->high;
    return *low < *high;
}

/** Lists the functions and variables of a unit: one walk for however many are asked for. */
static struct error *read_functions(struct dwarf_index *index, struct unit *unit)
{
    if (unit->functions_read)
        return NULL;
    size_t capacity = 0;
    struct dwarf_name_list *variables = &unit->variables;
    struct die_scan scan;
    struct scanned_die die;
    die_scan_begin(&scan, index, unit);
    while (die_scan_next(&scan, &die)) {
        Dwarf_Addr low, high;
        const char *name = die.tag == DW_TAG_variable ? die_scan_name(&scan, &die) : NULL;
        if (name && variables->count < LIMIT_DWARF_NAMES)
            ARRAY_PUSH(variables->items, variables->count, variables->capacity) =
                (struct dwarf_name){name, die.offset};
        if (die.tag == DW_TAG_subprogram && scanned_range(index, &die, &low, &high)) {
            if (unit->function_count >= LIMIT_DWARF_NAMES)
                return error_new(ERROR_LIMIT, "DWARF: more than %d functions", LIMIT_DWARF_NAMES);
            ARRAY_PUSH(unit->functions, unit->function_count, capacity) =
                (struct subprogram){low, high, die.offset};
        }
    }
    unit->functions_read = true; // those before the place where it breaks are good
    if (unit->function_count)
        qsort(unit->functions, unit->function_count, sizeof *unit->functions, compare_functions);
    return NULL;
}

/** Index of the last element whose low is at most pc, out of count at lows; SIZE_MAX: none. */
static size_t last_at_or_below(const void *items, size_t count, size_t item_size, Dwarf_Addr pc)
{
    size_t first = 0, last = count;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        Dwarf_Addr low;
        memcpy(&low, (const char *)items + middle * item_size, sizeof low);
        if (low <= pc)
            first = middle + 1;
        else
            last = middle;
    }
    return first - 1;
}

/** The unit whose code holds pc of the file; NULL if none. */
static struct unit *unit_at(struct dwarf_index *index, Dwarf_Addr pc)
{
    size_t at = last_at_or_below(index->ranges, index->range_count, sizeof *index->ranges, pc);
    if (at == SIZE_MAX || pc >= index->ranges[at].high)
        return NULL;
    return &index->units[index->ranges[at].unit];
}

bool dwarf_index_line(struct dwarf_index *index, target_addr pc, const char **file, int64_t *line)
{
    struct unit *unit = unit_at(index, pc - index->bias);
    if (!unit || unit->go)
        return false;
    Dwarf_Line *row = dwarf_getsrc_die(&unit->die, pc - index->bias);
    const char *name = row ? dwarf_linesrc(row, NULL, NULL) : NULL;
    int number;
    if (!name || dwarf_lineno(row, &number) != 0)
        return false;
    *file = name;
    *line = number;
    return true;
}

struct error *dwarf_index_function(struct dwarf_index *index, Dwarf_Addr pc, struct subprogram *out)
{
    struct unit *unit = unit_at(index, pc);
    if (!unit)
        return error_new(ERROR_NOT_FOUND, "no DWARF unit covers pc %#" PRIx64, pc + index->bias);
    struct error *err = read_functions(index, unit);
    if (err)
        return err;
    size_t at =
        last_at_or_below(unit->functions, unit->function_count, sizeof *unit->functions, pc);
    if (at == SIZE_MAX || pc >= unit->functions[at].high)
        return error_new(ERROR_NOT_FOUND, "no DWARF function covers pc %#" PRIx64,
                         pc + index->bias);
    *out = unit->functions[at];
    return NULL;
}

struct error *dwarf_index_variable_type(struct dwarf_index *index, target_addr pc, const char *name,
                                        uint64_t *out)
{
    struct unit *unit = unit_at(index, pc - index->bias);
    if (!unit)
        return error_new(ERROR_NOT_FOUND, "no DWARF unit covers pc %#" PRIx64, pc);
    struct error *err = read_functions(index, unit);
    if (err)
        return err;
    for (size_t i = 0; i < unit->variables.count; i++) {
        const struct dwarf_name *variable = &unit->variables.items[i];
        Dwarf_Die die, type;
        if (strcmp(variable->text, name) != 0 || !dwarf_offdie(index->dwarf, variable->die, &die) ||
            !die_reference(&die, DW_AT_type, &type))
            continue;
        *out = dwarf_die_place(index, &type);
        return NULL;
    }
    return error_new(ERROR_NOT_FOUND, "the unit of pc %#" PRIx64 " has no variable %s", pc, name);
}
