"""A private PostgreSQL server with this tree's extension, and psql for it."""

import os
import signal
import socket
import subprocess
import time

# The same for all measurements
SETTINGS = {
    "shared_buffers": "2GB",
    "max_wal_size": "64GB",
    "min_wal_size": "8GB",
    "checkpoint_timeout": "1d",
    "autovacuum": "off",
    "maintenance_work_mem": "512MB",
    "fsync": "off",
    "max_connections": "30",
    "listen_addresses": "''",
}

LOADER = "bench_loader"
VENDORS = 9

SET_UP = """
CREATE EXTENSION onboard;
CREATE EXTENSION pg_prewarm;
INSERT INTO onboard.vendors (vendor_id, vendor_name, email)
    SELECT format('VEND%s', lpad(n::text, 3, '0')), 'Vendor ' || n, format('vendor%s@example.com', n)
    FROM generate_series(0, {vendors} - 1) n;
SELECT onboard_grant_loader('{loader}');
CREATE SCHEMA bench;
CREATE TABLE bench.fk (LIKE onboard.products INCLUDING ALL);
ALTER TABLE bench.fk ADD FOREIGN KEY (vendor_id) REFERENCES onboard.vendors (vendor_id);
CREATE TABLE bench.nofk (LIKE onboard.products INCLUDING ALL);
GRANT USAGE ON SCHEMA bench TO {loader};
GRANT INSERT, SELECT ON bench.fk, bench.nofk TO {loader};
ANALYZE onboard.vendors;
"""

# Index definitions without the names of index and table
INDEX_DEFINITIONS = """
SELECT string_agg(regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+ ON \\S+', 'INDEX ON'), E'\\n'
    ORDER BY pg_get_indexdef(indexrelid, 0, false) ~ 'UNIQUE' DESC,
        regexp_replace(pg_get_indexdef(indexrelid), '.* USING ', ''))
FROM pg_index WHERE indrelid = '{table}'::regclass
"""


# Costs that only the first run on a new server would have: creating WAL segments (16 MB each), and allocating
# pages for shared buffers.
WARM_UP = """
DO $$ BEGIN
    FOR i IN 1..100 LOOP
        PERFORM pg_logical_emit_message(false, 'bench', 'x'), pg_switch_wal();
    END LOOP;
END $$;
CREATE UNLOGGED TABLE filler (x text);
ALTER TABLE filler ALTER x SET STORAGE plain;
INSERT INTO filler SELECT repeat('x', 7900) FROM generate_series(1, 260000);
DROP TABLE filler;
CHECKPOINT;
"""


class Failure(Exception):
    """The measured work is not what was intended."""


def check(condition, message):
    if not condition:
        raise Failure(message)


class Seconds:
    """Wall-clock time, including client and commit, and CPU time of the backend."""

    def __init__(self, wall, cpu):
        self.wall = wall
        self.cpu = cpu


def processor_seconds(pid):
    """Return user and system time of all threads of a process, in nanoseconds (see clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def free_address(port):
    """Return an address with a free port.  Linux has all of 127.0.0.0/8, and another server may use 127.0.0.1."""
    for last in range(1, 255):
        with socket.socket() as probe:
            try:
                probe.bind((f"127.0.0.{last}", port))
                return f"127.0.0.{last}"
            except OSError:
                pass
    raise Failure(f"port {port} is taken everywhere")


def make_certificates(directory, address):
    """Create a certificate for the address in server.crt, and return the private authority that signed it."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=authority", "-keyout", "authority.key", "-out",
        "authority.pem")
    openssl("req", *key, "-subj", "/CN=shop", "-keyout", "server.key", "-out", "server.csr")
    with open(os.path.join(directory, "names"), "w") as names:
        names.write(f"subjectAltName = IP:{address}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", "server.crt")
    os.chmod(os.path.join(directory, "server.key"), 0o600)
    with open(os.path.join(directory, "authority.pem")) as file:
        return file.read()


