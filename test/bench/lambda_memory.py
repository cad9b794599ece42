"""Memory use of the parser and the direct route while they read large files."""

import os

from lambda_functions import Services, check_result, needs_environment, object_key, vendor_file
from server import check

LIMIT = 32
PARSER_BYTES = 10_000_000
# Size of a row in the generator's files.
ROW_BYTES = 283
WITHOUT_LIMITS = {"MAX_FILE_BYTES": "0", "MAX_ROWS": "0"}


def file_of(bench, size):
    """Create a file of at least this many bytes."""
    rows = size // ROW_BYTES
    while True:
        data = vendor_file(bench, rows)
        if os.path.getsize(data.files["vendor_csv"]) >= size:
            return data
        rows = int(rows * 1.02 * size / os.path.getsize(data.files["vendor_csv"]))
        data.remove()


def measure(bench, services, program, handler, data, number, **environment):
    """Load a file with a new process; return its peak resident memory, and the seconds."""
    services.reset_database()
    path = data.files["vendor_csv"]
    event = services.put_in_stub(path, object_key(number))
    function = services.function(program, handler, services.stub.url, timeout=7200.0, **WITHOUT_LIMITS, **environment)
    started = bench.now()
    check_result(function, function.invoke(event))
    seconds = bench.now() - started
    sandboxes = function.sandboxes()
    check(len(sandboxes) == 1 and function.cold_starts == 1, "another process has answered")
    return sandboxes[0].peak_memory(), seconds


def check_direct(bench, data):
    data.upload = bench.server.sql("SELECT upload_id FROM onboard.upload_history")
    data.check_upload(bench.server)


@needs_environment
def section(bench):
    direct_bytes = 100_000_000 if bench.options.quick else 1_000_000_000
    table = []
    with Services(bench) as services:
        for what, program, handler, size, number in (
                ("parser, to items", "onboard", "parser", PARSER_BYTES, 11),
                ("direct route, to the database", "onboard", "direct", direct_bytes, 12),
                ("parser in Python", "python", "parser", PARSER_BYTES, 13)):
            services.stub.order("reset")
            with file_of(bench, size) as data:
                peak, seconds = measure(bench, services, program, handler, data, number)
                size = os.path.getsize(data.files["vendor_csv"])
                if handler == "direct":
                    check_direct(bench, data)
                else:
                    services.check_stub(written=data.rows, updated=0)
            table.append([what, f"{size / 1e6:,.0f}", f"{data.rows:,}", f"{peak / 2**20:.1f}", f"{seconds:.1f}",
                f"{data.rows / seconds:,.0f}"])
            bench.log("lambda_memory: " + "  ".join(table[-1]))
            if program == "onboard":
                bench.bar("memory of the functions, MB", f"{what}, {size / 1e6:,.0f} MB", peak / 2**20, LIMIT,
                    at_least=False)
    bench.table("Memory of the functions", ["function", "MB of file", "rows", "peak MB", "seconds", "rows/s"], table,
                f"VmHWM of a new process that reads one file (5 % bad rows) from the stub, its libraries included; to stay "
                f"under {LIMIT} MB.")
