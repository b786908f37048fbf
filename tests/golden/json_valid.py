"""Holds `gocrash analyze --format json` against the schema, and against facts.

    json_valid.py GOCRASH SCHEMA BINARY CORE… [--expect PATH=VALUE]… [--expect PATH~REGEXP]…

PATH is dotted; [3] takes an element by its number (-1: the last), [name=user] the first one whose field is that,
[frames.function=main.f] the first one that has one such in the list named. VALUE is JSON, or else a string. The schema lets fields be added; here one that it does not describe fails, for then the schema
was forgotten.
"""
import argparse
import json
import re

import jsonschema

from common import CheckFailed, main, run

STEP = re.compile(r"\.?(?:([A-Za-z_]\w*)|\[(-?\d+)\]|\[(\w+)(?:\.(\w+))?=([^\]]*)\])")
MAX_ERRORS_SHOWN = 10


def closed(schema):
    """The same schema, allowing no property that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    # the keyword `properties`, not a property of that name
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        result.setdefault("additionalProperties", False)
    return result


def load_validator(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    if not schema.get("required") or "$defs" not in schema:
        raise CheckFailed("%s requires nothing: is it the schema?" % path)
    return jsonschema.Draft202012Validator(closed(schema))


def look_up(report, path):
    value, position = report, 0
    while position < len(path):
        step = STEP.match(path, position)
        if not step:
            raise CheckFailed("malformed path %s at %d" % (path, position))
        field, number, key, inner, wanted = step.groups()
        try:
            if field is not None:
                value = value[field]
            elif number is not None:
                value = value[int(number)]
            else:
                value = next(item for item in value if selected(item.get(key), inner, wanted))
        except (KeyError, IndexError, TypeError, AttributeError, StopIteration):
            raise CheckFailed("%s: there is no %s in %s" % (path, step.group(0), shorten(value))) from None
        position = step.end()
    return value


def selected(value, inner, wanted):
    if inner is None:
        return str(value) == wanted
    return any(str(item.get(inner)) == wanted for item in value or [])


def shorten(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 500 else text[:500] + "…"


def expect(report, expectation):
    split = re.match(r"((?:\[[^\]]*\]|[^=~\[])+)([=~])(.*)$", expectation, re.DOTALL)
    if not split:
        raise CheckFailed("malformed expectation %s" % expectation)
    path, operator, wanted = split.groups()
    actual = look_up(report, path)
    if operator == "~":
        if not isinstance(actual, str) or not re.search(wanted, actual):
            raise CheckFailed("%s is %s, which does not match %s" % (path, shorten(actual), wanted))
        return
    try:
        wanted = json.loads(wanted)
    except ValueError:
        pass
    if actual != wanted or isinstance(actual, bool) != isinstance(wanted, bool):
        raise CheckFailed("%s is %s instead of %s" % (path, shorten(actual), shorten(wanted)))


def check_json(gocrash, validator, binary, core, expectations, more=None, options=()):
    """more: called with the report, returns what else is wrong with it."""
    printed = run([gocrash, "analyze", "--format", "json", *options, binary, core]).expect_status(0).stdout
    try:
        report = json.loads(printed)
    except ValueError as error:
        raise CheckFailed("not JSON: %s\n%s" % (error, printed[:2000])) from None
    failures = []
    if not printed.endswith("}\n"):
        failures.append("no newline at the end")
    errors = sorted(validator.iter_errors(report), key=lambda error: list(map(str, error.absolute_path)))
    for error in errors[:MAX_ERRORS_SHOWN]:
        failures.append("%s: %s" % (error.json_path, error.message[:500]))
    if len(errors) > MAX_ERRORS_SHOWN:
        failures.append("and %d more errors" % (len(errors) - MAX_ERRORS_SHOWN))
    goroutines = report.get("goroutines") or []
    frames = sum(len(goroutine.get("frames") or []) for goroutine in goroutines)
    if not frames:
        failures.append("a report without a single frame")
    for expectation in expectations:
        try:
            expect(report, expectation)
        except CheckFailed as failure:
            failures.append(str(failure))
    failures += more(report) if more else []
    if failures:
        raise CheckFailed("\n".join(failures))
    return "valid: %d goroutines, %d frames, %d facts" % (len(goroutines), frames, len(expectations))


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("gocrash", "schema", "binary"):
        parser.add_argument(name)
    parser.add_argument("cores", nargs="+")
    parser.add_argument("--expect", action="append", default=[])
    options = parser.parse_args(arguments)
    validator = load_validator(options.schema)
    return "\n".join(check_json(options.gocrash, validator, options.binary, core, options.expect) for core in options.cores)


if __name__ == "__main__":
    main(check)