class Session:
    """A psql process whose backend can be monitored."""

    END = "--end--"

    def __init__(self, server, role=LOADER, database="bench"):
        self.process = server.psql(role, database)
        self.pid = int(self.run("SELECT pg_backend_pid();")[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()

    def send(self, command):
        self.process.stdin.write(f"{command}\n\\echo {self.END}\n")
        self.process.stdin.flush()

    def receive(self):
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == self.END:
                return lines
            lines.append(line.rstrip("\n"))
        raise Failure("psql: " + self.process.stderr.read())

    def run(self, command):
        self.send(command)
        return self.receive()

    def cpu(self):
        return processor_seconds(self.pid)

    def private_memory(self):
        """Return the bytes of anonymous memory, which excludes shared buffers and code."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        return 0

    def timed(self, command):
        before = self.cpu()
        output = self.run(f"\\timing on\n{command}\n\\timing off")
        times = [line for line in output if line.startswith("Time: ")]
        check(len(times) == 1, f"no time in: {output}")
        return Seconds(float(times[0].split()[1]) / 1000, self.cpu() - before)


class Server:
    def __init__(self, install, directory, fsync=False):
        self.bin = os.path.join(install, "bin")
        self.directory = directory
        self.data = os.path.join(directory, "data")
        self.sockets = os.path.join(directory, "socket")
        self.settings = dict(SETTINGS, fsync="on" if fsync else "off")
        self.process = None
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        self.environment.update(PGHOST=self.sockets, PGPORT="5432", PGUSER="bench_owner", PGDATABASE="bench",
                                PGAPPNAME="bench", PSQLRC="/dev/null", LC_ALL="C.UTF-8")

    def start(self):
        os.makedirs(self.sockets)
        subprocess.run([os.path.join(self.bin, "initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8",
                        "--locale=C.UTF-8", "--username=bench_owner", self.data],
                       check=True, stdout=subprocess.DEVNULL)
        self.configure(self.settings)
        self.launch()
        self.sql(f"CREATE ROLE {LOADER} LOGIN", database="postgres")
        self.sql(WARM_UP, database="postgres")
        self.create_database("bench")

    def configure(self, settings):
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a") as conf:
            for name, value in settings.items():
                conf.write(f"{name} = {value}\n")

    def launch(self):
        log = open(os.path.join(self.directory, "log"), "a")
        self.process = subprocess.Popen([os.path.join(self.bin, "postgres"), "-D", self.data, "-k", self.sockets],
                                        stdout=log, stderr=log)
        for _ in range(300):
            if subprocess.run([os.path.join(self.bin, "pg_isready"), "-q"], env=self.environment).returncode == 0:
                return
            check(self.process.poll() is None, "the server did not start: " + os.path.join(self.directory, "log"))
            time.sleep(0.1)
        raise Failure("the server does not answer: " + os.path.join(self.directory, "log"))

    def serve_tls(self):
        """Restart it with a certificate, on port 5432 of a free loopback address; return the address and the authority that
        signed the certificate."""
        address = free_address(5432)
        authority = make_certificates(self.directory, address)
        certificates = {"ssl": "on", "ssl_cert_file": f"'{self.directory}/server.crt'",
            "ssl_key_file": f"'{self.directory}/server.key'"}
        self.stop()
        self.configure({"listen_addresses": f"'{address}'", **certificates})
        with open(os.path.join(self.data, "pg_hba.conf"), "w") as hba:
            hba.write("local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n")
        self.launch()
        return address, authority

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.process = None

    def create_database(self, name):
        self.sql(f"CREATE DATABASE {name}", database="postgres")
        self.sql(SET_UP.format(loader=LOADER, vendors=VENDORS), database=name)
        ours = self.sql(INDEX_DEFINITIONS.format(table="onboard.products"), database=name)
        for table in ("bench.fk", "bench.nofk"):
            theirs = self.sql(INDEX_DEFINITIONS.format(table=table), database=name)
            check(ours == theirs, f"indexes of {table} differ:\n{ours}\n{theirs}")
        check(self.sql("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'bench.fk'::regclass",
                       database=name) == "1", "bench.fk must have one foreign key")
        check(self.sql("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN "
                       "('bench.fk'::regclass, 'bench.nofk'::regclass)", database=name) == "0",
              "the baselines must have no triggers")
        check(self.sql(f"SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = '{LOADER}'") == "f",
              "the loader must be an ordinary role")

    def clone_database(self, template, name):
        """Make a physical copy, so that every run starts from the same files."""
        self.drop_database(name)
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy", database="postgres")

    def drop_database(self, name):
        self.sql(f"DROP DATABASE IF EXISTS {name}", database="postgres")

    def psql(self, role="bench_owner", database="bench", **arguments):
        """Start psql reading commands from its standard input."""
        environment = dict(self.environment, PGUSER=role, PGDATABASE=database)
        return subprocess.Popen([os.path.join(self.bin, "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1"],
                                env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **arguments)

    def sql(self, commands, role="bench_owner", database="bench"):
        process = self.psql(role, database)
        output, errors = process.communicate(commands)
        check(process.returncode == 0, f"psql failed: {errors}\n{commands[:2000]}")
        return output.strip()

    def timed(self, command, role=LOADER, database="bench"):
        """Return the seconds of one psql command."""
        with Session(self, role, database) as session:
            return session.timed(command)

    def reset(self, database="bench"):
        self.sql("TRUNCATE onboard.products, onboard.upload_history, onboard.validation_errors, "
                 "onboard.judged_rows, onboard.outbox, bench.fk, bench.nofk RESTART IDENTITY CASCADE; CHECKPOINT",
                 database=database)
