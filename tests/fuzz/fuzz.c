// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *fuzz_file(unsigned slot, const uint8_t *data, size_t size)
{
    static struct {
        int fd;
        char path[32];
    } files[3];
    if (!*files[slot].path) {
        files[slot].fd = memfd_create("input", MFD_CLOEXEC);
        snprintf(files[slot].path, sizeof files[slot].path, "/proc/self/fd/%d", files[slot].fd);
    }
    // What was mapped of the input before is unmapped by now: a mapped file must not shrink.
    if (files[slot].fd < 0 || ftruncate(files[slot].fd, 0) ||
        pwrite(files[slot].fd, data, size, 0) != (ssize_t)size)
        abort();
    return files[slot].path;
}

const struct address_space *fuzz_memory(void)
{
    static struct address_space *space;
    if (space)
        return space;
    static uint8_t file[64 + 56 + 4096];
    static const uint8_t header[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memcpy(file, header, sizeof header);
    file[16] = 4;  // ET_CORE
    file[18] = 62; // x86-64
    file[20] = 1;
    file[32] = 64; // e_phoff
    file[54] = 56;
    file[56] = 1;
    file[64] = 1; // PT_LOAD
    file[64 + 8] = 64 + 56;
    file[64 + 18] = 1;    // p_vaddr 0x10000
    file[64 + 33] = 0x10; // p_filesz 0x1000
    file[64 + 41] = 0x10;
    for (size_t i = 120; i < sizeof file; i++)
        file[i] = (uint8_t)(i * 37);
    static struct core_file *core; // where a leak checker finds it
    struct error *err = core_file_open(fuzz_file(2, file, sizeof file), &core);
    if (err)
        abort();
    return space = address_space_new(core);
}
