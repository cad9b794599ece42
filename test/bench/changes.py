"""Uploads that change products, against a staging table and SQL statements."""

import os
from typing import NamedTuple

from bench import cpu, spread, times, wall
from data import FIELDS, DataSet
from memory import watched_load
from server import LOADER, Seconds, Session, check

TEMPLATE = "changes"
VENDOR = "VEND001"
OTHER = "VEND000"
ALL = FIELDS.split(", ")
PRICES = ["vendor_product_id", "price", "stock_quantity"]
HISTORY = ("on", "off")

SET_UP = f"""
UPDATE onboard.vendors SET modes = '{{insert,upsert,update,replace}}', default_mode = 'insert';
INSERT INTO bench.fk OVERRIDING SYSTEM VALUE SELECT * FROM onboard.products ORDER BY product_id;
SELECT setval(pg_get_serial_sequence('bench.fk', 'product_id'), (SELECT max(product_id) FROM bench.fk));
GRANT UPDATE ON bench.fk TO {LOADER};
GRANT TEMPORARY ON DATABASE {TEMPLATE} TO {LOADER};
VACUUM (FREEZE, ANALYZE) onboard.products, bench.fk
"""

WARM = """
SELECT count(pg_prewarm(c.oid)) FROM pg_class c
    WHERE c.relnamespace IN ('onboard'::regnamespace, 'bench'::regnamespace) AND c.relkind IN ('r', 'i')
"""

SWITCH_HISTORY = """
SELECT format('ALTER TABLE onboard.products %s TRIGGER %I', '{action}', tgname) FROM pg_trigger
    WHERE tgrelid = 'onboard.products'::regclass AND tgfoid = 'onboard.record_product_changes'::regproc
"""

SIZE = "SELECT pg_table_size('{table}') + pg_indexes_size('{table}')"
UPDATES = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = '{table}'::regclass"
COUNTS = "inserted, updated, unchanged, discontinued + discontinued_missing, held + stale + error_records"


class Case(NamedTuple):
    """One kind of file.

    The file has the vendor's products for which named is true, then additional new ones.  must: how many times as fast as
    the peer to be with history on and off; None for a comparison without a bar.
    """

    title: str
    mode: str
    peer: str
    must: tuple[float, float] | None
    fields: list[str] = ALL
    changed: str = "false"
    named: str = "true"
    new: str = "false"
    fillfactor: int = 100
    days: int = 0


# number is that of the product, from 1.
CASES = (
    Case("upsert, all unchanged", "upsert", "upsert", (1.5, 2)),
    Case("upsert, every price changed", "upsert", "upsert", (1, 1.3), changed="true"),
    Case("update of key, price and stock", "update", "update", (1.2, 1.5), fields=PRICES, changed="true"),
    Case("upsert, half new", "upsert", "upsert", (1.2, 1.3), changed="true", new="number % 2 = 0"),
    Case("replace, 1 % gone", "replace", "replace", (1, 1.3), named="number % 100 <> 0"),
    Case("1 % changed, third day", "update", "update", (1.5, 2), fields=PRICES, changed="number % 100 = {day}", fillfactor=90,
         days=2),
    Case("the same, peer compares", "update", "update distinct", None, fields=PRICES, changed="number % 100 = {day}",
         fillfactor=90, days=2),
)

# A new product has keys of its own; a price changes by less than the guard allows.
FILE = """
COPY (SELECT {columns}
    FROM (SELECT p.*, row_number() OVER (ORDER BY p.product_id) AS number FROM bench.fk p WHERE p.vendor_id = '{vendor}') p,
        LATERAL (SELECT CASE WHEN {new} THEN p.sku || '-N' ELSE p.sku END,
            CASE WHEN {new} THEN p.vendor_product_id || '-N' ELSE p.vendor_product_id END) k (sku, vendor_product_id),
        LATERAL (SELECT CASE WHEN {changed} THEN p.price + 0.01 * (1 + {day}) ELSE p.price END) c (price)
    WHERE {named} ORDER BY {order}) TO '{path}' (FORMAT csv)
"""
QUALIFIED = {"sku": "k.sku", "vendor_product_id": "k.vendor_product_id", "price": "c.price"}


