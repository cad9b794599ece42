"""A private PostgreSQL server with the extension, which tests can disrupt while others use it.

PostgreSQL's programs are found in ONBOARD_PG_BINDIR or on PATH.  The server listens only on a Unix socket, belongs to
the user who runs the tests and is stopped by its process id.  One server serves a whole run; each test gets its own
database, copied from a template with the extension and the vendors.

Functions log in as the role PIPELINE with a password that no log may contain.  It has the rights of a loader and a
reporter, and no others.
"""

import atexit
import csv
import io
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache

from patience import HANG_SECONDS, PAUSE_SECONDS
from pipeline import Database

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OWNER = "owner"
PIPELINE = "pipeline"
OPERATOR = "operator"
PORT = 5432
TEMPLATE = "template_pipeline"

# Vendors in addition to those of test/data/vendors.csv.
MORE_VENDORS = [f"VEND{number:03}" for number in range(4, 24)]
SUSPENDED_VENDOR = "VEND900"

# Events are deleted once acknowledged; keep a copy so that tests can count them.
AUDIT = """
CREATE TABLE public.audited_events (kind text, upload_id text, payload jsonb);
CREATE FUNCTION public.audit_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.audited_events VALUES (NEW.kind, NEW.upload_id, NEW.payload);
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT ON onboard.outbox FOR EACH ROW EXECUTE FUNCTION public.audit_event();
"""

Row = dict[str, str | None]


class DatabaseError(Exception):
    """psql or the server reported an error; the message is theirs."""


def find_programs() -> str | None:
    """Return the folder of PostgreSQL's programs."""
    folders = [os.environ.get("ONBOARD_PG_BINDIR", ""), *os.environ.get("PATH", "").split(":")]
    return next((folder for folder in folders if folder and os.access(os.path.join(folder, "initdb"), os.X_OK)), None)


def why_not() -> str:
    """Return why no server can run here, or an empty string."""
    if os.geteuid() == 0:
        return "PostgreSQL does not run as root; test/check.sh aws changes the user"
    if find_programs() is None:
        return "PostgreSQL's initdb is not on PATH"
    return ""


def quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


