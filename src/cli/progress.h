// SPDX-License-Identifier: MIT
#pragma once

#include "base/progress.h"

/** Shows on a terminal's standard error what takes longer than a second, until it is hidden. */
void progress_show(void);

/** Takes the line away; also called before anything is printed. */
void progress_hide(void);

/** What the work fills in. */
struct progress *progress_current(void);
