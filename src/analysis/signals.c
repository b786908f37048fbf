// SPDX-License-Identifier: MIT
#include "analysis_internal.h"

#include <signal.h>

const char *signal_name(int number)
{
    static const char *const names[] = {
        [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
        [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",
        [SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
        [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM", [SIGSYS] = "SIGSYS",
    };
    return number > 0 && (size_t)number < COUNT_OF(names) ? names[number] : NULL;
}

const char *signal_code_name(int number, int64_t code)
{
    static const struct {
        int number; // 0: any
        int64_t code;
        const char *name;
    } rows[] = {
        {0, SI_USER, "SI_USER"},
        {0, SI_KERNEL, "SI_KERNEL"},
        {0, SI_QUEUE, "SI_QUEUE"},
        {0, SI_TKILL, "SI_TKILL"},
        {SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"},
        {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
        {SIGBUS, BUS_ADRALN, "BUS_ADRALN"},
        {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},
        {SIGBUS, BUS_OBJERR, "BUS_OBJERR"},
        {SIGFPE, FPE_INTDIV, "FPE_INTDIV"},
        {SIGFPE, FPE_INTOVF, "FPE_INTOVF"},
        {SIGILL, ILL_ILLOPC, "ILL_ILLOPC"},
        {SIGILL, ILL_ILLOPN, "ILL_ILLOPN"},
        {SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if ((rows[i].number == 0 || rows[i].number == number) && rows[i].code == code)
            return rows[i].name;
    return NULL;
}
