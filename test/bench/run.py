#!/usr/bin/env python3
"""Measure onboard against plain COPY and its peers.

    test/bench/run.py                       everything, writes RESULTS.md and results.svg
    test/bench/run.py --rounds 5            the same, with steadier medians
    test/bench/run.py --quick --only intake one table in about two minutes
    test/bench/run.py --only intake,mixes --rows 300000 --rounds 3
    test/bench/run.py --only lambdas,lambda_start --output test/bench
                                            these again; the other sections of RESULTS.md stay

Needs what building the extension needs (pg_config, a C compiler) and Python 3;
the server is a private copy in a directory of its own that is removed at the
end.  Called as root, everything but the build runs as user postgres.
--revision builds a commit in place of the working tree.  The row-by-row peer
needs psycopg2 (python3-psycopg2) and is left out without it; so is the command
line when glue/onboard is not built, and so are the Lambda functions when this
Python has no boto3 and moto (test/aws/make_environment.sh makes one).  On a busy machine the cpu columns are
steadier than the clock's.
"""

import argparse
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import catalogue
import doors
import intake
import lambda_cost
import lambda_memory
import lambda_start
import lambdas
import memory
import mixes
import peers
import report
from bench import Bench, die
from cpu_group import CpuGroup

SECTIONS = {
    "intake": intake.section,
    "large": catalogue.section,
    "growth": catalogue.grow,
    "mixes": mixes.section,
    "again": mixes.again,
    "memory": memory.section,
    "ingest": doors.ingest,
    "at_once": doors.at_once,
    "command_line": doors.command_line,
    "peers": peers.section,
    "lambdas": lambdas.section,
    "lambda_memory": lambda_memory.section,
    "lambda_start": lambda_start.section,
    "lambda_cost": lambda_cost.section,
}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="SECTIONS", help="some of: " + ", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="fewer rows; RESULTS.md stays")
    parser.add_argument("--rows", type=int, help="rows of the large files (1000000; quick: 200000)")
    parser.add_argument("--rounds", type=int, help="rounds of each comparison (3)")
    parser.add_argument("--output", metavar="DIR", help="where to write results.json, RESULTS.md and results.svg "
                        "(here after a whole run, nowhere after --quick or --only); with --only the other sections there stay")
    parser.add_argument("--fsync", action="store_true", help="leave fsync on")
    parser.add_argument("--revision", help="build this commit, not the working tree")
    parser.add_argument("--user", default="postgres", help="whom to run as when called as root")
    parser.add_argument("--work", default="/tmp/bench", help="where servers live (%(default)s)")
    parser.add_argument("--inputs", default="/dev/shm", help="where input files are written (%(default)s)")
    parser.add_argument("--install", help=argparse.SUPPRESS)
    parser.add_argument("--directory", help=argparse.SUPPRESS)
    parser.add_argument("--cpu-group", default="", help=argparse.SUPPRESS)
    parser.add_argument("--no-cpu-group", default="only root can make a control group", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rows = options.rows or (200000 if options.quick else 1000000)
    options.rounds = options.rounds or 3
    options.root = ROOT
    if not (options.output or options.quick or options.only):
        options.output = HERE
    options.sections = options.only.split(",") if options.only else list(SECTIONS)
    for name in options.sections:
        if name not in SECTIONS:
            die(f"no section {name}")
    return options


def build(options, directory):
    """A private installation of PostgreSQL with the extension in it."""
    tree = ROOT
    if options.revision:
        tree = os.path.join(directory, "source")
        os.makedirs(tree)
        archive = subprocess.run(["git", "-C", ROOT, "archive", options.revision], check=True, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
    install = os.path.join(directory, "install")
    subprocess.run([os.path.join(tree, "test", "temp_install.sh"), install], check=True,
                   stdout=subprocess.DEVNULL)
    return install


def measure(options):
    with Bench(options) as bench:
        for name in options.sections:
            bench.begin(name)
            SECTIONS[name](bench)


def python_of(as_user):
    """A Python that the other user may run; root's own may be in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "pass"], cwd="/", **as_user).returncode == 0:
                return python
        except OSError:
            pass
    die("no Python 3 that another user may run")


def measure_as_other_user(options, install, directory):
    user = pwd.getpwnam(options.user)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    for path in (directory, os.path.join(directory, "run")):
        os.makedirs(path, exist_ok=True)
        os.chown(path, user.pw_uid, user.pw_gid)
    group = CpuGroup(user)
    command = [python_of(as_user), os.path.abspath(__file__), *sys.argv[1:], "--install", install, "--directory",
               os.path.join(directory, "run"), "--cpu-group", group.path, "--no-cpu-group", group.reason]
    try:
        child = subprocess.Popen(command, cwd="/", env=dict(os.environ, HOME="/"), **as_user)
        group.admit(child.pid)
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    finally:
        group.remove()


def write_report(options, run):
    with open(os.path.join(run, "results.json")) as file:
        results = json.load(file)
    what = [options.revision] if options.revision else ["--dirty"]
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", *what], stdout=subprocess.PIPE, text=True).stdout.strip()
    run = {"commit": commit or "unknown", "command": " ".join(["test/bench/run.py", *sys.argv[1:]]),
           **{name: results[name] for name in ("date", "minutes", "machine")}}
    new = {name: {"run": run, **section} for name, section in results["sections"].items()}
    # A part of the sections leaves the others as they were, and so does one that measured nothing.
    old = report.read_results(options.output) if options.only else {}
    sections = {**new, **{name: section for name, section in old.items() if not new.get(name, {}).get("tables")}}
    report.write_report({name: sections[name] for name in SECTIONS if name in sections}, options.output)


def stop(number, frame):
    sys.exit(f"bench: stopped by signal {number}")


def main():
    options = parse_options()
    # Leave no server behind, also when run in the background of a script.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if options.install:
        measure(options)
        return 0
    os.makedirs(options.work, exist_ok=True)
    directory = tempfile.mkdtemp(prefix="run-", dir=options.work)
    os.chmod(directory, 0o755)
    try:
        install = build(options, directory)
        if os.geteuid() == 0:
            status = measure_as_other_user(options, install, directory)
        else:
            options.install, options.directory = install, os.path.join(directory, "run")
            os.makedirs(options.directory)
            measure(options)
            status = 0
        if status == 0 and options.output:
            write_report(options, os.path.join(directory, "run"))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
