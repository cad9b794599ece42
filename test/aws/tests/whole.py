"""Shared by the tests of the whole pipeline: the real program with a real database, files with known verdicts,
disruptions, and the checks after every test.

A run is derived from a seed, ONBOARD_TEST_SEED or a new one; it is printed, with how often every fault occurred.
Values of files and all secrets are planted: they occur nowhere else, and no log may contain them.
"""

import csv
import io
import os
import random
import secrets
import tempfile
import threading
import time
import unittest
from collections import Counter
from typing import Any, Callable, Sequence

from database import SUSPENDED_VENDOR, OwnDatabase, shared_server, why_not
from event_sources import DeliveryFaults
from fault_plan import FaultPlan
from invariants import Sent, World, log_problems
from patience import HANG_SECONDS, wait_until
from pipeline import Kills, NotQuiet, Pipeline, read_settings, test_scale

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BOOTSTRAP = os.environ.get("ONBOARD_BOOTSTRAP") or os.path.join(ROOT, "glue", "bootstrap")
SECRET_KEY = f"planted-secret-key-{secrets.token_hex(8)}"
SESSION_TOKEN = f"planted-session-token-{secrets.token_hex(8)}"

# Short times for tests, and the most detailed log.
ENVIRONMENT = {
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
    "LOG_LEVEL": "debug",
    "DATABASE_PAUSE_SECONDS": "1",
    "DATABASE_FAILURES": "3",
    "DATABASE_CONNECT_MS": "10000",
    "DEADLINE_MARGIN_MS": "1000",
    "LOCK_TIMEOUT_MS": "5000",
    "OUTBOX_LEASE_SECONDS": "1",
    "REPORT_LEASE_SECONDS": "10",
    "SWEEP_IDLE_SECONDS": "1",
    "SWEEP_ATTEMPTS": "20",
    "SWEEP_UNREPORTED_SECONDS": "2",
}

HEADER = ["vendor_product_id", "product_name", "category", "subcategory", "description", "sku", "brand", "price",
          "compare_at_price", "stock_quantity", "unit", "weight_kg", "dimensions_cm", "image_url", "Colour"]


def run_seed() -> int:
    given = os.environ.get("ONBOARD_TEST_SEED")
    return int(given) if given else secrets.randbelow(1_000_000)


