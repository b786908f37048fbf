// SPDX-License-Identifier: MIT
#include "listing_internal.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <string.h>

static void put_hex_bytes(struct buffer *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buffer_printf(out, "%02x", bytes[i]);
}

static void put_frames(struct buffer *out, const struct report_frame_list *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        const struct report_frame *frame = &frames->items[i];
        buffer_printf(out, "  #%" PRIu64 " ", text_frame_number(frames, i));
        text_place(out, frame);
        if (!frame->file && frame->has_pc)
            buffer_printf(out, ", pc 0x%" PRIx64, frame->pc);
        if (frame->stack != STACK_GOROUTINE)
            buffer_printf(out, " (%s stack)", frame_stack_name(frame->stack));
        buffer_putc(out, '\n');
    }
}

void listing_thread(struct listing *listing, const struct report_thread *thread,
                    const struct report_frame *where)
{
    if (listing->json) {
        AUTO_TEXT element = {0};
        json_put_thread(&element, thread);
        listing_put_text(listing, &element);
        return;
    }
    AUTO_TEXT text = {0};
    buffer_printf(&text, "%" PRIu32 "  ", thread->tid);
    text_put(&text, thread->function ? thread->function : "?");
    if (!thread->function)
        buffer_printf(&text, " at pc 0x%" PRIx64, thread->pc);
    if (where && (thread->has_goroutine || thread->frames.items != where)) {
        if (thread->has_goroutine)
            buffer_printf(&text, ", goroutine %" PRIu64 " at ", thread->goroutine);
        else
            buffer_puts(&text, ", from ");
        text_place(&text, where);
    }
    if (thread->crashed)
        buffer_puts(&text, thread->interrupted ? ", interrupted by the signal" : ", crashed");
    buffer_putc(&text, '\n');
    if (listing->full)
        put_frames(&text, &thread->frames);
    listing_flush(listing, &text);
}

/** In hex, the most significant byte first. */
static void put_wide(struct buffer *out, const struct wide_register *wide)
{
    buffer_puts(out, "0x");
    for (size_t i = wide->size; i > 0; i--)
        buffer_printf(out, "%02x", wide->bytes[i - 1]);
}

static json_t *registers_json(const struct listed_registers *registers)
{
    json_t *object = json_object(), *values = json_object();
    if (registers->thread)
        json_put(object, "thread", json_count(registers->thread));
    if (registers->goroutine)
        json_put(object, "goroutine", json_count(registers->goroutine));
    json_put_text(object, "moment", registers->moment);
    json_put_text(object, "function", registers->where.function);
    for (size_t i = 0; i < registers->count; i++)
        json_put(values, registers->names[i], json_hex(registers->values[i]));
    for (size_t i = 0; i < registers->wide_count; i++) {
        AUTO_TEXT text = {0};
        put_wide(&text, &registers->wide[i]);
        json_put(values, registers->wide[i].name, json_text(buffer_text(&text)));
    }
    json_put(object, "registers", values);
    return object;
}

void listing_registers(struct listing *listing, const struct listed_registers *registers)
{
    if (listing->json) {
        listing_put(listing, registers_json(registers));
        return;
    }
    AUTO_TEXT text = {0};
    if (listing->count)
        buffer_putc(&text, '\n');
    if (registers->thread)
        buffer_printf(&text, "Thread %" PRIu32, registers->thread);
    if (registers->goroutine)
        buffer_printf(&text, "%s %" PRIu64, registers->thread ? ", goroutine" : "Goroutine",
                      registers->goroutine);
    buffer_printf(&text, ", %s", registers->moment);
    if (registers->where.function) {
        buffer_puts(&text, ", in ");
        text_place(&text, &registers->where);
    }
    buffer_putc(&text, '\n');
    int width = 0;
    for (size_t i = 0; i < registers->count; i++) {
        int size = (int)strlen(registers->names[i]);
        width = size > width ? size : width;
    }
    for (size_t i = 0; i < registers->wide_count; i++) {
        int size = (int)strlen(registers->wide[i].name);
        width = size > width ? size : width;
    }
    for (size_t i = 0; i < registers->count; i++)
        buffer_printf(&text, "  %-*s  0x%016" PRIx64 "\n", width, registers->names[i],
                      registers->values[i]);
    for (size_t i = 0; i < registers->wide_count; i++) {
        buffer_printf(&text, "  %-*s  ", width, registers->wide[i].name);
        put_wide(&text, &registers->wide[i]);
        buffer_putc(&text, '\n');
    }
    listing_flush(listing, &text);
}

/** The number at bytes, and whether all of it is known. */
static bool number_at(const struct listed_memory *memory, size_t offset, uint64_t *out)
{
    *out = 0;
    for (unsigned i = 0; i < memory->size; i++) {
        if (offset + i >= memory->count || !memory->known[offset + i])
            return false;
        *out |= (uint64_t)memory->bytes[offset + i] << 8 * i; // both machines are little-endian
    }
    return true;
}

