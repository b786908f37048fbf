"""Holds the causes of the crashes in a pack of testdata against what truth.tsv says that they are.

    verdicts.py [--least PER_CENT] GOCRASH TRUTH PACK_DIRECTORY

As tests/live/verdicts.py does with a matrix: none may be wrong and certain, none of another class or place, and no
fewer than PER_CENT (80) right. Then the same with the sources at hand, which lie beside TRUTH: WITH_SOURCE per cent.
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "live"))
import verdicts as scorer  # noqa: E402 (of tests/live)

from common import CheckFailed, main  # noqa: E402


RECORDED = "/tmp/gocrash-record/"
WITH_SOURCE = 95.0


def check(arguments):
    least = 80.0
    if arguments[0] == "--least":
        least, arguments = float(arguments[1]), arguments[2:]
    gocrash, truth, directory = arguments[0], scorer.read_truth(arguments[1]), pathlib.Path(arguments[2])
    with tempfile.TemporaryDirectory() as scratch:
        build = pathlib.Path(scratch) / directory.name
        build.mkdir()
        subprocess.run(["zstd", "-dqf", str(directory / "binary.zst"), "-o", str(build / "binary")], check=True)
        with subprocess.Popen(["zstd", "-dcq", "--long=27", str(directory / "pack.tar.zst")], stdout=subprocess.PIPE) as unpacked:
            subprocess.run(["tar", "-x", "--sparse", "-C", str(build)], stdin=unpacked.stdout, check=True)
        if unpacked.returncode:
            raise CheckFailed("pack.tar.zst cannot be read")
        missing = [name for name in truth if not (build / f"{name}.core").exists()]
        if missing:
            raise CheckFailed("no core of " + ", ".join(missing))
        texts = []
        sources = f"{RECORDED}{pathlib.Path(arguments[1]).parent.name}={pathlib.Path(arguments[1]).parent / 'src'}"
        for source, wanted in ((False, least), (sources, WITH_SOURCE)):
            counts = scorer.score_build(gocrash, truth, build, verbose=True, source=source)
            share = 100 * counts["right"] / len(truth)
            texts.append("%.1f %% of %d right%s: %s" % (share, len(truth), " with source" if source else "", counts))
            if share < wanted or counts["wrong and certain"] or counts["elsewhere"]:
                raise CheckFailed(texts[-1])
    return "; ".join(texts)


main(check)
