// SPDX-License-Identifier: MIT
#include "symbols/pclntab.h"
#include "base/limits.h"
#include "base/search.h"

#include <limits.h>
#include <string.h>

/** Entry pc of the i-th function; i may be function_count, the end mark. */
static target_addr functab_entry(const struct module *module, uint64_t i)
{
    if (module->minor >= 18)
        return module->text + load_u32(module->ftab.data + 8 * i);
    return load_u64(module->ftab.data + 16 * i);
}

static uint64_t functab_record(const struct module *module, uint64_t i)
{
    if (module->minor >= 18)
        return load_u32(module->ftab.data + 8 * i + 4);
    return load_u64(module->ftab.data + 16 * i + 8);
}

/**
 * Reads the _func record. Its fields are the same in all releases, but for: entry (8 bytes absolute
 * up to 1.17, then 4 bytes relative), cuOffset (1.16+), startLine (1.20+), flag (1.17+). The pcdata
 * offsets begin right behind the last byte, not at sizeof(_func).
 */
static bool read_record(const struct module *module, uint64_t record, struct pc_function *out)
{
    if (record >= module->pclntable.size)
        return false;
    struct cursor c = {.bytes = module->pclntable, .offset = record};
    cursor_skip(&c, module->minor >= 18 ? 4 : 8);
    out->name_offset = cursor_u32(&c);
    out->args = cursor_i32(&c);
    cursor_skip(&c, 4); // deferreturn
    out->pcsp = cursor_u32(&c);
    out->pcfile = cursor_u32(&c);
    out->pcln = cursor_u32(&c);
    out->pcdata_count = cursor_u32(&c);
    out->cu_offset = module->minor >= 16 ? cursor_u32(&c) : 0;
    out->start_line = module->minor >= 20 ? cursor_i32(&c) : 0;
    out->id = go_release_func_id(module->release, cursor_u8(&c));
    uint8_t flags = cursor_u8(&c);
    out->flags = module->minor >= 17 ? flags : 0;
    cursor_skip(&c, 1);
    out->funcdata_count = cursor_u8(&c);
    out->pcdata_offset = c.offset;
    if (!cursor_ok(&c) || out->pcdata_count > module->pclntable.size / 4)
        return false;
    out->funcdata_offset = c.offset + 4 * (uint64_t)out->pcdata_count;
    if (module->minor <= 17) // absolute pointers, aligned in the target
        out->funcdata_offset += -(module->pclntable_address + out->funcdata_offset) & 7;
    return true;
}

bool pc_function_at(const struct module *module, uint64_t i, struct pc_function *out)
{
    *out = (struct pc_function){.module = module,
                                .entry = functab_entry(module, i),
                                .end = functab_entry(module, i + 1),
                                .record = functab_record(module, i)};
    return out->entry < out->end && read_record(module, out->record, out);
}

bool pc_function_find(const struct module_list *modules, target_addr pc, struct pc_function *out)
{
    const struct module *module = module_of_pc(modules, pc);
    if (!module)
        return false;
    size_t begun = COUNT_WHILE(i, module->function_count, functab_entry(module, i) <= pc);
    // A table out of order can end the search at a function that does not hold pc.
    return begun && pc_function_at(module, begun - 1, out) && pc < out->end;
}

const char *table_string(struct bytes table, uint64_t offset)
{
    if (offset >= table.size)
        return "";
    size_t max = table.size - offset;
    if (max > LIMIT_SYMBOL_NAME)
        max = LIMIT_SYMBOL_NAME;
    return memchr(table.data + offset, 0, max) ? (const char *)table.data + offset : "";
}

static const char *name_at(const struct module *module, uint32_t offset)
{
    if (offset == 0 && module->minor >= 16)
        return "";
    return table_string(module->funcnametab, offset);
}

const char *pc_function_name(const struct pc_function *function)
{
    return name_at(function->module, function->name_offset);
}

