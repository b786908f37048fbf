// SPDX-License-Identifier: MIT
#include "report/json_internal.h"

json_t *json_panics(const struct report_panic_list *panics)
{
    json_t *array = json_array();
    for (size_t i = 0; i < panics->count; i++) {
        const struct report_panic *panic = &panics->items[i];
        static const struct value unknown;
        json_t *object = json_object();
        json_put(object, "value", json_value(panic->value ? panic->value : &unknown));
        json_put(object, "text", json_text(panic->text ? panic->text : ""));
        json_put(object, "recovered", json_boolean(panic->recovered));
        json_put(object, "repanicked", json_boolean(panic->repanicked));
        json_put(object, "goexit", json_boolean(panic->goexit));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *values(const struct value_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_value(list->items[i]));
    return array;
}

/** File and line; a line number alone says nothing. */
static void put_place(json_t *object, const char *file, int64_t line)
{
    if (!file)
        return;
    json_put_text(object, "file", file);
    if (line > 0)
        json_put(object, "line", json_integer(line));
}

static void put_addresses(json_t *object, const struct report_frame *frame)
{
    if (frame->has_pc)
        json_put(object, "pc", json_hex(frame->pc));
    if (frame->has_offset)
        json_put(object, "offset", json_count(frame->offset));
    if (frame->has_stack) {
        json_put(object, "sp", json_hex(frame->sp));
        json_put(object, "fp", json_hex(frame->fp));
    }
}

static json_t *source(const struct report_frame *frame)
{
    json_t *array = json_array();
    for (size_t i = 0; i < frame->source_count; i++) {
        json_t *line = json_object();
        json_put(line, "line", json_integer(frame->source[i].line));
        json_put(line, "text", json_text(frame->source[i].text));
        json_array_append_new(array, line);
    }
    return array;
}

static json_t *frame_object(const struct report_frame *frame)
{
    json_t *object = json_object();
    json_put_text(object, "stack", frame_stack_name(frame->stack));
    json_put(object, "function", json_text(frame->function ? frame->function : "?"));
    put_place(object, frame->file, frame->line);
    json_put_text(object, "module", frame->module);
    put_addresses(object, frame);
    json_put(object, "inlined", json_boolean(frame->inlined));
    json_put(object, "native", json_boolean(frame->native));
    json_put(object, "runtime", json_boolean(frame->runtime));
    json_put_text(object, "args_text", frame->arguments_text);
    if (frame->variables_read) {
        json_put(object, "args", values(&frame->arguments));
        json_put(object, "locals", values(&frame->locals));
    }
    if (frame->source_count)
        json_put(object, "source", source(frame));
    return object;
}

json_t *json_frames(const struct report_frame_list *frames)
{
    json_t *array = json_array();
    for (size_t i = 0; i < frames->count; i++)
        json_array_append_new(array, frame_object(&frames->items[i]));
    return array;
}

static json_t *created_by(const struct report_created_by *by)
{
    json_t *object = json_object();
    json_put_text(object, "function", by->function);
    put_place(object, by->file, by->line);
    if (by->file)
        json_put(object, "offset", json_count(by->offset));
    if (by->goroutine)
        json_put(object, "goroutine", json_count(by->goroutine));
    return object;
}

static json_t *select_cases(const struct report_waiting_on *on)
{
    json_t *array = json_array();
    for (size_t i = 0; i < on->case_count; i++) {
        json_t *object = json_object();
        json_put(object, "channel", json_hex(on->cases[i].channel));
        json_put_text(object, "direction", on->cases[i].direction);
        json_put_text(object, "expression", on->cases[i].expression);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *waiting_on(const struct report_waiting_on *on)
{
    json_t *object = json_object();
    json_put_text(object, "kind", on->kind);
    if (on->has_address)
        json_put(object, "address", json_hex(on->address));
    json_put_text(object, "expression", on->expression);
    json_put_text(object, "summary", on->summary);
    if (on->case_count)
        json_put(object, "cases", select_cases(on));
    return object;
}

static json_t *defers(const struct report_goroutine *goroutine)
{
    json_t *array = json_array();
    for (size_t i = 0; i < goroutine->defer_count; i++) {
        const struct report_defer *defer = &goroutine->defers[i];
        json_t *object = json_object();
        json_put_text(object, "function", defer->function);
        put_place(object, defer->file, defer->line);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *json_goroutine(const struct report_goroutine *goroutine)
{
    json_t *object = json_object();
    json_put(object, "id", json_count(goroutine->id));
    json_put_text(object, "status", goroutine->status);
    json_put_text(object, "wait_reason", goroutine->wait_reason);
    if (goroutine->has_wait)
        json_put(object, "wait_ns", json_count(goroutine->wait_ns));
    json_put(object, "system", json_boolean(goroutine->system));
    json_put(object, "locked_to_thread", json_boolean(goroutine->locked_to_thread));
    if (goroutine->has_thread)
        json_put(object, "thread", json_count(goroutine->thread));
    if (goroutine->panics.count)
        json_put(object, "panics", json_panics(&goroutine->panics));
    if (goroutine->labels.count)
        json_put(object, "labels", json_pairs(&goroutine->labels));
    if (goroutine->g)
        json_put(object, "g", json_hex(goroutine->g));
    if (goroutine->m)
        json_put(object, "m", json_hex(goroutine->m));
    json_put_text(object, "start_function", goroutine->start_function);
    if (goroutine->created_by.function)
        json_put(object, "created_by", created_by(&goroutine->created_by));
    if (goroutine->waiting_on.kind)
        json_put(object, "waiting_on", waiting_on(&goroutine->waiting_on));
    json_put(object, "frames", json_frames(&goroutine->frames));
    if (goroutine->frames.elided) {
        json_put(object, "frames_elided", json_count(goroutine->frames.elided));
        json_put(object, "frames_elided_after", json_count(goroutine->frames.elided_after));
    }
    json_put_text(object, "truncated", goroutine->truncated);
    if (goroutine->defer_count)
        json_put(object, "defers", defers(goroutine));
    return object;
}

json_t *json_thread(const struct report_thread *thread)
{
    json_t *object = json_object();
    json_put(object, "tid", json_count(thread->tid));
    json_put(object, "pc", json_hex(thread->pc));
    json_put_text(object, "function", thread->function);
    if (thread->has_goroutine)
        json_put(object, "goroutine", json_count(thread->goroutine));
    if (thread->signal.present)
        json_put(object, "signal", json_signal(&thread->signal));
    if (thread->register_count) {
        json_t *registers = json_object();
        for (size_t i = 0; i < thread->register_count; i++)
            json_put(registers, thread->register_names[i], json_hex(thread->register_values[i]));
        json_put(object, "registers", registers);
    }
    if (thread->frames.count)
        json_put(object, "frames", json_frames(&thread->frames));
    return object;
}
