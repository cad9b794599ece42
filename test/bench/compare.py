#!/usr/bin/env python3
"""Compare the speed of two commits in one run.

    test/bench/compare.py OLD               the working tree with an older commit
    test/bench/compare.py OLD --new COMMIT  two commits
    test/bench/compare.py OLD --only intake --rows 20000 --rounds 3
                                            a quick look

Each side is built from its own sources and has a private server.  After a warm-up round, the rounds of both sides
alternate: old, new, new, old and so on.  A ratio is the median over the rounds of new time divided by old time; above
1.00 the new commit is slower.  The noise of a run is half the range of the noisier side.  A difference smaller than
the noise may not be real; nothing is asserted.

This tree's emulated services drive the functions, so the old commit must support their settings.  If called as root,
everything except the build runs as user postgres.
"""

import argparse
import contextlib
import functools
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import launch
import lambda_functions
import lambdas
from bench import Bench, cpu, die, spread, times, wall
from data import DataSet
from doors import time_ingest, time_program
from intake import time_intake

VALIDATOR_BATCH = 1000


class Measure:
    """What to measure; whose CPU time is measured; the fraction of --rows to use; how to open it for both sides.

    open(measure, benches, rows) is a context manager.  It yields a function for each side that returns Seconds by title.
    """

    def __init__(self, processor, share, open_sides, *arguments):
        self.processor = processor
        self.share = share
        self.open_sides = open_sides
        self.arguments = arguments

    def open(self, benches, rows):
        return self.open_sides(benches, rows, *self.arguments)


@contextlib.contextmanager
def one_file(benches, rows, title, run, form, keys, bad):
    """Load the same file on both sides, into empty tables, with run(bench, data)."""
    with DataSet(benches["old"], rows, (form,), keys, bad=bad) as data:

        def call(bench):
            bench.server.reset()
            return {title: run(bench, data)}

        yield {side: functools.partial(call, bench) for side, bench in benches.items()}


@contextlib.contextmanager
def functions(benches, rows):
    """Send a file to the parser and its stream records to the validator; the services answer immediately."""
    if lambda_functions.MISSING:
        benches["new"].log(f"no functions: this Python has no {lambda_functions.MISSING}; see make deps-test")
        yield {}
        return
    with contextlib.ExitStack() as stack:

        def call(run):
            result = run()
            return {"parser, 5 % bad": result.parser, "validator, 5 % bad": result.validator}

        calls = {}
        for side, bench in benches.items():
            services = stack.enter_context(lambda_functions.Services(bench))
            file = lambdas.File(bench, services, rows, 1)
            stack.callback(file.data.remove)
            runs = lambdas.make_runs(bench, services, {"onboard": file})
            calls[side] = functools.partial(call, runs["stub", "onboard", VALIDATOR_BATCH])
        yield calls


MEASURES = {
    "intake": Measure("backend", 1, one_file, "COPY intake, 0 % bad", time_intake, "intake", "sequential", 0),
    "intake_bad": Measure("backend", 1, one_file, "COPY intake, 5 % bad", time_intake, "intake", "random", 5),
    "command_line": Measure("program", 1, one_file, "onboard load, 5 % bad", time_program, "vendor_csv", "random", 5),
    "ingest": Measure("backend", 0.5, one_file, "onboard_ingest, 5 % bad", time_ingest, "json", "random", 5),
    "functions": Measure("function", 0.05, functions),
}
COLUMNS = ["what", "rows", "old s", "new s", "new/old", "noise",
           "cpu of", "old µs/row", "new µs/row", "new/old", "noise", "by cpu"]


def alternate(calls, rounds):
    """Return Seconds by title and side: after a warm-up round, the rounds alternate the order."""
    seconds = {}
    for turn in range(rounds + 1):
        for side in ("old", "new") if turn % 2 else ("new", "old"):
            for title, each in calls[side]().items():
                if turn > 0:
                    seconds.setdefault(title, {"old": [], "new": []})[side].append(each)
    return seconds


def row_of(title, rows, processor, old, new):
    """Return a line of the table; old and new are lists of Seconds."""
    clock_noise, cpu_noise = (max(spread(old, clock), spread(new, clock)) for clock in ("wall", "cpu"))
    ratio = times(new, old, "cpu")
    verdict = "slower" if ratio > 1 + cpu_noise / 100 else "faster" if ratio < 1 - cpu_noise / 100 else "within noise"
    return [title, f"{rows:,}", f"{wall(old):.3f}", f"{wall(new):.3f}", f"{times(new, old):.3f}", f"± {clock_noise:.1f} %",
            processor, f"{cpu(old) / rows * 1e6:.2f}", f"{cpu(new) / rows * 1e6:.2f}", f"{ratio:.3f}",
            f"± {cpu_noise:.1f} %", verdict]


def print_table(table):
    widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
    for row in table:
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    sys.stdout.flush()


def measure(options):
    with contextlib.ExitStack() as stack:
        benches = {}
        for side in ("old", "new"):
            directory = os.path.join(options.directory, side)
            os.makedirs(directory)
            its = argparse.Namespace(**{**vars(options), "directory": directory, "quick": False,
                                        "install": getattr(options, f"{side}_install")})
            benches[side] = stack.enter_context(Bench(its))
        table = [COLUMNS]
        for name in options.measures:
            benches["new"].log(f"measuring {name}")
            what = MEASURES[name]
            rows = max(int(options.rows * what.share), 100)
            with what.open(benches, rows) as calls:
                if calls:
                    for title, seconds in alternate(calls, options.rounds).items():
                        table.append(row_of(title, rows, what.processor, seconds["old"], seconds["new"]))
        describe(options, benches["new"])
        print_table(table)


def describe(options, bench):
    print(f"\nold: {options.old_name}\nnew: {options.new_name}")
    for what, value in bench.results["machine"]:
        if what != "rows, rounds":
            print(f"{what}: {value}")
    print(f"load after: {' '.join(f'{load:.2f}' for load in os.getloadavg())}")
    print(f"{options.rounds} rounds; medians; new/old above 1 is slower; noise is half the range of the noisier side\n")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="OLD", help="the commit to compare with")
    parser.add_argument("--new", metavar="COMMIT", help="a commit, not the working tree")
    parser.add_argument("--only", metavar="MEASURES", help="some of: " + ", ".join(MEASURES))
    parser.add_argument("--rows", type=int, default=200000,
                        help="rows of a file (%(default)s); half of them for ingest, a twentieth for functions")
    parser.add_argument("--rounds", type=int, default=5, help="rounds after the warm-up (%(default)s)")
    for side in ("old", "new"):
        parser.add_argument(f"--{side}-install", help=argparse.SUPPRESS)
        parser.add_argument(f"--{side}-name", help=argparse.SUPPRESS)
    launch.add_options(parser)
    options = parser.parse_args()
    options.measures = options.only.split(",") if options.only else list(MEASURES)
    for name in options.measures:
        if name not in MEASURES:
            die(f"no measure {name}")
    return options


def build_both(options, directory):
    """Return the two installations and their names, as arguments."""
    arguments = []
    for side, revision in (("old", options.old), ("new", options.new)):
        name = launch.describe_commit(revision)
        print(f"building {name}", flush=True)
        arguments += [f"--{side}-name", name,
                      f"--{side}-install", launch.build(os.path.join(directory, side), revision)]
    return arguments


def main():
    options = parse_options()
    launch.leave_no_server_behind()
    if options.old_install:
        measure(options)
        return 0
    with launch.work_directory(options) as directory:
        return launch.run(options, directory, build_both(options, directory))


if __name__ == "__main__":
    sys.exit(main())
