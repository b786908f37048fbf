// SPDX-License-Identifier: MIT
#include "marked_stream.h"
#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct marked_stream {
    FILE *out;
    const char *mark;
    bool inside; // a line has begun
};

static ssize_t write_marked(void *cookie, const char *data, size_t size)
{
    struct marked_stream *stream = cookie;
    for (size_t done = 0; done < size;) {
        const char *newline = memchr(data + done, '\n', size - done);
        size_t length = newline ? (size_t)(newline - data) + 1 - done : size - done;
        if (!stream->inside && length > (newline != NULL))
            fputs(stream->mark, stream->out);
        if (fwrite(data + done, 1, length, stream->out) != length)
            return 0;
        stream->inside = !newline;
        done += length;
    }
    return (ssize_t)size;
}

static int close_marked(void *cookie)
{
    struct marked_stream *stream = cookie;
    int status = fflush(stream->out);
    free(stream);
    return status;
}

FILE *marked_stream_new(FILE *out, const char *mark)
{
    struct marked_stream *stream = alloc_zeroed(1, sizeof *stream);
    *stream = (struct marked_stream){.out = out, .mark = mark};
    return fopencookie(stream, "w",
                       (cookie_io_functions_t){.write = write_marked, .close = close_marked});
}
