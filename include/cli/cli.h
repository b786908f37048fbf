// SPDX-License-Identifier: MIT
#pragma once

/** Exit statuses of the contract. */
enum exit_status {
    EXIT_OK,       ///< a report was printed
    EXIT_INPUT,    ///< the input cannot be analysed, or what was asked for is not there
    EXIT_USAGE,    ///< wrong usage
    EXIT_STRICT,   ///< --strict, and the report has warnings
    EXIT_EXPECTED, ///< --expect-…, and the crash is another
    EXIT_DOCTOR,   ///< doctor: no usable core would be left
};

/** The program: argv as main() gets it. @return its exit status */
int cli_main(int argc, char **argv);