static void put_binary(struct buffer *out, uint64_t number, unsigned bits)
{
    while (bits--)
        buffer_putc(out, number >> bits & 1 ? '1' : '0');
}

static void put_number(struct buffer *out, const struct listed_memory *memory, size_t offset)
{
    static const int widths[MEMORY_BASES][4] = {
        {2, 4, 8, 16}, {3, 5, 10, 20}, {3, 6, 11, 22}, {8, 16, 32, 64}, {2, 4, 8, 16}};
    unsigned step = memory->size == 1 ? 0 : memory->size == 2 ? 1 : memory->size == 4 ? 2 : 3;
    int width = widths[memory->base][step];
    uint64_t number;
    if (!number_at(memory, offset, &number)) {
        for (int i = 0; i < width; i++)
            buffer_putc(out, '?');
        return;
    }
    switch (memory->base) {
    case MEMORY_DECIMAL:
        buffer_printf(out, "%*" PRIu64, width, number);
        break;
    case MEMORY_OCTAL:
        buffer_printf(out, "%0*" PRIo64, width, number);
        break;
    case MEMORY_BINARY:
        put_binary(out, number, 8 * memory->size);
        break;
    default:
        buffer_printf(out, "%0*" PRIx64, width, number);
        break;
    }
}

static json_t *memory_json(const struct listed_memory *memory)
{
    AUTO_TEXT bytes = {0};
    for (size_t i = 0; i < memory->count; i++)
        if (memory->known[i])
            buffer_printf(&bytes, "%02x", memory->bytes[i]);
        else
            buffer_puts(&bytes, "??");
    json_t *object = json_object();
    json_put(object, "address", json_hex(memory->address));
    json_put_text(object, "bytes", buffer_text(&bytes));
    return object;
}

void listing_memory(struct listing *listing, const struct listed_memory *memory)
{
    if (listing->json) {
        listing_put(listing, memory_json(memory));
        return;
    }
    AUTO_TEXT text = {0};
    buffer_printf(&text, "0x%" PRIx64 ": ", memory->address);
    for (size_t i = 0; i < memory->count; i += memory->size) {
        buffer_putc(&text, ' ');
        put_number(&text, memory, i);
    }
    if (memory->size == 1 && memory->base == MEMORY_HEX) {
        buffer_printf(&text, "%*s  |", (int)(memory->count < 16 ? 3 * (16 - memory->count) : 0),
                      "");
        for (size_t i = 0; i < memory->count; i++) {
            uint8_t byte = memory->bytes[i];
            bool shown = memory->known[i] && byte >= 0x20 && byte < 0x7f;
            buffer_putc(&text, shown ? (char)byte : memory->known[i] ? '.' : '?');
        }
        buffer_putc(&text, '|');
    }
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}

static json_t *instruction_json(const struct listed_instruction *instruction)
{
    AUTO_TEXT bytes = {0};
    put_hex_bytes(&bytes, instruction->bytes, instruction->size);
    json_t *object = json_object();
    json_put(object, "address", json_hex(instruction->address));
    json_put_text(object, "bytes", buffer_text(&bytes));
    json_put_text(object, "text", instruction->text);
    json_put_text(object, "target", instruction->target);
    json_put_text(object, "file", instruction->file);
    if (instruction->line > 0)
        json_put(object, "line", json_integer(instruction->line));
    if (instruction->current)
        json_put(object, "current", json_true());
    return object;
}

void listing_instruction(struct listing *listing, const struct listed_instruction *instruction)
{
    if (listing->json) {
        listing_put(listing, instruction_json(instruction));
        return;
    }
    enum { PLACE = 20, BYTES = 20 };
    AUTO_TEXT text = {0};
    AUTO_TEXT place = {0};
    AUTO_TEXT bytes = {0};
    const char *slash = instruction->file ? strrchr(instruction->file, '/') : NULL;
    if (instruction->file) {
        text_put(&place, slash ? slash + 1 : instruction->file);
        buffer_printf(&place, ":%" PRId64, instruction->line);
    }
    put_hex_bytes(&bytes, instruction->bytes, instruction->size);
    buffer_printf(&text, "%s%-*s  0x%" PRIx64 "  %-*s  ", instruction->current ? "=> " : "   ",
                  PLACE, buffer_text(&place), instruction->address, BYTES, buffer_text(&bytes));
    text_put(&text, instruction->text);
    if (instruction->target) {
        buffer_puts(&text, "  ; ");
        text_put(&text, instruction->target);
    }
    buffer_putc(&text, '\n');
    listing_flush(listing, &text);
}
