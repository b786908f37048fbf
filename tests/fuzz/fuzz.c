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

void fuzz_core_headers(uint8_t *file, uint16_t size)
{
    static const uint8_t header[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memset(file, 0, FUZZ_CORE_HEADER);
    memcpy(file, header, sizeof header);
    file[16] = 4;  // ET_CORE
    file[18] = 62; // x86-64
    file[20] = 1;
    file[32] = 64; // e_phoff
    file[54] = 56;
    file[56] = 1;
    file[64] = 1; // PT_LOAD
    file[64 + 8] = FUZZ_CORE_HEADER;
    file[64 + 18] = FUZZ_MEMORY_AT >> 16;  // p_vaddr
    for (size_t i = 32; i <= 40; i += 8) { // p_filesz, p_memsz
        file[64 + i] = (uint8_t)size;
        file[64 + i + 1] = (uint8_t)(size >> 8);
    }
}

const struct address_space *fuzz_memory(void)
{
    static struct address_space *space;
    if (space)
        return space;
    static uint8_t file[FUZZ_CORE_HEADER + 4096];
    fuzz_core_headers(file, 4096);
    for (size_t i = FUZZ_CORE_HEADER; i < sizeof file; i++)
        file[i] = (uint8_t)(i * 37);
    static struct core_file *core; // where a leak checker finds it
    struct error *err = core_file_open(fuzz_file(2, file, sizeof file), &core);
    if (err)
        abort();
    return space = address_space_new(core);
}