class Server:
    """The server; start() and stop() may be called repeatedly."""

    def __init__(self) -> None:
        self.programs = find_programs() or ""
        self.folder = tempfile.mkdtemp(prefix="onboard-aws-")
        self.data = os.path.join(self.folder, "data")
        self.password = f"planted'password\\{secrets.token_hex(8)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def make(self) -> None:
        self.run("initdb", "--pgdata", self.data, "--username", OWNER, "--auth", "trust", "--encoding", "UTF8",
                 "--locale", "C", "--no-sync", "--no-instructions")
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as file:
            file.write(f"local all {OWNER} trust\nlocal all all scram-sha-256\n")
        self.start()
        for role in (PIPELINE, OPERATOR):
            self.query("postgres", f"CREATE ROLE {role} LOGIN PASSWORD {quote(self.password)}")
        self.query("postgres", f"CREATE DATABASE {TEMPLATE}")
        self.query(TEMPLATE, "CREATE EXTENSION onboard")
        self.query(TEMPLATE, f"SELECT onboard_grant_loader('{PIPELINE}'), onboard_grant_reporter('{PIPELINE}')")
        self.query(TEMPLATE, f"SELECT onboard_grant_operator('{OPERATOR}')")
        self.query(TEMPLATE, vendors_statement())
        self.query(TEMPLATE, AUDIT)

    def run(self, program: str, *arguments: str, text: str | None = None) -> str:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        result = subprocess.run([os.path.join(self.programs, program), *arguments], env={**outside, "LC_ALL": "C.UTF-8"},
                                input=text, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise DatabaseError(f"{program}: {result.stderr.strip()}")
        return result.stdout

    def start(self) -> None:
        """Start it and wait until it responds.  After a kill the last backends may still hold the old shared memory."""
        end = time.monotonic() + HANG_SECONDS
        command = [os.path.join(self.programs, "postgres"), "-D", self.data, "-k", self.folder, "-p", str(PORT),
                   "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60", "-c", "log_statement=none",
                   "-c", "restart_after_crash=on", "-c", "shared_buffers=32MB"]
        while time.monotonic() < end:
            with open(os.path.join(self.folder, "server.log"), "ab") as log:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                 start_new_session=True)
            while self._process.poll() is None and time.monotonic() < end:
                if self.answers():
                    return
                time.sleep(PAUSE_SECONDS)
            time.sleep(PAUSE_SECONDS)
        raise DatabaseError("the server did not start: " + self.log()[-2000:])

    def answers(self) -> bool:
        try:
            self.query("postgres", "SELECT 1")
        except DatabaseError:
            return False
        return True

    def end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        self.end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        with open(os.path.join(self.folder, "server.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def query(self, database: str, statement: str) -> list[Row]:
        """Run statements as the owner; return the rows of the last one, by column name, null as None."""
        null = "\\N"
        text = self.run("psql", "-h", self.folder, "-p", str(PORT), "-U", OWNER, "-d", database, "-X", "-q", "--csv",
                        "-P", f"null={null}", "-v", "ON_ERROR_STOP=1", "-f", "-", text=statement)
        # Values keep their line ends, and an empty line is an empty value.
        names, *rows = [row or [""] for row in csv.reader(io.StringIO(text, newline=""))] or [[]]
        return [{name: None if value == null else value for name, value in zip(names, row)} for row in rows]

    def make_database(self) -> "OwnDatabase":
        self._databases += 1
        name = f"pipeline_{self._databases}"
        self.query("postgres", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return OwnDatabase(self, name)

    # Disruptions.

    def restart(self) -> None:
        """Simulate a power failure and restart: SIGQUIT is an immediate shutdown, and recovery follows."""
        self.end(signal.SIGQUIT)
        self.start()

    def kill(self) -> None:
        """Send SIGKILL to the postmaster, and restart."""
        self.end(signal.SIGKILL)
        self.start()


@dataclass(frozen=True)
class OwnDatabase:
    """The database of one test."""

    server: Server
    name: str

    def query(self, statement: str) -> list[Row]:
        return self.server.query(self.name, statement)

    def value(self, statement: str) -> str | None:
        row, = self.query(statement)
        value, = row.values()
        return value

    def number(self, statement: str) -> int:
        return int(self.value(statement) or 0)

    def login(self) -> Database:
        """Return how the functions connect."""
        return Database(self.server.folder, PORT, self.name, PIPELINE, self.server.password)

    def operator_login(self) -> Database:
        return Database(self.server.folder, PORT, self.name, OPERATOR, self.server.password)

    def owner_conninfo(self) -> str:
        return f"host={self.server.folder} port={PORT} dbname={self.name} user={OWNER}"

    def terminate_connections(self) -> int:
        """Terminate the functions' connections, whatever they are doing; return how many there were."""
        return self.number(f"""SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                               WHERE usename = '{PIPELINE}' AND datname = '{self.name}'""")

    def kill_backend(self) -> bool:
        """Send SIGKILL to one backend of a function: the server restarts all of them.  Return whether there was one."""
        rows = self.query(f"""SELECT pid FROM pg_stat_activity WHERE usename = '{PIPELINE}' AND datname = '{self.name}'
                              ORDER BY state = 'idle' LIMIT 1""")
        for row in rows:
            try:
                os.kill(int(row["pid"] or 0), signal.SIGKILL)
            except ProcessLookupError:
                return False
        return bool(rows)


def vendors_statement() -> str:
    with open(os.path.join(ROOT, "test", "data", "vendors.csv"), newline="", encoding="utf-8") as file:
        vendors = [(row["vendor_id"], row["vendor_name"], row["email"], row["status"]) for row in csv.DictReader(file)]
    vendors += [(vendor, f"Vendor {vendor}", f"{vendor.lower()}@vendors.example", "active") for vendor in MORE_VENDORS]
    vendors += [(SUSPENDED_VENDOR, "Vendor suspended", "suspended@vendors.example", "suspended")]
    values = ",\n".join("(" + ", ".join(map(quote, vendor)) + ")" for vendor in vendors)
    return f"INSERT INTO onboard.vendors (vendor_id, vendor_name, email, status) VALUES {values}"


@lru_cache(maxsize=None)
def shared_server() -> Server:
    """Return the server of this run, created on first use."""
    server = Server()
    atexit.register(server.stop)
    server.make()
    return server
