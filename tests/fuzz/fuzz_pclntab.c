// SPDX-License-Identifier: MIT
#include "base/cursor.h"
#include "fuzz.h"
#include "symbols/pclntab.h"

#include <stdlib.h>
#include <string.h>

/**
 * The tables of one module. Input: u8 release; five u32 offsets of its tables in what follows,
 * pclntable, funcnametab, cutab, filetab and pctab; u32 functions; ftab; the tables.
 */
enum { HEADER = 25 };

static void use(const struct module_list *list, target_addr pc)
{
    struct pc_function function;
    if (!pc_function_find(list, pc, &function))
        return;
    size_t sum = strlen(pc_function_name(&function));
    int32_t value, depth = 0;
    pc_function_sp_delta(&function, pc, &value);
    for (int i = PCDATA_UNSAFE_POINT; i <= PCDATA_ARG_LIVE; i++)
        pc_function_pcdata(&function, (enum pcdata_index)i, pc);
    for (int i = FUNCDATA_ARGS_POINTERS; i <= FUNCDATA_WRAP_INFO; i++)
        sum += pc_function_funcdata(&function, (enum funcdata_kind)i);
    struct pc_inline_walk walk;
    struct pc_logical_frame frame;
    pc_inline_begin(&walk, &function, pc);
    while (pc_inline_next(&walk, &frame)) {
        sum += strlen(frame.name) + strlen(frame.file);
        depth++;
    }
    __asm__ volatile("" : : "r"(sum + (size_t)depth)); // so that all of it is read
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER)
        return 0;
    char version[16] = "go1.15";
    version[4] = (char)('1' + (data[0] % 13 + 5) / 10);
    version[5] = (char)('0' + (data[0] % 13 + 5) % 10);
    AUTO(go_release) release = NULL;
    struct error *err = go_release_new(version, &release);
    if (err)
        abort();
    struct bytes rest = {data + HEADER, size - HEADER};
    struct module module = {.minor = release->minor,
                            .quantum = 1,
                            .release = release,
                            .space = fuzz_memory(),
                            .text = 0x401000,
                            .min_pc = 0x401000,
                            .max_pc = 0x501000,
                            .etext = 0x501000,
                            .gofunc = 0x10000,
                            .pclntable_address = 0x600000};
    struct bytes *tables[] = {&module.pclntable, &module.funcnametab, &module.cutab,
                              &module.filetab, &module.pctab};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        uint32_t offset = load_u32(data + 1 + 4 * i);
        *tables[i] = bytes_slice(rest, offset, offset < rest.size ? rest.size - offset : 0);
    }
    // What module_list_read() promises: the table holds its functions and the end mark.
    size_t entry = module.minor >= 18 ? 8 : 16;
    uint32_t count = load_u32(data + 21);
    if (count < 1 || (uint64_t)count + 1 > rest.size / entry)
        return 0;
    module.function_count = count;
    module.ftab = bytes_slice(rest, 0, entry * (count + 1));
    struct module_list list = {.items = &module, .count = 1};
    for (target_addr pc = 0x401000; pc < 0x401000 + 4096; pc += 61)
        use(&list, pc);
    for (uint32_t i = 0; i < count && i < 64; i++) {
        const uint8_t *at = module.ftab.data + entry * i;
        use(&list, entry == 8 ? module.text + load_u32(at) : load_u64(at));
    }
    return 0;
}
