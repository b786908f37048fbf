// SPDX-License-Identifier: MIT
#include "report/json_internal.h"

static json_t *dependencies(const struct report_binary *binary)
{
    json_t *array = json_array();
    for (size_t i = 0; i < binary->dependency_count; i++) {
        const struct report_dependency *dependency = &binary->dependencies[i];
        json_t *object = json_object();
        json_put(object, "path", json_text(dependency->path));
        json_put(object, "version", json_text(dependency->version ? dependency->version : ""));
        json_put_text(object, "replaced_by", dependency->replaced_by);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *json_binary(const struct report_binary *binary)
{
    static const char *const matches[] = {
        [MATCHES_UNKNOWN] = "unknown", [MATCHES_YES] = "yes", [MATCHES_NO] = "no"};
    json_t *object = json_object();
    json_put_text(object, "path", binary->path);
    json_put_text(object, "build_id", binary->build_id);
    json_put_text(object, "go_build_id", binary->go_build_id);
    json_put(object, "go_version", json_text(binary->go_version ? binary->go_version : "unknown"));
    json_put_text(object, "arch", binary->arch);
    json_put_text(object, "debug_file", binary->debug_file);
    json_put_text(object, "main_package", binary->main_package);
    json_put_text(object, "module", binary->module);
    json_put_text(object, "module_version", binary->module_version);
    if (binary->settings.count)
        json_put(object, "settings", json_pairs(&binary->settings));
    if (binary->dependency_count)
        json_put(object, "dependencies", dependencies(binary));
    json_put(object, "has_dwarf", json_boolean(binary->has_dwarf));
    json_put(object, "has_symtab", json_boolean(binary->has_symtab));
    json_put(object, "pie", json_boolean(binary->pie));
    if (binary->knows_cgo)
        json_put(object, "cgo", json_boolean(binary->cgo));
    if (binary->knows_optimized)
        json_put(object, "optimized", json_boolean(binary->optimized));
    json_put_text(object, "matches_core", matches[binary->matches_core]);
    return object;
}

json_t *json_core(const struct report_core *core)
{
    json_t *object = json_object();
    json_put_text(object, "path", core->path);
    json_put(object, "size", json_count(core->size));
    json_put_text(object, "arch", core->arch);
    json_put_text(object, "compression", core->compression);
    json_put(object, "truncated", json_boolean(core->truncated));
    if (core->missing_bytes)
        json_put(object, "missing_bytes", json_count(core->missing_bytes));
    if (core->pid)
        json_put(object, "pid", json_integer(core->pid));
    json_put_text(object, "executable", core->executable);
    json_put_text(object, "command_line", core->command_line);
    if (core->signal.present)
        json_put(object, "signal", json_signal(&core->signal));
    return object;
}

json_t *json_runtime(const struct report_runtime *runtime)
{
    json_t *object = json_object();
    if (runtime->has_goroutines)
        json_put(object, "goroutines", json_count(runtime->goroutines));
    if (runtime->has_threads)
        json_put(object, "threads", json_count(runtime->threads));
    if (runtime->has_gomaxprocs)
        json_put(object, "gomaxprocs", json_count(runtime->gomaxprocs));
    if (runtime->has_uptime)
        json_put(object, "uptime_ns", json_count(runtime->uptime_ns));
    if (runtime->has_heap_live)
        json_put(object, "heap_live", json_count(runtime->heap_live));
    if (runtime->has_heap_goal)
        json_put(object, "heap_goal", json_count(runtime->heap_goal));
    if (runtime->has_memory_limit)
        json_put(object, "memory_limit", json_count(runtime->memory_limit));
    if (runtime->has_stacks_in_use)
        json_put(object, "stacks_in_use", json_count(runtime->stacks_in_use));
    if (runtime->has_gc_cycles)
        json_put(object, "gc_cycles", json_count(runtime->gc_cycles));
    return object;
}

static json_t *cause_object(const struct report_cause *cause)
{
    json_t *object = json_object();
    json_put_text(object, "summary", cause->summary);
    json_put_text(object, "expression", cause->expression);
    if (cause->value)
        json_put(object, "value", json_value(cause->value));
    json_put_text(object, "origin", cause->origin);
    json_put_text(object, "confidence", confidence_name(cause->confidence));
    if (cause->evidence.count)
        json_put(object, "evidence", json_strings(&cause->evidence));
    if (cause->goroutines.count)
        json_put(object, "goroutines", json_ids(&cause->goroutines));
    return object;
}

/** As the schema has it: up to the first empty line, which only a panic's own text has. */
static struct string_list first_paragraph(const struct string_list *message)
{
    struct string_list lines = {message->items, 0};
    while (lines.count < message->count && message->items[lines.count][0])
        lines.count++;
    return lines;
}

json_t *json_crash(const struct report_crash *crash)
{
    json_t *object = json_object();
    const struct string_list message = first_paragraph(&crash->message);
    json_put_text(object, "kind", crash_kind_name(crash->kind));
    json_put_text(object, "class", crash_class_name(crash->class));
    json_put(object, "message", json_strings(&message));
    if (crash->signal.present)
        json_put(object, "signal", json_signal(&crash->signal));
    if (crash->has_goroutine)
        json_put(object, "goroutine", json_count(crash->goroutine));
    if (crash->has_frame)
        json_put(object, "frame", json_count(crash->frame));
    if (crash->panics.count)
        json_put(object, "panics", json_panics(&crash->panics));
    if (crash->cause.present)
        json_put(object, "cause", cause_object(&crash->cause));
    if (crash->advice.count)
        json_put(object, "advice", json_strings(&crash->advice));
    json_put_text(object, "signature", crash->signature);
    return object;
}

json_t *json_group(const struct report_group *group)
{
    json_t *object = json_object();
    json_put(object, "count", json_count(group->ids.count));
    json_put(object, "ids", json_ids(&group->ids));
    json_put_text(object, "status", group->status);
    json_put_text(object, "wait_reason", group->wait_reason);
    if (group->has_wait) {
        json_put(object, "longest_wait_ns", json_count(group->longest_wait_ns));
        json_put(object, "shortest_wait_ns", json_count(group->shortest_wait_ns));
    }
    return object;
}

json_t *json_finding(const struct report_finding *finding)
{
    json_t *object = json_object();
    json_put_text(object, "kind", finding_kind_name(finding->kind));
    json_put_text(object, "summary", finding->summary);
    json_put_text(object, "confidence", confidence_name(finding->confidence));
    if (finding->goroutines.count)
        json_put(object, "goroutines", json_ids(&finding->goroutines));
    if (finding->evidence.count)
        json_put(object, "evidence", json_strings(&finding->evidence));
    return object;
}
