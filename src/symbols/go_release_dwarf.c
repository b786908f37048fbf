// SPDX-License-Identifier: MIT
#include "symbols/dwarf_index.h"
#include "symbols/go_release.h"

#include <string.h>

enum { TYPEDEFS_MAX = 8, MEMBERS_MAX = 4096 }; // runtime.p has some hundred

static const struct field_name {
    const char *go_struct, *path;
    bool required;
} field_names[GO_FIELD_COUNT] = {
#define REQUIRED true
#define OPTIONAL false
#define FIELD(name, go_struct, path, need) [FIELD_##name] = {go_struct, path, need},
#include "symbols/go_fields.def"
#undef FIELD
};

static bool follow_type(Dwarf_Die *die)
{
    Dwarf_Attribute type;
    return dwarf_attr(die, DW_AT_type, &type) && dwarf_formref_die(&type, die);
}

/** The structure below typedefs. */
static bool to_struct(Dwarf_Die *die)
{
    for (int i = 0; i < TYPEDEFS_MAX; i++) {
        if (dwarf_tag(die) == DW_TAG_structure_type)
            return true;
        if (!follow_type(die))
            return false;
    }
    return false;
}

/** A member by its name: its offset is added, die becomes its type. */
static bool enter_member(Dwarf_Die *die, const char *name, size_t name_size, uint64_t *offset)
{
    Dwarf_Die child;
    if (!to_struct(die) || dwarf_child(die, &child) != 0)
        return false;
    for (int i = 0; i < MEMBERS_MAX; i++) {
        const char *text = dwarf_diename(&child);
        Dwarf_Attribute attribute;
        Dwarf_Word place;
        if (dwarf_tag(&child) == DW_TAG_member && text && strlen(text) == name_size &&
            memcmp(text, name, name_size) == 0) {
            if (!dwarf_attr(&child, DW_AT_data_member_location, &attribute) ||
                dwarf_formudata(&attribute, &place) != 0)
                return false;
            *offset += place;
            *die = child;
            return follow_type(die);
        }
        if (dwarf_siblingof(&child, &child) != 0)
            return false;
    }
    return false;
}

/** Where a path leads from a structure; not present where DWARF has no such member. */
static struct go_member find_member(Dwarf_Die die, const char *path)
{
    uint64_t offset = 0;
    for (const char *at = path; *at;) {
        size_t size = strcspn(at, ".");
        if (!enter_member(&die, at, size, &offset))
            return (struct go_member){0};
        at += size + (at[size] == '.');
    }
    Dwarf_Word size;
    if (dwarf_aggregate_size(&die, &size) != 0 || !size || size > UINT32_MAX || offset > UINT32_MAX)
        return (struct go_member){0};
    return (struct go_member){(uint32_t)offset, (uint32_t)size, true};
}

static struct error *read_field(struct dwarf_index *index, const struct field_name *name,
                                struct go_member *out)
{
    uint64_t offset;
    Dwarf_Die die;
    *out = (struct go_member){0};
    struct error *err = dwarf_index_type(index, name->go_struct, &offset);
    if (!err && dwarf_offdie(dwarf_index_dwarf(index), offset, &die))
        *out = find_member(die, name->path);
    error_ignore(err); // a structure that this release does not have
    if (!name->required || out->present)
        return NULL;
    return error_new(ERROR_NOT_FOUND, "DWARF has no %s.%s", name->go_struct, name->path);
}

struct error *go_release_read_layouts(struct go_release *release, struct dwarf_index *index)
{
    struct go_member fields[GO_FIELD_COUNT];
    for (size_t i = 0; i < GO_FIELD_COUNT; i++) {
        struct error *err = read_field(index, &field_names[i], &fields[i]);
        if (err)
            return err;
    }
    memcpy(release->fields, fields, sizeof fields);
    release->from_dwarf = true;
    return NULL;
}