static uint32_t read_uvarint(const uint8_t **at, const uint8_t *end)
{
    uint32_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/**
 * Goes through a pcvalue table: pairs of a zigzag value delta and a pc delta; a zero value delta
 * ends the table except in the first pair. Offset 0 means that there is no table.
 */
struct pc_values {
    const struct pc_function *function;
    const uint8_t *at, *end;
    target_addr up_to; ///< value holds for what lies below, and not in front of what came before
    uint32_t value;
    size_t pairs;
};

static bool pc_values_begin(struct pc_values *values, const struct pc_function *function,
                            uint32_t offset)
{
    struct bytes table = function->module->pctab;
    if (offset == 0 || offset >= table.size)
        return false;
    *values = (struct pc_values){.function = function,
                                 .at = table.data + offset,
                                 .end = table.data + table.size,
                                 .up_to = function->entry,
                                 .value = (uint32_t)-1};
    return true;
}

/** Goes on to the next value. @return false at the end */
static bool pc_values_next(struct pc_values *values)
{
    if (values->pairs == LIMIT_PC_TABLE || values->at >= values->end)
        return false;
    uint32_t delta = read_uvarint(&values->at, values->end);
    if (delta == 0 && values->pairs > 0)
        return false;
    values->pairs++;
    values->value += -(delta & 1) ^ delta >> 1;
    uint32_t advance = read_uvarint(&values->at, values->end);
    // The linker never writes 0: work is bounded by the function's size.
    values->up_to += (target_addr)advance * values->function->module->quantum;
    return advance != 0;
}

static bool pc_value(const struct pc_function *function, uint32_t offset, target_addr pc,
                     int32_t *out)
{
    struct pc_values values;
    if (!pc_values_begin(&values, function, offset))
        return false;
    while (pc_values_next(&values))
        if (pc < values.up_to) {
            *out = (int32_t)values.value;
            return true;
        }
    return false;
}

bool pc_function_sp_delta(const struct pc_function *function, target_addr pc, int32_t *out)
{
    return pc_value(function, function->pcsp, pc, out);
}

void pc_function_sp_deltas(const struct pc_function *function, const uint32_t *offsets,
                           size_t count, int32_t *out)
{
    struct pc_values values;
    size_t i = 0;
    bool more = pc_values_begin(&values, function, function->pcsp);
    while (i < count && more && (more = pc_values_next(&values)))
        for (; i < count && function->entry + offsets[i] < values.up_to; i++)
            out[i] = (int32_t)values.value;
    for (; i < count; i++)
        out[i] = INT32_MIN;
}

static const char *file_name(const struct pc_function *function, int32_t number)
{
    const struct module *module = function->module;
    if (number < 0)
        return "?";
    if (module->minor <= 15) {
        struct bytes entry = bytes_slice(module->filetab, 4 * (uint64_t)number, 4);
        const char *name = entry.size ? table_string(module->pclntable, load_u32(entry.data)) : "";
        return *name ? name : "?";
    }
    struct bytes entry =
        bytes_slice(module->cutab, 4 * ((uint64_t)function->cu_offset + (uint32_t)number), 4);
    if (!entry.size || load_u32(entry.data) == UINT32_MAX)
        return "?";
    const char *name = table_string(module->filetab, load_u32(entry.data));
    return *name ? name : "?";
}

void pc_function_line(const struct pc_function *function, target_addr pc, const char **file,
                      int32_t *line)
{
    int32_t number;
    *file = "?";
    *line = 0;
    if (!pc_value(function, function->pcfile, pc, &number) ||
        !pc_value(function, function->pcln, pc, line) || *line < 0) {
        *line = 0;
        return;
    }
    *file = file_name(function, number);
}

bool pc_function_pc_of_line(const struct pc_function *function, const char *file, int32_t line,
                            target_addr *out)
{
    struct pc_values values;
    target_addr pc = function->entry;
    if (!pc_values_begin(&values, function, function->pcln))
        return false;
    while (pc < function->end && pc_values_next(&values)) {
        int32_t number;
        if ((int32_t)values.value == line && pc_value(function, function->pcfile, pc, &number) &&
            strcmp(file_name(function, number), file) == 0) {
            *out = pc;
            return true;
        }
        pc = values.up_to;
    }
    return false;
}

int32_t pc_function_pcdata(const struct pc_function *function, enum pcdata_index index,
                           target_addr pc)
{
    if (index >= function->pcdata_count)
        return -1;
    struct bytes offset =
        bytes_slice(function->module->pclntable, function->pcdata_offset + 4 * index, 4);
    int32_t value = -1;
    if (offset.size && pc_value(function, load_u32(offset.data), pc, &value))
        return value;
    return -1;
}

/** The file's index of a funcdata, -1 where the release does not have it. */
static int funcdata_index(int minor, enum funcdata_kind kind)
{
    static const int8_t indices[3][8] = {
        {0, 1, 3, 4, 5, -1, -1, -1}, // 1.15: RegPointerMaps are 2
        {0, 1, 2, 3, 4, -1, -1, -1}, // 1.16
        {0, 1, 2, 3, 4, 5, 6, 7},    // 1.17+; ArgLive and WrapInfo from 1.18
    };
    if (minor == 17 && kind > FUNCDATA_ARG_INFO)
        return -1;
    return indices[minor <= 15 ? 0 : minor == 16 ? 1 : 2][kind];
}

target_addr pc_function_funcdata(const struct pc_function *function, enum funcdata_kind kind)
{
    const struct module *module = function->module;
    int index = funcdata_index(module->minor, kind);
    if (index < 0 || index >= function->funcdata_count)
        return 0;
    if (module->minor >= 18) {
        struct bytes entry =
            bytes_slice(module->pclntable, function->funcdata_offset + 4 * (uint64_t)index, 4);
        return entry.size && load_u32(entry.data) != UINT32_MAX
                   ? module->gofunc + load_u32(entry.data)
                   : 0;
    }
    struct bytes entry =
        bytes_slice(module->pclntable, function->funcdata_offset + 8 * (uint64_t)index, 8);
    return entry.size ? load_u64(entry.data) : 0;
}

/** One node of a function's inline tree. */
struct inline_node {
    uint8_t id;
    uint32_t name_offset, parent_pc;
};

static bool inline_node_read(const struct pc_function *function, target_addr tree, int32_t index,
                             struct inline_node *out)
{
    const struct module *module = function->module;
    uint8_t raw[20];
    bool is_new =
        module->minor >= 20; // {funcID, name, parentPc, startLine}; before it begins with parent
    size_t size = is_new ? 16 : 20;
    if (!address_space_try_read(module->space, tree + size * (uint64_t)index, raw, size))
        return false;
    out->id = raw[is_new ? 0 : 2];
    out->name_offset = load_u32(raw + (is_new ? 4 : 12));
    out->parent_pc = load_u32(raw + (is_new ? 8 : 16));
    return true;
}

void pc_inline_begin(struct pc_inline_walk *walk, const struct pc_function *function,
                     target_addr pc)
{
    *walk = (struct pc_inline_walk){.function = function, .pc = pc};
}

bool pc_inline_next(struct pc_inline_walk *walk, struct pc_logical_frame *out)
{
    const struct pc_function *function = walk->function;
    if (walk->done)
        return false;
    *out = (struct pc_logical_frame){.pc = walk->pc};
    pc_function_line(function, walk->pc, &out->file, &out->line);
    target_addr tree = pc_function_funcdata(function, FUNCDATA_INLINE_TREE);
    int32_t index = tree ? pc_function_pcdata(function, PCDATA_INLINE_TREE, walk->pc) : -1;
    struct inline_node node;
    if (index >= 0 && walk->steps++ < LIMIT_INLINE_DEPTH &&
        inline_node_read(function, tree, index, &node)) {
        out->name = name_at(function->module, node.name_offset);
        out->id = go_release_func_id(function->module->release, node.id);
        out->inlined = true;
        walk->pc = function->entry + node.parent_pc;
        return true;
    }
    out->name = pc_function_name(function);
    out->id = function->id;
    walk->done = true;
    return true;
}

target_addr pc_inline_place(const struct pc_function *function, target_addr pc, unsigned depth)
{
    struct pc_inline_walk walk;
    struct pc_logical_frame frame;
    unsigned count = 0;
    pc_inline_begin(&walk, function, pc);
    while (pc_inline_next(&walk, &frame))
        count++;
    pc_inline_begin(&walk, function, pc);
    for (unsigned i = 0; i < count && pc_inline_next(&walk, &frame); i++)
        if (count - 1 - i == depth)
            return frame.pc;
    return pc;
}
