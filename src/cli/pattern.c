// SPDX-License-Identifier: MIT
#include "pattern.h"

struct error *pattern_compile(const char *what, const char *text, struct pattern *out)
{
    if (!text)
        return NULL;
    int code = regcomp(&out->regex, text, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char why[128];
        regerror(code, &out->regex, why, sizeof why);
        return error_new(ERROR_INPUT, "%s '%s': %s", what, text, why);
    }
    out->given = true;
    return NULL;
}

void pattern_clear(struct pattern *pattern)
{
    if (pattern->given)
        regfree(&pattern->regex);
    pattern->given = false;
}

bool pattern_matches(const struct pattern *pattern, const char *text)
{
    return !pattern->given || (text && regexec(&pattern->regex, text, 0, NULL, 0) == 0);
}
