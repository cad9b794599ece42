"""Time to start a function and to handle its first event."""

import secrets
import statistics

from bench import spread
from cpu_group import MEGABYTES, MEGABYTES_OF_CORE, join
from lambda_functions import MISSING, PIPELINE, Services, needs_environment
from server import check

if not MISSING:
    from runtime_api import FunctionSettings, Log, Sandbox

STARTS = 20
LIMIT = 15
SECRET = "bench/tls"
# Program, environment and title
KINDS = {
    "onboard": ("onboard", {}, "bootstrap"),
    "python": ("python", {}, "Python: boto3, psycopg2"),
    "connected": ("python", {"PEER_CONNECT": "start"}, "Python, connecting before /next"),
}


class Started:
    """Return the milliseconds of one process."""

    def __init__(self, ready, cpu, first, second):
        self.wall = ready
        self.cpu = cpu
        self.first = first
        self.second = second


def timed_sandbox(bench, settings, environment):
    """A sandbox that records when its process began and when it asked for its first event."""
    class TimedSandbox(Sandbox):
        asked = None

        def start(self, environment):
            self.began = bench.now()
            return super().start(environment)

        def next(self):
            self.asked = self.asked or bench.now()
            return super().next()

    return TimedSandbox(settings, environment, Log())


def start_once(bench, services, kind, group=""):
    program, more, _ = KINDS[kind]
    settings = FunctionSettings("check", services.program(program), "check", 60.0, MEGABYTES)
    environment = services.environment(services.stub.url, "check", DATABASE_SECRET_ID=SECRET, **more)
    sandbox = timed_sandbox(bench, settings, environment)
    try:
        failure = sandbox.wait_ready()
        check(failure is None, f"{kind} did not start: {failure} {sandbox.log.lines()}")
        cpu = processor_seconds(sandbox.process.pid) * 1000
        if group:
            join(group, sandbox.process.pid)
        replies = []
        for _ in range(2):
            before = bench.now()
            result = sandbox.invoke(b"{}", None)
            replies.append((bench.now() - before) * 1000)
            check(result.ok, f"{kind}: {result.error}")
        return Started((sandbox.asked - sandbox.began) * 1000, cpu, *replies)
    finally:
        sandbox.stop()


def set_up_tls(bench, services):
    """The server with TLS and passwords, and a matching secret."""
    address, authority = bench.server.serve_tls()
    password = secrets.token_urlsafe(24)
    bench.server.sql(f"SET password_encryption = 'scram-sha-256'; ALTER ROLE {PIPELINE} PASSWORD '{password}'")
    text = services.database(host=address, password=password, ca=authority).secret()
    services.stub.order("secret", name=SECRET, text=text)


def median(runs, name):
    return f"{statistics.median(getattr(run, name) for run in runs):.1f}"


@needs_environment
def section(bench):
    starts = 5 if bench.options.quick else STARTS
    with Services(bench) as services:
        set_up_tls(bench, services)
        runs = bench.interleave(starts, {kind: lambda kind=kind: start_once(bench, services, kind) for kind in KINDS})
        slow = {kind: [] for kind in KINDS}
        if bench.options.cpu_group:
            slow = bench.interleave(starts, {kind: lambda kind=kind: start_once(bench, services, kind,
                bench.options.cpu_group)
                                             for kind in KINDS})
        calls = services.stub.order("calls")
        # Each process read the secret once, so none had it cached.
        read = calls["calls"].get("secretsmanager.GetSecretValue", 0)
        check(read == starts * len(KINDS) * (2 if bench.options.cpu_group else 1), f"{read} secrets were read")
        connections = bench.server.sql("SELECT count(*) FROM pg_hba_file_rules WHERE type = 'hostssl'")
        check(connections == "1", "the server takes connections without TLS")
    table = [[title, median(runs[kind], "wall"), median(runs[kind], "cpu"), median(runs[kind], "first"),
        median(runs[kind], "second"),
              median(slow[kind], "first") if slow[kind] else "-", f"± {spread(runs[kind]):.0f} %"]
             for kind, (_, _, title) in KINDS.items()]
    bench.bar("cold start, ms", f"process start to first /next, median of {starts}", float(table[0][1]), LIMIT,
        at_least=False)
    why = "" if bench.options.cpu_group else f" That column is missing: {bench.options.no_cpu_group}."
    bench.table(f"Start of a function: median of {starts} processes",
                ["program", "to first /next ms", "its cpu ms", "first reply ms", "second reply ms",
                f"first reply at {MEGABYTES} MB ms", "noise"], table,
                "From the process's start to its first request for an event, and from the first event to its reply: secret "
                "read "
                "(from the stub, without TLS), connection made (TLS verified in full, SCRAM), one query, handler `check`. "
                f"At {MEGABYTES} MB: the same with {MEGABYTES}/{MEGABYTES_OF_CORE} of a core, from the event on.{why}")