class Maker:
    """Makes files of planted values.  The broken rules are known, and so are the verdicts."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"files/{seed}")
        self.planted: list[str] = []
        self.serial = 0
        self.word = f"planted{self.random.randrange(16 ** 8):08x}"

    def row(self, vendor_id: str) -> dict[str, str]:
        self.serial += 1
        price = self.random.randrange(1, 99_999_999)
        return {
            "vendor_product_id": f"{self.word}-id-{self.serial}",
            "product_name": self.random.choice(["", " "]) + f"{self.word} näme, \"{self.serial}\"\nof two lines",
            "category": self.random.choice(["Electronics", "Men's Clothing", "Home & Garden"]),
            "description": self.random.choice(["", f"{self.word} déscription \u4e16\u754c \U0001f600"]),
            "sku": f"{self.word}-{vendor_id}-sku-{self.serial}",
            "brand": f"{self.word} brand",
            "price": f"{price / 100:.2f}",
            "stock_quantity": str(self.random.randrange(0, 1_000_001)),
            "weight_kg": self.random.choice(["", "1.5"]),
            "image_url": self.random.choice(["", f"https://{self.word}.example/x.jpg"]),
            "Colour": self.random.choice(["", f"{self.word} green"]),
        }

    def break_row(self, row: dict[str, str]) -> set[str]:
        """Make a row break one or two rules; return their names."""
        breaks: list[tuple[str, Callable[[], None]]] = [
            ("MISSING_REQUIRED_FIELDS", lambda: row.update(product_name=" ")),
            ("INVALID_PRICE", lambda: row.update(price=f"{self.word}.10")),
            ("INVALID_STOCK", lambda: row.update(stock_quantity="-7")),
            ("INVALID_CATEGORY", lambda: row.update(category=f"{self.word} category")),
            ("FIELD_LENGTH_EXCEEDED", lambda: row.update(brand=self.word * 7)),
            ("INVALID_WEIGHT", lambda: row.update(weight_kg="0")),
            ("INVALID_IMAGE_URL", lambda: row.update(image_url=f"ftp://{self.word}.example/")),
        ]
        chosen = self.random.sample(breaks, self.random.choice([1, 1, 2]))
        for _, change in chosen:
            change()
        return {name for name, _ in chosen}

    def file(self, vendor_id: str, key: str, rows: int, bad: float = 0.2, contested: list[str] | None = None) -> Sent:
        """A file of this many rows, a share of them invalid; the contested SKUs are in it too, whichever file gets
        them."""
        table = [self.row(vendor_id) for _ in range(rows)]
        skus = dict(zip(self.random.sample(range(1, rows + 1), len(contested or [])), contested or []))
        broken = {}
        for number, row in enumerate(table, 1):
            if number in skus:
                row["sku"] = skus[number]
            elif self.random.random() < bad or bad == 1:
                broken[number] = self.break_row(row)
        return Sent(vendor_id, key, self.text(table), broken=broken, contested=set(skus))

    def text(self, table: list[dict[str, str]], header: Sequence[str] = HEADER) -> bytes:
        """A file with the columns of this header."""
        file = io.StringIO(newline="")
        ending = self.random.choice(["\n", "\r\n"])
        writer = csv.DictWriter(file, header, lineterminator=ending, restval="", extrasaction="ignore")
        writer.writeheader()
        for row in table:
            writer.writerow(row)
            if self.random.random() < 0.05:
                file.write(ending)
        return self.random.choice([b"", b"\xef\xbb\xbf"]) + file.getvalue().encode()


def happened(harm: Callable[[], None]) -> bool:
    """Return whether an action succeeds rather than raising."""
    harm()
    return True


class Harm(threading.Thread):
    """Disrupts the database while others use it: terminates connections, kills one backend, kills or stops the whole
    server, repeatedly until stopped.  `fired` counts what was done."""

    def __init__(self, database: OwnDatabase, seed: int, pause: float = 0.5) -> None:
        super().__init__(name="harm", daemon=True)
        self.fired: Counter[str] = Counter()
        self.errors: list[str] = []
        self._database = database
        self._random = random.Random(f"harm/{seed}")
        self._pause = pause
        self._end = threading.Event()

    def run(self) -> None:
        ways: list[tuple[str, Callable[[], bool]]] = [
            ("terminated connections", lambda: self._database.terminate_connections() > 0),
            ("killed backend", self._database.kill_backend),
            ("terminated connections", lambda: self._database.terminate_connections() > 0),
            ("restarted server", lambda: happened(self._database.server.restart)),
            ("killed server", lambda: happened(self._database.server.kill)),
        ]
        turn = self._random.randrange(len(ways))
        while not self._end.wait(self._pause * (0.5 + self._random.random())):
            name, way = ways[turn % len(ways)]
            try:
                if way():
                    self.fired[name] += 1
                    turn += 1
            except Exception as error:  # A server in recovery refuses connections; try again next time.
                self.errors.append(type(error).__name__)

    def stop(self) -> None:
        self._end.set()
        self.join()
        wait_until(self._database.server.answers, "the server responds")

    def unfired(self) -> list[str]:
        return [name for name in ("terminated connections", "killed backend", "restarted server", "killed server")
                if not self.fired[name]]


@unittest.skipIf(why_not(), why_not())
class WholeTest(unittest.TestCase):
    """A test that runs the pipeline, and checks what the functions logged when it ends."""

    maxDiff = None
    bootstrap = BOOTSTRAP

    def setUp(self) -> None:
        self.seed = run_seed()
        self.maker = Maker(self.seed)
        self.planted: list[str] = []
        print(f"# {self.id().rpartition('.')[2]}: ONBOARD_TEST_SEED={self.seed}", flush=True)

    def pipeline(self, *, faults: list[dict[str, Any]] | None = None, delivery: DeliveryFaults | None = None,
                 kills: Kills | None = None, environment: dict[str, str] | None = None,
                 hurried: str | None = None, settings: dict[str, Any] | None = None) -> Pipeline:
        """Start the pipeline with a new database, until the test ends; the hurried function has three seconds."""
        self.assertTrue(os.access(self.bootstrap, os.X_OK), f"there is no program at {self.bootstrap}")
        self.database = shared_server().make_database()
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="onboard-whole-"))
        scaled = settings or test_scale(read_settings(), receives=1000)
        if hurried:
            scaled["Functions"][hurried]["Timeout"] = 3
        whole = Pipeline(self.database.login(), self.bootstrap, folder, operator=self.database.operator_login(),
                         settings=scaled, delivery=delivery, kills=kills,
                         plan=FaultPlan.read({"seed": self.seed, "faults": faults or []}),
                         environment={**ENVIRONMENT, **(environment or {})})
        self.whole = self.enterContext(whole)
        # Before the pipeline is stopped, which closes the log files but keeps what was read of them.
        self.addCleanup(self.check_log)
        self.sent: list[Sent] = []
        return self.whole

    def check_log(self) -> None:
        secrets_of_ours = [self.database.server.password, self.whole.resources.link_key, SECRET_KEY, SESSION_TOKEN]
        text = self.whole.log_text()
        self.assertTrue(text, "nothing was logged")
        self.assertEqual(log_problems(text, [*secrets_of_ours, self.maker.word, *self.planted]), [])

    def send(self, *files: Sent) -> None:
        """Put files where their vendors would."""
        for file in files:
            self.whole.clients["s3"].put_object(Bucket=self.whole.resources.bucket, Key=file.key, Body=file.content,
                                                Metadata=file.metadata)
            self.sent.append(file)

    def files(self, count: int, rows: int, vendors: int = 10, contested: int = 0, bad: float = 0.2) -> list[Sent]:
        """Files of several vendors, some in the same second; each has the contested SKUs."""
        skus = [f"{self.maker.word}-contested-{number}" for number in range(contested)]
        made = []
        for number in range(count):
            vendor = f"VEND{number % vendors + 1:03}"
            key = f"uploads/{vendor}/{vendor}_20260104_{90000 + number // vendors:06}.csv"
            made.append(self.maker.file(vendor, key, rows, bad, skus))
        return made

    def settle(self) -> None:
        """Wait until every upload is reported, all items are up to date and nothing is waiting, with the sweeper's
        help."""
        end = time.monotonic() + HANG_SECONDS
        while True:
            try:
                self.whole.wait_quiet()
            except NotQuiet as error:
                self.fail(f"{error}\n{self.whole.fault_table()}\n{self.troubles()}")
            unfinished = self.database.value("""
                SELECT concat_ws(', ', (SELECT string_agg(upload_id || ' is ' || status, ', ')
                                          FROM onboard.upload_history
                                         WHERE status = 'processing' OR NOT metadata ? 'reported_at'),
                                 (SELECT nullif(count(*), 0) || ' events' FROM onboard.outbox),
                                 (SELECT nullif(count(*), 0) || ' checks of items' FROM onboard.item_checks))""")
            if not unfinished:
                return
            if time.monotonic() > end:
                self.fail(f"not finished: {unfinished}\n{self.troubles()}")
            time.sleep(0.3)
            self.whole.sweep()

    def settle_faults(self) -> None:
        """Settle; send more files until every fault of deliveries occurred.

        Only messages that are delivered together can be reordered.
        """
        self.settle()
        for second in range(100000, 100060):
            if not self.whole.delivery.unfired():
                break
            self.send(*(self.maker.file(vendor, f"uploads/{vendor}/{vendor}_20260105_{second}.csv", 40)
                        for vendor in ("VEND001", "VEND002", "VEND003", "VEND004")))
            self.settle()

    def troubles(self) -> str:
        """Return the last lines of the log above level info."""
        lines = [line for line in self.whole.log_text().splitlines() if '"level":"error"' in line.replace(" ", "").lower()]
        return "\n".join(lines[-10:])

    def check(self, extra_mails: int = 0, **options: Any) -> World:
        """Check that all invariants hold, and that every fault occurred."""
        print("\n".join("# " + line for line in self.whole.fault_table().splitlines()), flush=True)
        world = World(self.database, self.whole, self.sent, **options)
        self.assertEqual(list(world.problems(extra_mails)), [])
        self.assertEqual(self.whole.unfired(), [])
        self.assertEqual(self.whole.errors(), [])
        return world


__all__ = ["BOOTSTRAP", "ROOT", "SUSPENDED_VENDOR", "Harm", "Maker", "WholeTest"]
