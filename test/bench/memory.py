"""Private memory of the backend while it loads."""

import threading

from data import DataSet
from server import LOADER, Session

SAMPLE_SECONDS = 0.002


def watched_load(bench, command, database="bench", role=LOADER):
    """Return Seconds, and the peak private memory in excess of the idle backend's."""
    with Session(bench.server, role, database) as session:
        session.run("SELECT 1;")
        idle = session.private_memory()
        peak = [idle]
        done = threading.Event()

        def sample():
            while not done.wait(SAMPLE_SECONDS):
                peak[0] = max(peak[0], session.private_memory())

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            seconds = session.timed(command)
        finally:
            done.set()
            sampler.join()
        return seconds, max(peak[0], session.private_memory()) - idle


# Mix, percentage of bad rows, file sizes as fractions of the large one.
CASES = (
    ("mixed", 0, (100, 10, 2)),
    ("format", 100, (100, 10, 4)),
    ("duplicate", 50, (100, 10, 4)),
    ("duplicate", 100, (100, 10, 4)),
    ("every", 50, (100, 10)),
    ("every", 100, (100, 10)),
    ("defect", 100, (100, 10)),
    ("long", 5, (1000, 400)),
    ("long", 100, (2000, 1000)),
    ("large", 0, (2000, 1000)),
)
NAMES = {"mixed": "all good", "format": "bad format", "duplicate": "duplicates of the catalogue",
         "every": "every rule broken", "defect": "malformed records", "long": "240 KB a record, too long",
         "large": "180 KB of attributes, valid"}


def section(bench):
    table = []
    for mix, bad, fractions in CASES:
        for fraction in fractions:
            rows = bench.options.rows // fraction
            bench.server.reset()
            if mix in ("duplicate", "every"):
                with DataSet(bench, rows, keys="random") as first:
                    first.begin(bench.server)
                    bench.server.timed(first.copy_intake())
            with DataSet(bench, rows, keys="random", mix=mix, bad=bad, start=1 + rows) as data:
                data.begin(bench.server)
                seconds, peak = watched_load(bench, data.copy_intake())
                data.check_upload(bench.server)
            label = NAMES[mix] if bad in (0, 100) else f"{NAMES[mix]}, {bad} %"
            bench.log(f"memory: {label}, {rows:,} rows: {peak / 2**20:.1f} MB")
            table.append([label, f"{rows:,}", f"{peak / 2**20:.1f}", f"{seconds.wall / rows * 1e6:.2f}"])
            if fraction == fractions[-1]:
                bench.bar("memory above idle, MB", f"{label}, {rows:,} rows", peak / 2**20, 64, at_least=False)
    with DataSet(bench, bench.options.rows // 2, ("intake", "clean"), "random", bad=5) as data:
        bench.server.reset()
        seconds, peak = watched_load(bench, data.copy_clean("bench.fk"))
        table.append(["for comparison: COPY with FK", f"{data.rows:,}", f"{peak / 2**20:.1f}",
                      f"{seconds.wall / data.rows * 1e6:.2f}"])
    bench.table("Private memory of the backend", ["rows", "how many", "MB above idle", "µs/row"], table,
                f"Peak of RssAnon, sampled every {SAMPLE_SECONDS * 1000:g} ms; shared buffers are not in it. To stay under "
                f"64 MB.")
