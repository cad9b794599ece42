"""The JSON door, several uploads at once, and the command line."""

import os
import resource
import subprocess
import time

from bench import spread, times, wall
from data import DataSet
from intake import BASELINES, time_clean, time_intake
from libpq import Connection
from server import LOADER, Seconds, Session, check, processor_seconds


def time_ingest(bench, data):
    """Call once per batch, each in its own transaction; fetch every result row."""
    server = bench.server
    data.begin(server)
    server.sql("CHECKPOINT")
    with open(data.files["json"], "rb") as file:
        batches = file.read().splitlines()
    connection = Connection(f"host={server.sockets} port=5432 user={LOADER} dbname=bench")
    cpu = processor_seconds(connection.pid)
    started = time.perf_counter()
    rows = 0
    for batch in batches:
        rows += connection.query(b"SELECT * FROM onboard_ingest($1, $2)", data.upload.encode(), batch)
    seconds = Seconds(time.perf_counter() - started, processor_seconds(connection.pid) - cpu)
    connection.close()
    check(rows == data.rows, f"{rows} verdicts for {data.rows} records")
    data.check_upload(server)
    return seconds


def ingest(bench):
    rows = bench.options.rows // 5
    table = []
    for keys, bad in (("sequential", 0), ("random", 5)):
        forms = ("intake", "clean", "json")
        with DataSet(bench, rows, forms, keys, bad=bad) as large, \
                DataSet(bench, rows, ("json",), keys, bad=bad, name=f"small-{keys}", batch=1000) as small:

            def fresh(run):
                bench.server.reset()
                return run()

            seconds = bench.interleave(bench.options.rounds, {
                "10,000 a call": lambda: fresh(lambda: time_ingest(bench, large)),
                "1,000 a call": lambda: fresh(lambda: time_ingest(bench, small)),
                "intake": lambda: fresh(lambda: time_intake(bench, large)),
                "fk": lambda: fresh(lambda: time_clean(bench, large, "bench.fk"))})
        fk = wall(seconds["fk"])
        for name in ("10,000 a call", "1,000 a call"):
            runs = seconds[name]
            table.append([keys, f"{bad} %", name, f"{wall(runs):.2f}", f"{fk:.2f}", f"{wall(seconds['intake']):.2f}",
                          f"{rows / wall(runs):,.0f}", f"{times(seconds['fk'], runs):.2f}", f"± {spread(runs):.0f} %"])
            bench.bar("onboard_ingest() against COPY with FK", f"{name}, {keys}, {bad} % bad", times(seconds["fk"], runs),
                0.6)
    bench.table(f"onboard_ingest(), {rows:,} rows", ["keys", "bad", "records", "seconds", "FK s", "intake s", "rows/s",
        "x FK", "noise"],
                table, "From libpq, the records as one jsonb parameter, every verdict fetched; each call commits. To reach: "
                "0.6.")


def time_at_once(bench, files, clients, table):
    """Load all files through this many connections, into the intake or into a table."""
    server = bench.server
    server.reset()
    if table is None:
        for data in files:
            data.begin(server)
        server.sql("CHECKPOINT")
    sessions = [Session(server) for _ in range(clients)]
    started = time.perf_counter()
    for number, session in enumerate(sessions):
        session.send("\n".join(data.copy_intake() if table is None else data.copy_clean(table)
                               for data in files[number::clients]))
    for session in sessions:
        session.receive()
    seconds = time.perf_counter() - started
    cpu = sum(session.cpu() for session in sessions)
    for session in sessions:
        session.close()
    for data in files:
        if table is None:
            data.check_upload(server)
        else:
            data.check_clean(server, table)
    return Seconds(seconds, cpu)


