#!/usr/bin/env python3
"""Measure onboard against plain COPY and its peers.

    test/bench/run.py                       everything, writes RESULTS.md and results.svg
    test/bench/run.py --rounds 5            the same, with more stable medians
    test/bench/run.py --quick --only intake one table in about two minutes
    test/bench/run.py --only intake,mixes --rows 300000 --rounds 3
    test/bench/run.py --only lambdas,lambda_start --output test/bench
                                            measure these again and keep the other sections of RESULTS.md

Requires the build dependencies of the extension (pg_config, a C compiler) and
Python 3.  The server is a private copy in a temporary directory.  If called as
root, everything except the build runs as user postgres.  --revision builds a
commit instead of the working tree.  The row-by-row peer requires psycopg2
(python3-psycopg2), and the Lambda functions require boto3 and moto (see
test/aws/make_environment.sh); they are skipped without these modules.  On a
busy machine, the cpu columns are more stable than wall-clock times.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import catalogue
import changes
import doors
import formats
import intake
import launch
import lambda_cost
import lambda_memory
import lambda_start
import lambdas
import maps
import memory
import mixes
import peers
import report
from bench import Bench, die

SECTIONS = {
    "intake": intake.section,
    "large": catalogue.section,
    "growth": catalogue.grow,
    "mixes": mixes.section,
    "again": mixes.again,
    "memory": memory.section,
    "changes": changes.section,
    "change_memory": changes.memory,
    "ingest": doors.ingest,
    "at_once": doors.at_once,
    "command_line": doors.command_line,
    "formats": formats.section,
    "maps": maps.section,
    "peers": peers.section,
    "lambdas": lambdas.section,
    "lambda_memory": lambda_memory.section,
    "lambda_start": lambda_start.section,
    "lambda_cost": lambda_cost.section,
}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="SECTIONS", help="some of: " + ", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="fewer rows; does not write RESULTS.md")
    parser.add_argument("--rows", type=int, help="rows of the large files (1000000; quick: 200000)")
    parser.add_argument("--rounds", type=int, help="rounds of each comparison (3)")
    parser.add_argument("--output", metavar="DIR", help="where to write results.json, RESULTS.md and results.svg "
                        "(here after a whole run, nowhere after --quick or --only); with --only the other sections there "
                        "stay")
    parser.add_argument("--revision", help="build this commit, not the working tree")
    parser.add_argument("--install", help=argparse.SUPPRESS)
    launch.add_options(parser)
    options = parser.parse_args()
    options.rows = options.rows or (200000 if options.quick else 1000000)
    options.rounds = options.rounds or 3
    if not (options.output or options.quick or options.only):
        options.output = HERE
    options.sections = options.only.split(",") if options.only else list(SECTIONS)
    for name in options.sections:
        if name not in SECTIONS:
            die(f"no section {name}")
    return options


def measure(options):
    with Bench(options) as bench:
        for name in options.sections:
            bench.begin(name)
            SECTIONS[name](bench)


def write_report(options, run):
    with open(os.path.join(run, "results.json")) as file:
        results = json.load(file)
    run = {"commit": launch.describe_commit(options.revision),
           "command": " ".join(["test/bench/run.py", *sys.argv[1:]]),
           **{name: results[name] for name in ("date", "minutes", "machine")}}
    new = {name: {"run": run, **section} for name, section in results["sections"].items()}
    # Keep the sections that were not measured or have no results.
    old = report.read_results(options.output) if options.only else {}
    sections = {**new, **{name: section for name, section in old.items() if not new.get(name, {}).get("tables")}}
    report.write_report({name: sections[name] for name in SECTIONS if name in sections}, options.output)


def main():
    options = parse_options()
    launch.leave_no_server_behind()
    if options.install:
        measure(options)
        return 0
    with launch.work_directory(options) as directory:
        install = launch.build(directory, options.revision)
        status = launch.run(options, directory, ["--install", install])
        if status == 0 and options.output:
            write_report(options, os.path.join(directory, "run"))
    return status


if __name__ == "__main__":
    sys.exit(main())
