// SPDX-License-Identifier: MIT
#pragma once

#include "model/program_info.h"
#include "report/text_style.h"

#include <stdio.h>

/**
 * Prints what `gocrash info` tells, as text or as one JSON object (docs/report-format.md).
 * @param style  borrowed; NULL: as to a file
 */
void info_print_text(FILE *out, const struct program_info *info, const struct text_style *style);
void info_print_json(FILE *out, const struct program_info *info);
