"""Files with many bad rows: cost per row compared with all-good rows; and loading a file twice."""

from bench import cpu, spread, times, wall
from data import DataSet
from intake import time_intake
from server import Seconds, check

TEMPLATE = "mixes"
KINDS = (("format", "bad format"), ("duplicate", "duplicates of the catalogue"),
         ("mixed", "every rule broken, one a row"), ("every", "every rule broken by each row"))
PERCENTAGES = (1, 50, 100)
GOOD_RUNS = 3

SIZES = """
SELECT relation, pg_relation_size(relation) FROM (
    SELECT 'onboard.products'::regclass AS relation
    UNION ALL SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'onboard.products'::regclass) t
ORDER BY relation::text
"""


def load_first(bench, rows, keys, database):
    with DataSet(bench, rows, keys=keys) as first:
        first.begin(bench.server, database)
        bench.server.timed(first.copy_intake(), database=database)
        first.check_upload(bench.server, database)


def section(bench):
    """The catalogue has as many rows as the file; each run starts from a copy of it."""
    rows = bench.options.rows // 8
    table = []
    for keys in ("sequential", "random"):
        bench.server.drop_database(TEMPLATE)
        bench.server.create_database(TEMPLATE)
        load_first(bench, rows, keys, TEMPLATE)
        cases = [("good", "all good", 0)] + [(mix, name, bad) for mix, name in KINDS for bad in PERCENTAGES]
        # All-good rows are the baseline, so they run more often, and each round uses their median.
        names = [(mix, bad, copy) for mix, _, bad in cases for copy in range(GOOD_RUNS if mix == "good" else 1)]

        def run(mix, bad):
            bench.server.clone_database(TEMPLATE, "run")
            with DataSet(bench, rows, keys=keys, mix="mixed" if mix == "good" else mix, bad=bad, start=1 + rows) as data:
                return time_intake(bench, data, "run")

        seconds = bench.interleave(min(3, bench.options.rounds),
                                   {name: lambda name=name: run(*name[:2]) for name in names})
        good = [Seconds(wall(runs), cpu(runs)) for runs in zip(*(seconds["good", 0, copy] for copy in range(GOOD_RUNS)))]
        for mix, name, bad in cases:
            runs = good if mix == "good" else seconds[mix, bad, 0]
            ratio = times(runs, good)
            table.append([keys, name, f"{bad} %", f"{wall(runs) / rows * 1e6:.2f}", f"{ratio:.2f}",
                          f"{times(runs, good, 'cpu'):.2f}", f"± {spread(runs):.0f} %"])
            bench.log("mixes: " + "  ".join(table[-1]))
            if mix != "good":
                bench.bar("cost per row against good rows", f"{name}, {bad} %, {keys}", ratio, 1.2, at_least=False)
    bench.server.drop_database("run")
    bench.server.drop_database(TEMPLATE)
    bench.table(f"Mixes: {rows:,} rows into a catalogue of as many",
                ["keys", "bad rows", "share", "µs/row", "cost", "cpu cost", "noise"], table,
                "Cost: per row, against a file of good rows only, which each round loads three times; not to be over 1.2.")


def again(bench):
    """Load the same file again as a new upload."""
    rows = bench.options.rows // 2
    table = []
    for keys in ("sequential", "random"):
        bench.server.reset()
        load_first(bench, rows, keys, "bench")
        before = dict(line.split("|") for line in bench.server.sql(SIZES).splitlines())
        # Every row is a duplicate of itself: the same rows in another upload.
        with DataSet(bench, rows, keys=keys, mix="duplicate", bad=100, shift=0) as data:
            time_intake(bench, data)
        after = dict(line.split("|") for line in bench.server.sql(SIZES).splitlines())
        check(set(before) == set(after), "the relations changed")
        worst = 0
        for relation, size in before.items():
            growth = 100 * (int(after[relation]) / int(size) - 1)
            worst = max(worst, growth)
            table.append([keys, relation, f"{int(size) / 2**20:.1f}", f"{int(after[relation]) / 2**20:.1f}",
                f"{growth:.2f} %"])
        bench.bar("growth by the same file again, %", keys, worst, 5, at_least=False)
    bench.table(f"The same file of {rows:,} rows again as a new upload",
        ["keys", "relation", "MB before", "MB after", "growth"],
                table, "To stay under 5 %.")