def at_once(bench):
    """Eight files of eight vendors, through 1, 2 and 8 connections."""
    rows = bench.options.rows // 32
    table = []
    for keys in ("sequential", "random"):
        files = [DataSet(bench, rows, ("intake", "clean"), keys, vendor=f"VEND00{n}", start=1 + rows * n)
            for n in range(1, 9)]
        runs = {(name, clients): lambda name=name, clients=clients: time_at_once(bench, files, clients, BASELINES.get(name))
                for clients in (1, 2, 8) for name in ("intake", "fk", "nofk")}
        seconds = bench.interleave(min(3, bench.options.rounds), runs)
        for data in files:
            data.remove()
        scale = {name: {clients: times(seconds[name, 1], seconds[name, clients]) for clients in (2, 8)}
                 for name in ("intake", "fk", "nofk")}
        for name, title in (("intake", "intake"), ("fk", "COPY, FK"), ("nofk", "COPY, no FK")):
            table.append([keys, title] + [f"{8 * rows / wall(seconds[name, clients]):,.0f}" for clients in (1, 2, 8)] +
                         [f"{scale[name][clients]:.2f}" for clients in (2, 8)] +
                         [f"± {max(spread(seconds[name, clients]) for clients in (1, 2, 8)):.0f} %"])
        for clients in (2, 8):
            bench.bar("scaling against that of COPY with FK", f"{clients} uploads at once, {keys}",
                      scale["intake"][clients] / scale["fk"][clients], 1.0)
    bench.table(f"Several uploads at once: 8 files of {rows:,} rows on {os.cpu_count()} cores",
                ["keys", "what", "rows/s by 1", "by 2", "by 8", "scale of 2", "of 8", "noise"], table,
                "Scale: rows per second against one connection that loads the files one after another.")


def processor_of_children():
    """User and system time of all child processes that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def load_command(bench, data, path):
    """Return the command that loads a file as the vendor's."""
    program = os.path.join(bench.options.install, "usr/local/bin/onboard")
    return [program, "load", path, "--vendor", data.vendor, "--db",
            f"host={bench.server.sockets} port=5432 user={LOADER} dbname=bench",
            "--max-bytes", "0", "--max-rows", "0", "--no-reports", "--quiet"]


def time_program(bench, data, path=None, options=()):
    """Run onboard load on a vendor's file, or on another one with its rows; the CPU time is that of the program."""
    server = bench.server
    server.sql("CHECKPOINT")
    cpu, started = processor_of_children(), time.perf_counter()
    # Exit status 1 means that rows were rejected.
    command = [*load_command(bench, data, path or data.files["vendor_csv"]), *options]
    result = subprocess.run(command, env=server.environment,
                            cwd=bench.options.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds = Seconds(time.perf_counter() - started, processor_of_children() - cpu)
    counts = server.sql("SELECT valid_records, error_records FROM onboard.upload_history")
    check(counts == f"{data.expected['valid']}|{data.expected['errors']}",
          f"the command line says {result.stdout}{result.stderr}; stored {counts}")
    return seconds


def command_line(bench):
    rows = bench.options.rows
    with DataSet(bench, rows, ("intake", "vendor_csv"), "random", bad=5) as data:

        def by_program():
            bench.server.reset()
            return time_program(bench, data)

        def by_psql():
            bench.server.reset()
            return time_intake(bench, data)

        seconds = bench.interleave(min(3, bench.options.rounds), {"program": by_program, "psql": by_psql})
    program, psql = seconds["program"], seconds["psql"]
    bench.bar("command line against bare COPY intake", f"{rows:,} rows, random, 5 % bad", times(psql, program), 0.8)
    bench.table(f"The command line: {rows:,} rows, 5 % bad, random keys",
                ["onboard load s", "psql COPY s", "rows/s", "x psql", "noise"],
                [[f"{wall(program):.2f}", f"{wall(psql):.2f}", f"{rows / wall(program):,.0f}",
                  f"{times(psql, program):.2f}", f"± {max(spread(program), spread(psql)):.0f} %"]],
                "A vendor's CSV file, read twice, to its end in the catalogue; psql gets a file made for the intake. To "
                "reach: 0.8.")
