// SPDX-License-Identifier: MIT
#pragma once

#include "model/program_info.h"

#include <stdio.h>

/** Prints what `gocrash info` tells, as text or as one JSON object (docs/report-format.md). */
void info_print_text(FILE *out, const struct program_info *info);
void info_print_json(FILE *out, const struct program_info *info);
