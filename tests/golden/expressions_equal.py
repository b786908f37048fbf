"""Compares the values that `gocrash print` gives to expressions with what the program printed of them before it died.

    expressions_equal.py [--optimized] GOCRASH BINARY CORE PRINTED

The program prints a line EXPRESSION<TAB>TYPE<TAB>VALUE for each expression, in the words of the report. --optimized: an
expression may have no value, but none may have another one; how many have none is printed.
"""
import argparse
import json

from common import CheckFailed, main, read_text, run

MAX_SHOWN = 12
LEAST = 200  # fewer would mean that the program no longer prints what this holds gocrash against


def printed_lines(text):
    lines = [line.split("\t") for line in text.split("\n")]
    return [tuple(line) for line in lines if len(line) == 3 and line[0]]


def evaluate(gocrash, binary, core, expressions):
    output = run([gocrash, "print", "--no-redact", "--format", "json", binary, core, "--"] + expressions)
    if output.status not in (0, 1) or not output.stdout:
        raise CheckFailed("exit status %d, standard error:\n%s" % (output.status, output.stderr[-2000:]))
    results = json.loads(output.stdout)["results"]
    if [result["expression"] for result in results] != expressions:
        raise CheckFailed("not the expressions that were asked for, in their order")
    return results


def check_expressions(gocrash, binary, core, printed_path, optimized=False):
    printed = printed_lines(read_text(printed_path))
    if len(printed) < LEAST:
        raise CheckFailed("only %d expressions in %s" % (len(printed), printed_path))
    wrong, missing, equal = [], [], 0
    for (expression, type_name, text), result in zip(printed, evaluate(gocrash, binary, core, [line[0] for line in printed])):
        if "error" in result:
            missing.append("%s: %s" % (expression, result["error"]))
        elif (result["value"]["type"], result["value"]["text"]) == (type_name, text):
            equal += 1
        else:
            wrong.append("%s\n  printed %s = %s\n  read    %s = %s"
                         % (expression, type_name, text, result["value"]["type"], result["value"]["text"]))
    summary = "%d of %d expressions equal, %d without a value, %d wrong" % (equal, len(printed), len(missing), len(wrong))
    problems = wrong if optimized else wrong + missing
    if problems or not equal:
        raise CheckFailed(summary + "\n" + "\n".join(problems[:MAX_SHOWN]))
    return summary


def run_check(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--optimized", action="store_true")
    for name in ("gocrash", "binary", "core", "printed"):
        parser.add_argument(name)
    args = parser.parse_args(argv)
    return check_expressions(args.gocrash, args.binary, args.core, args.printed, args.optimized)


if __name__ == "__main__":
    main(run_check)
