// SPDX-License-Identifier: MIT
#include "base/alloc.h"
#include "base/utf8.h"
#include "cli_internal.h"
#include "host/doctor.h"
#include "image/elf_file.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** What the executable of a process holds decides what a core of it can tell. */
static void examine_binary(const struct doctor_target *target, struct doctor_report *report)
{
    char link[4096] = "";
    const char *path = doctor_executable(target, report->arena);
    AUTO(elf_file) file = NULL;
    struct error *err = path ? elf_file_open(path, &file) : NULL;
    if (!path)
        return;
    if (err) {
        doctor_add(report, DOCTOR_NOTE, "binary",
                   arena_printf(report->arena, "sudo gocrash doctor --pid %ld", (long)target->pid),
                   "cannot be read: %s", error_message(err));
        error_ignore(err);
        return;
    }
    bool is_go = elf_file_section(file, ".go.buildinfo") || elf_file_go_build_id(file);
    bool has_dwarf =
        elf_file_section(file, ".debug_info") || elf_file_section(file, ".zdebug_info");
    ssize_t size = readlink(path, link, sizeof link - 1);
    if (size > 10 && strcmp(link + size - 10, " (deleted)") == 0)
        doctor_add(report, DOCTOR_NOTE, "binary",
                   arena_printf(report->arena, "cp %s ./binary-of-%ld", path, (long)target->pid),
                   "its file was replaced or removed: the core can only be read with this build");
    if (!is_go)
        doctor_add(report, DOCTOR_NOTE, "binary", NULL, "does not look like a Go program");
    if (!has_dwarf)
        doctor_add(report, DOCTOR_NOTE, "binary", "go build without -ldflags=-s or -w",
                   "has no DWARF: stacks can be read, variables cannot");
    if (!elf_file_build_id(file) && !elf_file_go_build_id(file))
        doctor_add(report, DOCTOR_NOTE, "binary", "go build -ldflags=-B=gobuildid",
                   "has no build id: nothing will say whether a core is of it");
    if (is_go && has_dwarf)
        doctor_add(report, DOCTOR_GOOD, "binary", NULL, "a Go program with DWARF");
}

static const char *const levels[] = {
    [DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_PROBLEM] = "problem"};

static void put(struct buffer *out, const char *text)
{
    utf8_escape(out, text, strlen(text), "");
}

static void print_text(const struct doctor_report *report, uint64_t pid,
                       const struct text_style *style, FILE *out)
{
    AUTO_TEXT text = {0};
    bool usable = doctor_is_usable(report);
    buffer_puts(&text, usable ? MARK_STRONG : MARK_ALARM);
    if (pid)
        buffer_printf(&text, "If process %" PRIu64 " dies, it leaves ", pid);
    else
        buffer_puts(&text, "A Go program that dies here leaves ");
    buffer_printf(&text, "%s usable core." MARK_END "\n\n", usable ? "a" : "no");
    for (int level = DOCTOR_PROBLEM; level >= DOCTOR_GOOD; level--)
        for (size_t i = 0; i < report->count; i++) {
            const struct doctor_finding *finding = &report->items[i];
            if ((int)finding->level != level)
                continue;
            buffer_printf(&text, "%s%-8s" MARK_END " %-16s ",
                          level == DOCTOR_PROBLEM ? MARK_ALARM : MARK_STRONG, levels[level],
                          finding->subject);
            put(&text, finding->text);
            if (finding->remedy) {
                buffer_printf(&text, "\n%26s", "-> ");
                put(&text, finding->remedy);
            }
            buffer_putc(&text, '\n');
        }
    text_style_write(out, &text, style);
}

static void print_json(const struct doctor_report *report, FILE *out)
{
    struct listing listing = {.out = out, .json = true};
    listing_begin(&listing, "findings");
    for (size_t i = 0; i < report->count; i++) {
        const struct doctor_finding *finding = &report->items[i];
        listing_fields(&listing, (const char *const[]){"level", levels[finding->level], "subject",
                                                       finding->subject, "text", finding->text,
                                                       "remedy", finding->remedy, NULL});
    }
    listing_end(&listing, NULL);
}

int run_doctor(const struct command *command, const struct report_options *options, char **operands,
               int operand_count)
{
    if (operand_count) {
        complain("%s: '%s': it takes no files; usage: gocrash doctor [OPTIONS]", command->name,
                 operands[0]);
        return EXIT_USAGE;
    }
    AUTO(arena) arena = arena_new();
    struct doctor_report report = {.arena = arena};
    const struct doctor_target target = {options->root, (pid_t)options->pid};
    struct text_style style = {0};
    struct output *output;
    FILE *out;
    if (!doctor_examine(&target, &report)) {
        complain("there is no process %" PRIu64, options->pid);
        doctor_report_clear(&report);
        return EXIT_INPUT;
    }
    examine_binary(&target, &report);
    struct error *err = output_open(options, &out, &style, &output);
    int status = err ? complain_error(err) : EXIT_OK;
    if (!err) {
        if (options->format == FORMAT_JSON)
            print_json(&report, out);
        else
            print_text(&report, options->pid, &style, out);
        status = output_close(output, doctor_is_usable(&report) ? EXIT_OK : EXIT_DOCTOR);
    }
    doctor_report_clear(&report);
    return status;
}
