// SPDX-License-Identifier: MIT
#pragma once

#include "image/address_space.h"

struct buildinfo_module {
    const char *path, *version, *replaced_by; ///< replaced_by: "path version" or NULL
};

struct buildinfo_setting {
    const char *key, *value;
};

/** What the go command recorded in the binary: debug/buildinfo. Plain data. */
struct buildinfo {
    char *go_version;         ///< "go1.27.3", "go1.24.4 X:noswissmap"
    char *module_text;        ///< the text that the strings below point into
    const char *main_package; ///< NULL where not recorded
    struct buildinfo_module main;
    struct buildinfo_module *dependencies;
    size_t dependency_count;
    struct buildinfo_setting *settings;
    size_t setting_count;
};

/**
 * Format: Go's debug/buildinfo and cmd/link/internal/ld/data.go (inline strings from 1.18, pointers
 * to strings before).
 *
 * @param space  where the pointers of 1.15-1.17 are followed
 * @return ERROR_NOT_FOUND where the file has none: no Go program, or one whose build info was
 * removed
 */
MUST_USE struct error *buildinfo_read(struct elf_file *binary, const struct address_space *space,
                                      target_addr bias, struct buildinfo **out);
void buildinfo_free(struct buildinfo *info);
DEFINE_AUTO(buildinfo);

/** A setting's value ("-ldflags", "vcs.revision"), NULL where it was not recorded. */
const char *buildinfo_setting(const struct buildinfo *info, const char *key);