class File:
    """The file of one case, once for the intake and once for a staging table."""

    def __init__(self, bench, case, keys, database=TEMPLATE, vendor=VENDOR, day=0):
        self.case = case
        self.vendor = vendor
        self.upload = f"{vendor}-changes-{day}"
        self.day = day
        self.paths = {form: os.path.join(bench.inputs, f"changes-{day}.{form}") for form in ("intake", "upload", "staging")}
        order = "p.product_id" if keys == "sequential" else "md5(p.sku)"
        fields = [QUALIFIED.get(field, f"p.{field}") for field in case.fields]
        numbers = [f"row_number() OVER (ORDER BY {order})", f"1 + row_number() OVER (ORDER BY {order})"]
        for form in ("intake", "staging"):
            columns = (["'@upload@'"] if form == "intake" else []) + numbers + fields
            bench.server.sql(FILE.format(columns=", ".join(columns), vendor=vendor, new=case.new, named=case.named,
                                         changed=case.changed.format(day=day), day=day, order=order, path=self.paths[form]),
                             database=database)
        with open(self.paths["staging"], "rb") as file:
            self.rows = sum(1 for _ in file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for path in self.paths.values():
            if os.path.exists(path):
                os.unlink(path)

    def columns(self):
        return ["row_number", "line_number"] + self.case.fields

    def begin(self, server, database):
        """Begin an upload; return the command that loads it."""
        fields = ",".join(self.case.fields)
        upload = server.sql(f"SELECT onboard_begin_upload('{self.vendor}', 'changes.csv', mode => '{self.case.mode}', "
                            f"total_records => {self.rows}, columns => '{{{fields}}}')", LOADER, database)
        with open(self.paths["intake"], encoding="utf-8") as rows, open(self.paths["upload"], "w", encoding="utf-8") as file:
            file.writelines(row.replace("@upload@", upload, 1) for row in rows)
        return upload, (f"\\copy onboard.intake (upload_id, {', '.join(self.columns())}) "
                        f"FROM '{self.paths['upload']}' (FORMAT csv)")


def time_intake(bench, file, database):
    upload, command = file.begin(bench.server, database)
    bench.server.sql("CHECKPOINT")
    seconds = bench.server.timed(command, database=database)
    counts = bench.server.sql(f"SELECT {COUNTS}, status FROM onboard.upload_history WHERE upload_id = '{upload}'",
                              database=database).split("|")
    check(counts[-1] == "completed" and counts[-2] == "0", f"{file.case.title}: upload has counts {counts}")
    return seconds, counts[:-2]


def upsert(file):
    """Return the statement of the peer that inserts or updates from its staging table."""
    updated = [field for field in file.case.fields if field != "vendor_product_id"]
    names = ", ".join(file.columns())
    return (f"INSERT INTO bench.fk AS p (vendor_id, {names}) SELECT '{file.vendor}', {names} FROM staging "
            "ON CONFLICT (vendor_id, vendor_product_id) DO UPDATE SET updated_at = now(), "
            + ", ".join(f"{field} = excluded.{field}" for field in updated)
            + f" WHERE ({', '.join('p.' + field for field in updated)}) IS DISTINCT FROM "
            f"({', '.join('excluded.' + field for field in updated)})")


def update(file, distinct):
    updated = [field for field in file.case.fields if field != "vendor_product_id"]
    return ("UPDATE bench.fk p SET updated_at = now(), " + ", ".join(f"{field} = s.{field}" for field in updated)
            + f" FROM staging s WHERE p.vendor_id = '{file.vendor}' AND p.vendor_product_id = s.vendor_product_id"
            + (f" AND ({', '.join('p.' + field for field in updated)}) IS DISTINCT FROM "
               f"({', '.join('s.' + field for field in updated)})" if distinct else ""))


def discontinue(file):
    return (f"UPDATE bench.fk p SET updated_at = now(), status = 'discontinued' WHERE p.vendor_id = '{file.vendor}' "
            "AND p.status <> 'discontinued' "
            "AND NOT EXISTS (SELECT FROM staging s WHERE s.vendor_product_id = p.vendor_product_id)")


STATEMENTS = {
    "upsert": lambda file: [upsert(file)],
    "update": lambda file: ["ANALYZE staging", update(file, False)],
    "update distinct": lambda file: ["ANALYZE staging", update(file, True)],
    "replace": lambda file: [upsert(file), "ANALYZE staging", discontinue(file)],
}


def time_peer(bench, file, database):
    bench.server.sql("CHECKPOINT")
    columns = ", ".join(file.columns())
    statements = [f"CREATE TEMPORARY TABLE staging AS SELECT {columns} FROM bench.fk LIMIT 0",
                  f"\\copy staging FROM '{file.paths['staging']}' (FORMAT csv)", *STATEMENTS[file.case.peer](file), "COMMIT"]
    with Session(bench.server, LOADER, database) as session:
        session.run("BEGIN;")
        seconds = [session.timed(statement + ("" if statement[0] == "\\" else ";")) for statement in statements]
    return Seconds(sum(each.wall for each in seconds), sum(each.cpu for each in seconds))


def make_template(bench, keys, fillfactor):
    """Create a catalogue in which the vendor has a tenth of the products."""
    rows = bench.options.rows
    bench.server.drop_database(TEMPLATE)
    bench.server.create_database(TEMPLATE)
    bench.server.sql("".join(f"ALTER TABLE {table} SET (fillfactor = {fillfactor});" for table in
                             ("onboard.products", "bench.fk")), database=TEMPLATE)
    for vendor, start, count in ((OTHER, 2 * rows, rows - rows // 10), (VENDOR, 1, rows // 10)):
        with DataSet(bench, count, keys=keys, vendor=vendor, start=start) as data:
            data.begin(bench.server, TEMPLATE)
            bench.server.timed(data.copy_intake(), database=TEMPLATE)
            data.check_upload(bench.server, TEMPLATE)
    for statement in SET_UP.split(";"):
        bench.server.sql(statement, database=TEMPLATE)


def spend_days(bench, case, keys):
    """Load the files of the days before, then vacuum."""
    for day in range(1, case.days + 1):
        with File(bench, case, keys, day=day) as file:
            time_intake(bench, file, TEMPLATE)
            time_peer(bench, file, TEMPLATE)
    if case.days > 0:
        bench.server.sql("VACUUM ANALYZE onboard.products, bench.fk, onboard.row_actions, onboard.product_changes",
            database=TEMPLATE)


class Outcome(NamedTuple):
    """What a run did to its table."""

    growth: float
    hot: float


def measure(bench, file, design):
    """Run one design in a copy of the template; return Seconds and Outcome."""
    database = f"{TEMPLATE}_run"
    table = "bench.fk" if design == "peer" else "onboard.products"
    server = bench.server
    server.clone_database(TEMPLATE, database)
    if design == "off":
        server.sql(server.sql(SWITCH_HISTORY.format(action="DISABLE"), database=database).replace("\n", ";"), database=database)
    server.sql(WARM, database=database)
    size = int(server.sql(SIZE.format(table=table), database=database))
    updates, hot = map(int, server.sql(UPDATES.format(table=table), database=database).split("|"))
    if design == "peer":
        seconds, counts = time_peer(bench, file, database), None
    else:
        seconds, counts = time_intake(bench, file, database)
    after = int(server.sql(SIZE.format(table=table), database=database))
    updates_after, hot_after = map(int, server.sql(UPDATES.format(table=table), database=database).split("|"))
    written = updates_after - updates
    return seconds, Outcome(100 * (after / size - 1), 100 * (hot_after - hot) / written if written else 0), counts


def compare(bench, case, keys):
    """Return Seconds and the last Outcome by design, and the counts of the upload."""
    outcomes = {}
    counts = {}

    with File(bench, case, keys, day=case.days + 1 if case.days else 0) as file:

        def run(design):
            seconds, outcomes[design], counts[design] = measure(bench, file, design)
            return seconds

        seconds = bench.interleave(bench.options.rounds, {design: lambda design=design: run(design)
                                                          for design in (*HISTORY, "peer")})
        check(counts["on"] == counts["off"], f"{case.title}: counts differ: {counts}")
        return file.rows, seconds, outcomes, counts["on"]


def row_of(case, keys, rows, seconds, outcomes, counts):
    return [case.title, keys, *(f"{cpu(seconds[design]) / rows * 1e6:.2f}" for design in (*HISTORY, "peer")),
            *(f"{times(seconds['peer'], seconds[history]):.2f}" for history in HISTORY),
            *(f"{times(seconds['peer'], seconds[history], 'cpu'):.2f}" for history in HISTORY),
            f"{case.must[0]:g} / {case.must[1]:g}" if case.must else "",
            f"{outcomes['on'].growth:.1f} %", f"{outcomes['peer'].growth:.1f} %",
            f"{outcomes['on'].hot:.0f} %", f"{outcomes['peer'].hot:.0f} %", " ".join(counts),
            f"± {max(spread(runs) for runs in seconds.values()):.0f} %"]


COLUMNS = ["what", "keys", "µs/row, history on", "off", "peer", "x peer, on", "off", "cpu x, on", "off", "to reach", "growth",
           "peer's", "HOT", "peer's", "did", "noise"]
TEXT = ("Peer: COPY to a temporary staging table, then INSERT ... ON CONFLICT DO UPDATE ... WHERE distinct, or UPDATE ... FROM, "
        "or for replace the first and an UPDATE of what is gone, on a table with the same indexes and "
        "foreign key, without triggers and without any validation. The file has all products of one of two vendors, a tenth of "
        "the catalogue. Sequential: keys ascend, and the file is in that order; random: random keys, and the rows of the file "
        "are in another order than the products. µs/row is processor time; x: how many times as fast as the peer. "
        "Growth: of the table and its indexes. HOT: share of the updates that needed no index entries. Did: rows inserted, "
        "updated, unchanged, discontinued. Third day: after two such files and VACUUM, with fillfactor 90. A peer whose UPDATE "
        "compares first joins two tables and writes next to nothing; it leaves no record of what the file named, by which "
        "late and repeated files would be recognized. Where the time goes, by profile, in order of keys: of a file that changes "
        "nothing, three tenths each into reading COPY and into the record of each row, which has two index entries and which no "
        "peer leaves, a fifth into finding the products, a tenth into the rules and the comparison; of a change that is not HOT, "
        "more than half into index entries: five of the product, which the peer makes as well, two of the record, and with "
        "history two of the change.")


def add_bars(bench, case, keys, seconds, outcomes):
    for history, must in zip(HISTORY, case.must or ()):
        bench.bar("changes against staging and SQL", f"{case.title}, {keys}, history {history}",
                  times(seconds["peer"], seconds[history]), must)
    if case.changed == "false" and case.mode == "upsert":
        bench.bar("growth by a file that changes nothing, %", keys, outcomes["on"].growth, 0, at_least=False)
    if case.must and case.mode == "update":
        bench.bar("HOT updates against the peer's", f"{case.title}, {keys}",
                  (1 + outcomes["on"].hot) / (1 + outcomes["peer"].hot), 1)


def section(bench):
    table = []
    for keys in ("sequential", "random"):
        made = None
        for case in CASES:
            if made != (case.fillfactor, case.days):
                make_template(bench, keys, case.fillfactor)
                spend_days(bench, case, keys)
                made = (case.fillfactor, case.days)
            rows, seconds, outcomes, counts = compare(bench, case, keys)
            table.append(row_of(case, keys, rows, seconds, outcomes, counts))
            bench.log("changes: " + "  ".join(table[-1]))
            add_bars(bench, case, keys, seconds, outcomes)
    bench.server.drop_database(f"{TEMPLATE}_run")
    bench.server.drop_database(TEMPLATE)
    bench.table(f"Changing {rows:,} of {bench.options.rows:,} products", COLUMNS, table, TEXT)


def memory(bench):
    """Private memory of the backend, by mode and number of rows."""
    make_template(bench, "random", 100)
    table = []
    for case in CASES[1:4] + (CASES[4],):
        for vendor in (VENDOR, OTHER):
            database = f"{TEMPLATE}_run"
            bench.server.clone_database(TEMPLATE, database)
            with File(bench, case, "random", vendor=vendor) as file:
                _, command = file.begin(bench.server, database)
                seconds, peak = watched_load(bench, command, database)
                rows = file.rows
            table.append([case.title, f"{rows:,}", f"{peak / 2**20:.1f}", f"{seconds.wall / rows * 1e6:.2f}"])
            bench.log("memory of changes: " + "  ".join(table[-1]))
        bench.bar("memory above idle, MB", f"{case.title}, {rows:,} rows", peak / 2**20, 64, at_least=False)
    bench.server.drop_database(f"{TEMPLATE}_run")
    bench.server.drop_database(TEMPLATE)
    bench.table("Private memory of the backend that changes products", ["what", "rows", "MB above idle", "µs/row"], table,
                "As above: the peak of RssAnon, random keys, history on. To stay under 64 MB.")
