"""Other ways to do the same job, on the same data."""

import json
import os
import subprocess
import sys

from bench import spread, wall
from data import DataSet
from intake import time_clean, time_intake
from server import LOADER, Failure, Seconds, check

HERE = os.path.dirname(os.path.abspath(__file__))
ERRORS_TABLE = f"""
DROP TABLE IF EXISTS bench.errors;
CREATE TABLE bench.errors (LIKE onboard.validation_errors INCLUDING ALL);
GRANT INSERT ON bench.errors TO {LOADER};
GRANT SELECT ON onboard.product_categories TO {LOADER};
GRANT TEMPORARY ON DATABASE bench TO {LOADER}
"""


def check_peer(bench, data):
    """Check the findings: a peer with different findings does a different job."""
    data.check_clean(bench.server, "bench.fk")
    findings = json.loads(bench.server.sql("SELECT json_object_agg(error_type, n) FROM "
                                           "(SELECT error_type, count(*) AS n FROM bench.errors GROUP BY 1) t"))
    check(findings == data.expected["findings"], f"peer found {findings}, expected {data.expected['findings']}")


def time_set(bench, data):
    bench.server.sql("CHECKPOINT")
    with open(data.files["intake"]) as rows:
        result = subprocess.run([os.path.join(bench.server.bin, "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1",
                                 "-v", f"upload={data.upload}", "-v", f"vendor={data.vendor}",
                                 "-f", os.path.join(HERE, "peer_set.sql")],
                                env=dict(bench.server.environment, PGUSER=LOADER), stdin=rows, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
    check(result.returncode == 0, f"set-based peer: {result.stderr}")
    times = [float(line.split()[1]) for line in result.stdout.splitlines() if line.startswith("Time: ")]
    check_peer(bench, data)
    return Seconds(sum(times) / 1000, 0)


def python_with_psycopg2():
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import psycopg2"], stderr=subprocess.DEVNULL).returncode == 0:
                return python
        except OSError:
            pass
    return None


def time_rows(bench, data, python):
    bench.server.sql("CHECKPOINT")
    result = subprocess.run([python, os.path.join(HERE, "peer_rows.py"),
                             f"host={bench.server.sockets} port=5432 user={LOADER} dbname=bench",
                             data.files["vendor_csv"], data.vendor, data.upload],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise Failure("row-by-row peer: " + result.stderr)
    check_peer(bench, data)
    return Seconds(float(result.stdout), 0)


def section(bench):
    rows = bench.options.rows // 4
    few = max(rows // 50, 1000)
    python = python_with_psycopg2()

    def fresh(run):
        bench.server.reset()
        bench.server.sql(ERRORS_TABLE)
        return run()

    with DataSet(bench, rows, ("intake", "clean"), "random", bad=5) as data, \
            DataSet(bench, few, ("vendor_csv",), "random", bad=5) as small:
        runs = {"intake": lambda: fresh(lambda: time_intake(bench, data)),
                "fk": lambda: fresh(lambda: time_clean(bench, data, "bench.fk")),
                "set": lambda: fresh(lambda: time_set(bench, data))}
        if python:
            runs["rows"] = lambda: fresh(lambda: time_rows(bench, small, python))
        else:
            bench.note("The row-by-row peer was not measured: psycopg2 is not installed.")
        seconds = bench.interleave(min(3, bench.options.rounds), runs)

    names = {"intake": ("COPY through onboard.intake", rows), "fk": ("COPY of the clean rows, with FK", rows),
             "set": ("staging table and one SQL statement", rows), "rows": ("row by row, Python and psycopg2", few)}
    fk = rows / wall(seconds["fk"])
    table = []
    for name, times in seconds.items():
        title, count = names[name]
        speed = count / wall(times)
        table.append([title, f"{count:,}", f"{speed:,.0f}", f"{wall(times) / count * 1e6:.1f}", f"{speed / fk:.3f}",
                      f"± {spread(times):.0f} %"])
        bench.section.setdefault("peers", []).append([title, speed])
    bench.table("Other ways to do the same, random keys, 5 % bad", ["how", "rows", "rows/s", "µs/row", "x FK", "noise"],
        table,
                "All find the same rows and faults; the others write plainer messages and no suggestions.")
