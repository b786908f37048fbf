// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/buffer.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Runs a target on files without libFuzzer: every file named, and every file of a directory named.
// Each once as it is and, so that short runs see broken input too, ALTERED times (CMakeLists.txt)
// cut and altered, always in the same ways. Behind --as-is only as it is.

static size_t inputs, runs;
static bool as_is;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void run(const uint8_t *data, size_t size)
{
    AUTO_BUFFER uint8_t *copy =
        malloc(size ? size : 1); // of that very size, for a sanitizer to see an overrun
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    runs++;
}

static void run_altered(const uint8_t *data, size_t size)
{
    uint64_t state = 0x9e3779b97f4a7c15u + size;
    AUTO_BUFFER uint8_t *copy = malloc(size ? size : 1);
    for (unsigned i = 0; size && i < ALTERED; i++) {
        memcpy(copy, data, size);
        size_t left = size, changes = 1u << next_random(&state) % 5;
        for (size_t k = 0; k < changes; k++) {
            uint64_t random = next_random(&state);
            // Headers stand at the start of files and tables: half of the changes go there.
            size_t at = random >> 8 & 1 ? (random >> 16) % size : (random >> 16) % (size / 16 + 1);
            static const uint8_t wild[] = {0, 1, 0x7f, 0x80, 0xff};
            copy[at < size ? at : size - 1] =
                random & 1 ? wild[(random >> 1) % sizeof wild] : (uint8_t)(random >> 1);
        }
        if (next_random(&state) % 4 == 0)
            left = next_random(&state) % size;
        run(copy, left);
    }
}

static void run_file(const char *path)
{
    AUTO_TEXT content = {0};
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    char chunk[65536];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buffer_append(&content, chunk, got);
    fclose(file);
    const uint8_t *data = (const uint8_t *)buffer_text(&content);
    run(data, content.size);
    if (!as_is)
        run_altered(data, content.size);
    inputs++;
}

static void run_path(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        run_file(path);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            AUTO_TEXT name = {0};
            buffer_printf(&name, "%s/%s", path, entries[i]->d_name);
            run_file(buffer_text(&name));
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--as-is") == 0)
            as_is = true;
        else
            run_path(argv[i]);
    printf("%zu inputs, %zu runs\n", inputs, runs);
    return inputs ? 0 : 2;
}
