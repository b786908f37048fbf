"""Fails on an #include that points up: each layer may include its own headers and those of the layers it is built on.

    layers.py SOURCE_DIRECTORY

Which layer is built on which is what CMakeLists.txt says behind gocrash_layer: the list that it links by.
"""
import os
import re
import sys

from common import CheckFailed, main, read_text

LAYER = re.compile(r"^gocrash_layer\((\w+)(?: USES ([\w ]+?))?(?: LIBS [^)]*)?\)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def read_layers(root):
    layers = {name: set(uses.split()) for name, uses in LAYER.findall(read_text(os.path.join(root, "CMakeLists.txt")))}
    if len(layers) < 5:
        raise CheckFailed("only %d layers found in CMakeLists.txt" % len(layers))
    return layers


def sources(root, layer):
    for top in ("include", "src"):
        for directory, _, names in os.walk(os.path.join(root, top, layer)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".inc", ".def")):
                    yield os.path.join(directory, name)


def check(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    root = arguments[0]
    layers = read_layers(root)
    wrong, count = [], 0
    for layer, uses in layers.items():
        for path in sources(root, layer):
            for included in INCLUDE.findall(read_text(path)):
                count += 1
                other = included.split("/")[0]
                if "/" not in included or other == layer:
                    continue  # a file of its own folder
                if other not in layers:
                    wrong.append("%s includes %s, which belongs to no layer" % (os.path.relpath(path, root), included))
                elif other not in uses:
                    wrong.append("%s includes %s: %s is not built on %s" % (os.path.relpath(path, root), included, layer, other))
                elif os.path.exists(os.path.join(root, "src", included)):
                    wrong.append("%s includes %s, which is internal to %s" % (os.path.relpath(path, root), included, other))
    if wrong:
        raise CheckFailed("\n".join(wrong))
    return "%d includes of %d layers" % (count, len(layers))


if __name__ == "__main__":
    main(check)
