"""Loading into a large catalogue, and the growth of cost and memory with the number of rows."""

from bench import wall, cpu
from data import DataSet
from intake import COLUMNS, TEXT, add_bars, row_of, time_clean, time_intake
from memory import watched_load

LARGE = {"intake": "large_intake", "fk": "large_fk", "nofk": "large_nofk"}


def make_large(bench):
    """Create the large catalogues, one database each; return the time to fill them."""
    if bench.large is not None:
        return bench.large
    rows = 5 * bench.options.rows
    for name in ("intake", "fk"):
        bench.server.create_database(LARGE[name])
    with DataSet(bench, rows, ("intake", "clean"), "random", bad=5, vendor="VEND000", start=100_000_000) as data:
        data.begin(bench.server, LARGE["intake"])
        seconds, memory = watched_load(bench, data.copy_intake(), LARGE["intake"])
        data.check_upload(bench.server, LARGE["intake"])
        clean = time_clean(bench, data, "bench.fk", LARGE["fk"])
    bench.large = {"rows": rows, "intake": seconds, "memory": memory, "fk": clean}
    bench.server.clone_database(LARGE["fk"], LARGE["nofk"])
    constraint = bench.server.sql("SELECT conname FROM pg_constraint WHERE contype = 'f' "
        "AND conrelid = 'bench.fk'::regclass",
                                  database=LARGE["nofk"])
    bench.server.sql(f'ALTER TABLE bench.fk DROP CONSTRAINT "{constraint}"', database=LARGE["nofk"])
    bench.log(f"catalogues of {rows:,} rows are made")
    return bench.large


def section(bench):
    """Each run adds rows to the same catalogue, so all three grow equally."""
    large = make_large(bench)
    rows = bench.options.rows // 4
    start = {"sequential": 1, "random": 200_000_000}
    table = []
    for keys in ("sequential", "random"):
        for bad in (0, 5):
            seconds = {name: [] for name in LARGE}
            for turn in range(bench.options.rounds):
                names = list(LARGE)
                with DataSet(bench, rows, ("intake", "clean"), keys, bad=bad, start=start[keys]) as data:
                    for name in names[turn % 3:] + names[:turn % 3]:
                        if name == "intake":
                            seconds[name].append(time_intake(bench, data, LARGE[name]))
                        else:
                            seconds[name].append(time_clean(bench, data, "bench.fk", LARGE[name]))
                start[keys] += rows
            table.append(row_of(keys, bad, rows, seconds))
            bench.log("intake, large: " + "  ".join(table[-1]))
            add_bars(bench, f"{large['rows'] / 1e6:g} M rows, {keys}, {bad} % bad", seconds)
    bench.table(f"COPY through onboard.intake, {rows:,} rows, catalogue of {large['rows']:,} rows and more", COLUMNS, table,
                TEXT + " Every run adds its rows to a catalogue that the next run finds; all three grow alike.")


def grow(bench):
    """Cost per row and memory, 5 % bad, random keys, empty catalogue."""
    large = make_large(bench)
    table = []
    points = []
    for rows in (bench.options.rows // 100, bench.options.rows // 10, bench.options.rows):
        with DataSet(bench, rows, ("intake", "clean"), "random", bad=5, name=f"grow-{rows}") as data:
            intake, fk, memory = [], [], 0
            for _ in range(1 if rows == bench.options.rows else bench.options.rounds):
                bench.server.reset()
                data.begin(bench.server)
                seconds, peak = watched_load(bench, data.copy_intake(), "bench")
                intake.append(seconds)
                memory = max(memory, peak)
                data.check_upload(bench.server)
                fk.append(time_clean(bench, data, "bench.fk"))
        points.append((rows, intake, fk, memory))
    points.append((large["rows"], [large["intake"]], [large["fk"]], large["memory"]))
    for rows, intake, fk, memory in points:
        table.append([f"{rows:,}", f"{wall(intake) / rows * 1e6:.2f}", f"{cpu(intake) / rows * 1e6:.2f}",
                      f"{wall(fk) / rows * 1e6:.2f}", f"{memory / 2**20:.1f}"])
        bench.bar("memory above idle, MB", f"5 % bad, {rows:,} rows", memory / 2**20, 64, at_least=False)
    bench.section["growth"] = [[rows, wall(intake) / rows * 1e6, wall(fk) / rows * 1e6] for rows, intake, fk, _ in points]
    bench.table("As the work grows: 5 % bad, random keys, empty catalogue",
                ["rows", "intake µs/row", "cpu µs/row", "FK µs/row", "MB above idle"], table,
                "FK: COPY of the clean rows, per row of the whole file. The largest size and the largest but one ran once; "
                "memory was "
                "sampled while they ran.")

