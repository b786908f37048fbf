"""Offsets of the runtime's fields, for tests that look into cores on their own."""
import os
import re


class Layouts:
    """The table of src/symbols/go_layouts.inc, which its generator made from the DWARF of real binaries."""

    def __init__(self, repository):
        with open(os.path.join(repository, "src/symbols/go_layouts.inc")) as file:
            self.text = file.read()

    def offset(self, name, minor):
        """A field's offset in release 1.<minor>."""
        row = re.search(r"\[FIELD_%s\] = \{(.*)\}," % name, self.text).group(1)
        return int(re.findall(r"\{(\d+), \d+\}|(ABSENT)", row)[minor - 15][0])
