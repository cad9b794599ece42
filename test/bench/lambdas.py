"""Parser and validator: rows per second and CPU time per row, compared with the same job in Python."""

import json
from itertools import islice

from bench import spread, times, wall, cpu
from lambda_functions import PROGRAMS, Services, invoke, needs_environment, object_key, vendor_file
from peers import check_peer

# Records per stream batch; the second is the deployed mapping's batch size.
BATCHES = (100, 500, 1000)
LATENCY = 0.01
PLACES = {"stub": "stub", "slow": f"stub, {LATENCY * 1000:.0f} ms a call", "emulator": "emulator (moto)"}
LIMIT = 20


class Run:
    """Send one file through parser and validator."""

    def __init__(self, rows, parser, validator):
        self.rows = rows
        self.parser = parser
        self.validator = validator


class File:
    """A vendor's file and its events for both functions."""

    def __init__(self, bench, services, rows, number):
        self.data = vendor_file(bench, rows)
        self.event = services.put(self.data.files["vendor_csv"], object_key(number))
        # Let our parser produce the stream's records, which both programs then receive.
        services.reset_database()
        parser = services.function("onboard", "parser", services.emulator.url)
        parser.invoke(self.event)
        self.records = services.stream_records()
        if len(self.records) != rows:
            raise ValueError(f"{len(self.records)} records of {rows} rows: {parser.log.lines()[-3:]}")
        self.data.upload = self.records[0]["dynamodb"]["NewImage"]["upload_id"]["S"]

    def batches(self, size):
        records = iter(self.records)
        return iter(lambda: list(islice(records, size)), [])


def make_runs(bench, services, files, places=PLACES):
    """Return the measurements with the files, one per program: (place, program, batch) and the function to call."""
    functions = {}
    urls = {"stub": services.stub.url, "slow": services.stub.url, "emulator": services.emulator.url}

    def function(program, handler, place):
        url = urls[place]
        if (program, handler, url) not in functions:
            functions[program, handler, url] = services.function(program, handler, url)
        return functions[program, handler, url]

    def run(place, program, size):
        file = files[program]
        parser, validator = function(program, "parser", place), function(program, "validator", place)
        events = [json.dumps({"Records": batch}).encode() for batch in file.batches(size)]
        services.reset_database()
        services.stub.order("latency", seconds=LATENCY if place == "slow" else 0)
        warm = [sandbox for each in (parser, validator) for sandbox in each.sandboxes()]
        if len(warm) < 2:
            # Process the file once before measuring, because the first event includes the start.
            for each, event in [(parser, file.event)] + [(validator, event) for event in events]:
                each.invoke(event)
            services.reset_database()
        services.stub.order("reset")
        seconds = Run(len(file.records), invoke(parser, [file.event]), invoke(validator, events))
        if place == "emulator":
            services.stream_records()
        else:
            services.check_stub(written=file.data.rows, updated=file.data.rows)
        if program == "onboard":
            file.data.check_upload(bench.server)
        else:
            check_peer(bench, file.data)
        return seconds

    return {(place, program, size): lambda place=place, program=program, size=size: run(place, program, size)
            for place in places for program in files
            for size in (BATCHES if place == "stub" else BATCHES[1:2])}


def row_of(bench, step, place, size, onboard, python):
    """Return a row of the table; both arguments are lists of runs."""
    ours, theirs = [getattr(run, step) for run in onboard], [getattr(run, step) for run in python]
    rows, few = onboard[0].rows, python[0].rows
    ratio = times(theirs, ours) * rows / few
    return [step, PLACES[place], size or "", f"{rows / wall(ours):,.0f}", f"{cpu(ours) / rows * 1e6:.1f}",
        f"{few / wall(theirs):,.0f}",
            f"{cpu(theirs) / few * 1e6:.0f}", f"{ratio:.1f}", f"± {max(spread(ours), spread(theirs)):.0f} %"]


def add_bar(bench, label, runs, step):
    seconds = [getattr(run, step) for run in runs]
    bench.bar("processor time of the functions, µs a row", label, cpu(seconds) / runs[0].rows * 1e6, LIMIT, at_least=False)


@needs_environment
def section(bench):
    rows = 2000 if bench.options.quick else 10000
    with Services(bench) as services:
        files = {"onboard": File(bench, services, rows, 1), "python": File(bench, services, rows // 10, 2)}
        seconds = bench.interleave(min(3, bench.options.rounds), make_runs(bench, services, files))
        for file in files.values():
            file.data.remove()
    table = []
    for place in PLACES:
        sizes = [size for where, program, size in seconds if where == place and program == "onboard"]
        both = [[run for size in sizes for run in seconds[place, program, size]] for program in PROGRAMS]
        table.append(row_of(bench, "parser", place, 0, *both))
        table += [row_of(bench, "validator", place, size, *(seconds[place, program, size] for program in PROGRAMS))
            for size in sizes]
    add_bar(bench, "parser", [run for size in BATCHES for run in seconds["stub", "onboard", size]], "parser")
    for size in BATCHES:
        add_bar(bench, f"validator, batches of {size}", seconds["stub", "onboard", size], "validator")
    bench.table(f"Parser and validator: {rows:,} rows, 5 % bad",
                ["function", "services", "records a batch", "rows/s", "cpu µs/row", "Python rows/s", "Python cpu µs/row",
                "times", "noise"],
                table,
                f"One function of each at a time under the emulated Runtime API, warm; a file from its event to all items, "
                f"all stream records "
                f"from their events to the reply. Python: boto3, psycopg2 and csv doing the same with {rows // 10:,} rows, "
                f"one "
                "connection to each service, one update_item a record. The stub checks each request's signature and each "
                "item "
                "and answers at once, or 10 ms later; with moto it is moto that takes the time, and at the stub its checks "
                "(in Python, "
                "about 16 µs an item) and the database. cpu: user and system time of the "
                f"function's process, to be under {LIMIT} µs a row at the stub. The database's own time is in the clock's "
                f"figures only.")
