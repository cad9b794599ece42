"""COPY through onboard.intake against COPY of the clean rows."""

from bench import spread, times, wall
from data import DataSet, fingerprint
from server import check

BASELINES = {"fk": "bench.fk", "nofk": "bench.nofk"}


def time_intake(bench, data, database="bench"):
    data.begin(bench.server, database)
    bench.server.sql("CHECKPOINT")
    seconds = bench.server.timed(data.copy_intake(), database=database)
    data.check_upload(bench.server, database)
    return seconds


def time_clean(bench, data, table, database="bench"):
    bench.server.sql("CHECKPOINT")
    seconds = bench.server.timed(data.copy_clean(table), database=database)
    data.check_clean(bench.server, table, database)
    return seconds


def compare_empty(bench, data, rounds):
    """Return Seconds of each design, with empty tables."""
    prints = {}

    def run(name):
        bench.server.reset()
        if name == "intake":
            seconds = time_intake(bench, data)
        else:
            seconds = time_clean(bench, data, BASELINES[name])
        if name not in prints:
            prints[name] = fingerprint(bench.server, BASELINES.get(name, "onboard.products"), data.upload)
        return seconds

    seconds = bench.interleave(rounds, {name: lambda name=name: run(name) for name in ("intake", "fk", "nofk")})
    check(len(set(prints.values())) == 1, f"{data.content}: stored rows differ: {prints}")
    return seconds


COLUMNS = ["keys", "bad", "intake s", "FK s", "no FK s", "intake rows/s", "x FK", "x no FK", "cpu x FK", "cpu x no FK",
           "noise"]
TEXT = ("FK: COPY of the clean rows into a table like onboard.products with its one foreign key; no FK: the same "
        "without. x: how many times as fast as that the intake is (to reach: 1.25 and 0.90; aim: 1.40 and 1.00); cpu x: the "
        "same by processor time of the backend. Noise: half the range of the noisiest of the three.")


def row_of(keys, bad, rows, seconds):
    intake, fk, nofk = (seconds[name] for name in ("intake", "fk", "nofk"))
    noise = max(spread(runs) for runs in seconds.values())
    return [keys, f"{bad} %", f"{wall(intake):.2f}", f"{wall(fk):.2f}", f"{wall(nofk):.2f}",
            f"{rows / wall(intake):,.0f}", f"{times(fk, intake):.2f}", f"{times(nofk, intake):.2f}",
            f"{times(fk, intake, 'cpu'):.2f}", f"{times(nofk, intake, 'cpu'):.2f}", f"± {noise:.0f} %"]


def section(bench):
    rows = bench.options.rows
    table = []
    for keys in ("sequential", "random"):
        for bad in (0, 5):
            with DataSet(bench, rows, ("intake", "clean"), keys, bad=bad) as data:
                seconds = compare_empty(bench, data, bench.options.rounds)
            table.append(row_of(keys, bad, rows, seconds))
            bench.log("intake, empty: " + "  ".join(table[-1]))
            add_bars(bench, f"empty, {keys}, {bad} % bad", seconds)
    bench.table(f"COPY through onboard.intake, {rows:,} rows, empty catalogue", COLUMNS, table, TEXT)


def add_bars(bench, label, seconds):
    bench.bar("intake against COPY with FK", label, times(seconds["fk"], seconds["intake"]), 1.25, 1.4)
    bench.bar("intake against COPY without FK", label, times(seconds["nofk"], seconds["intake"]), 0.9, 1.0)
