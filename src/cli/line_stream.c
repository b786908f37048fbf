// SPDX-License-Identifier: MIT
#include "line_stream.h"
#include "base/alloc.h"
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

struct line_stream {
    line_stream_taker *take;
    void *state;
    struct buffer line;
};

static void hand_over(struct line_stream *stream)
{
    stream->take(stream->state, buffer_text(&stream->line));
    stream->line.size = 0;
}

static ssize_t write_lines(void *cookie, const char *data, size_t size)
{
    struct line_stream *stream = cookie;
    for (size_t done = 0; done < size;) {
        const char *newline = memchr(data + done, '\n', size - done);
        size_t length = newline ? (size_t)(newline - data) - done : size - done;
        buffer_append(&stream->line, data + done, length);
        if (newline)
            hand_over(stream);
        done += length + (newline != NULL);
    }
    return (ssize_t)size;
}

static int close_lines(void *cookie)
{
    struct line_stream *stream = cookie;
    if (stream->line.size)
        hand_over(stream);
    buffer_clear(&stream->line);
    free(stream);
    return 0;
}

FILE *line_stream_new(line_stream_taker *take, void *state)
{
    struct line_stream *stream = alloc_zeroed(1, sizeof *stream);
    *stream = (struct line_stream){.take = take, .state = state};
    FILE *file = fopencookie(stream, "w",
                             (cookie_io_functions_t){.write = write_lines, .close = close_lines});
    if (!file)
        abort(); // memory is exhausted
    return file;
}
