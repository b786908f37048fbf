// SPDX-License-Identifier: MIT
#include "progress.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

static struct progress progress;
static volatile sig_atomic_t shown, seconds;

/** Appends a number; printf may not be called in a signal handler. @return the new size */
static size_t put_number(char *text, size_t size, uint64_t number)
{
    char digits[24];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) && count < sizeof digits);
    while (count)
        text[size++] = digits[--count];
    return size;
}

static size_t put_text(char *text, size_t size, const char *what)
{
    while (*what)
        text[size++] = *what++;
    return size;
}

static void on_timer(int number)
{
    (void)number;
    char text[128];
    size_t size = put_text(text, 0, "\rgocrash: ");
    if (progress.total) {
        size = put_text(text, size, "goroutine ");
        size = put_number(text, size, progress.done);
        size = put_text(text, size, " of ");
        size = put_number(text, size, progress.total);
    } else {
        size = put_text(text, size, "reading the files");
    }
    size = put_text(text, size, ", ");
    size = put_number(text, size, (uint64_t)++seconds);
    size = put_text(text, size, " s\033[K");
    shown = 1;
    ssize_t ignored = write(STDERR_FILENO, text, size);
    (void)ignored;
}

void progress_show(void)
{
    const struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    const struct itimerval second = {{1, 0}, {1, 0}};
    if (!isatty(STDERR_FILENO))
        return;
    seconds = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &second, NULL);
}

void progress_hide(void)
{
    static const char clear[] = "\r\033[K";
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
    if (!shown)
        return;
    shown = 0;
    ssize_t ignored = write(STDERR_FILENO, clear, sizeof clear - 1);
    (void)ignored;
}

struct progress *progress_current(void)
{
    return &progress;
}
