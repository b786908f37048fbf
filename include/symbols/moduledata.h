// SPDX-License-Identifier: MIT
#pragma once

#include "symbols/go_release.h"

struct program;

/** One module: the program itself, or a plugin. Format: Go's runtime/symtab.go, moduledata. */
struct module {
    target_addr address; ///< of its moduledata
    target_addr min_pc, max_pc, text, etext;
    target_addr data, edata, bss, ebss, noptrdata, enoptrdata, noptrbss, enoptrbss;
    target_addr types, etypes, gofunc;
    target_addr typedesc_end; ///< Go 1.27: end of the type descriptors laid end to end; 0 before
    struct bytes funcnametab, cutab, filetab, pctab, pclntable; ///< borrowed or owned by the list
    struct bytes ftab;
    target_addr pclntable_address;
    uint64_t function_count; ///< entries of ftab without the end mark
    int minor;               ///< which format: that of go1.15 … 1.27
    uint8_t quantum;
    const struct go_release *release;
    const struct address_space *space;
};

/** A module whose function tables are not to be had: its file, as a plugin's, is not here. */
struct lost_module {
    target_addr text, etext;
};

struct module_list {
    struct module *items;
    size_t count;
    struct lost_module *lost;
    size_t lost_count, lost_capacity;
    void **owned; ///< table copies that had to be put together
    size_t owned_count, owned_capacity;
};

/**
 * Finds and checks the modules: by symbol, else by searching writable memory for a pointer to a
 * pclntab.
 *
 * @param space  where they are read, for this call alone: what is asked of them later reads the
 *               program's own. Its files must outlive the result
 * @return ERROR_NOT_FOUND where there is none, ERROR_CORRUPT where what is there contradicts itself
 */
MUST_USE struct error *module_list_read(struct program *program, struct address_space *space,
                                        struct module_list **out);
void module_list_free(struct module_list *list);
DEFINE_AUTO(module_list);

/** Whether pc is in code of a module that is lost. */
bool module_is_lost(const struct module_list *list, target_addr pc);

/** The module whose code holds pc, NULL if none. */
const struct module *module_of_pc(const struct module_list *list, target_addr pc);

/** The module whose type descriptors hold address, NULL if none. */
const struct module *module_of_type(const struct module_list *list, target_addr address);
