"""AWS calls and their cost, counted on the whole pipeline with emulated services."""

import json
import math
import os
from collections import Counter

from lambda_functions import MISSING, PIPELINE, ROLE, VENDOR, needs_environment, object_key, vendor_file
from server import check

if not MISSING:
    from pipeline import Database, Pipeline, read_settings, test_scale
    from write_units import as_parsed, write_units

ROWS = 50
SCALE = 1000
MEGABYTES = 256
ROUTES = {"stream": "items and stream", "direct": "direct"}

# Dollars per quantity, us-east-1, on demand, without the free tier: list prices from AWS's pages at the end
# of 2025 (aws.amazon.com/lambda/pricing and so on, x86). Check them against the pages before relying on them.
PRICES = {
    "Lambda, GB-seconds": (0.0000166667, 1),
    "Lambda, requests": (0.20, 1_000_000),
    "DynamoDB, write units": (0.625, 1_000_000),
    "S3, PUT": (0.005, 1_000),
    "S3, GET and HEAD": (0.0004, 1_000),
    "SQS, requests": (0.40, 1_000_000),
    "SNS, publishing": (0.50, 1_000_000),
    "SNS, e-mails": (2.00, 100_000),
    "Secrets Manager, calls": (0.05, 10_000),
}
# How each call is charged. Lambda's own reads of the stream are free ("Amazon DynamoDB pricing", Streams).
CHARGED = {
    "s3.GetObject": "S3, GET and HEAD",
    "s3.HeadObject": "S3, GET and HEAD",
    "s3.PutObject": "S3, PUT",
    "sqs.SendMessageBatch": "SQS, requests",
    "sns.Publish": "SNS, publishing",
    "secretsmanager.GetSecretValue": "Secrets Manager, calls",
}
# These are charged by the amount of data written.
BY_UNITS = ("dynamodb.BatchWriteItem", "dynamodb.BatchExecuteStatement")
QUEUES = {"parser", "reporter"}


def item_units(table, items):
    """Units of an item's two writes, the row and its status, in the table and its index."""
    units = 0
    for item in items:
        check(item["status"]["S"] in ("validated", "error"), "an item has no verdict")
        before = as_parsed(item)
        units += write_units(table, None, before).total() + write_units(table, before, item).total()
    return units


def metrics(function):
    """Milliseconds of each invocation so far, from the function's own metrics."""
    return [record["Duration"] for record in function.log.records() if "_aws" in record]


class Counted:
    """Usage of the uploads after the first one."""

    def __init__(self, whole):
        self.whole = whole
        self.calls = Counter(whole.proxy.plan.counts()["calls"])
        self.invocations = {name: len(metrics(function)) for name, function in whole.functions.items()}
        self.mails = len(whole.mails())

    def since(self, earlier):
        """Return the calls, and the milliseconds of each function's invocations."""
        durations = {name: metrics(function)[earlier.invocations[name]:] for name, function in self.whole.functions.items()}
        return self.calls - earlier.calls, {name: spent for name, spent in durations.items() if spent}


def run_route(bench, route, uploads):
    """Run uploads one after another, each until its email; return the charged quantities by price."""
    bench.server.reset()
    bench.server.sql(ROLE)
    database = Database(bench.server.sockets, 5432, "bench", PIPELINE, "not-asked-for")
    files = [vendor_file(bench, ROWS, start=1 + ROWS * number) for number in range(uploads + 1)]
    bootstrap = os.path.join(bench.options.install, "usr/local/lib/onboard/bootstrap")
    folder = os.path.join(bench.options.directory, f"pipeline-{route}")
    with Pipeline(database, bootstrap, folder, settings=test_scale(read_settings()), environment={"ROUTE": route}) as whole:
        for number, data in enumerate(files):
            with open(data.files["vendor_csv"], "rb") as file:
                whole.upload(VENDOR, os.path.basename(object_key(number)), file.read())
            whole.wait_quiet()
            if number == 0:
                # The first upload finds no process and no cached secret.
                first, first_items = Counted(whole), {item["upload_id"]["S"] for item in whole.items()}
            data.remove()
        last = Counted(whole)
        items = [item for item in whole.items() if item["upload_id"]["S"] not in first_items]
        calls, durations = last.since(first)
    check_uploads(bench, files, last.mails)
    check((len(items) == ROWS * uploads) if route == "stream" else not items, f"{len(items)} items")
    units = item_units(whole.settings["Table"], items)
    return charge(calls, durations, units, uploads, last.mails), calls, durations


def check_uploads(bench, files, mails):
    """Check that every row of every upload has a verdict, and that an email was published for each upload."""
    valid, errors = (sum(data.expected[name] for data in files) for name in ("valid", "errors"))
    stored = bench.server.sql("SELECT count(*), sum(valid_records), sum(error_records), count(error_file_s3_key) "
        "FROM onboard.upload_history "
                              "WHERE status IN ('completed', 'partial')")
    check(stored.startswith(f"{len(files)}|{valid}|{errors}|"), f"uploads are {stored}, expected {valid} and {errors} rows")
    check(mails == len(files) - 1, f"{mails} mails for {len(files) - 1} uploads")


def charge(calls, durations, units, uploads, mails):
    """Return the quantity per price, for SCALE uploads."""
    unknown = set(calls) - set(CHARGED) - set(BY_UNITS)
    check(not unknown, f"calls without a price: {unknown}")
    charged = Counter()
    for call, count in calls.items():
        if call in CHARGED:
            charged[CHARGED[call]] += count
    charged["DynamoDB, write units"] = units
    charged["Lambda, requests"] = sum(len(spent) for spent in durations.values())
    charged["Lambda, GB-seconds"] = sum(max(math.ceil(each), 1) for spent in durations.values()
        for each in spent) / 1000 * MEGABYTES / 1024
    # The vendor's file and its event; receiving and deleting the messages for functions.
    charged["S3, PUT"] += uploads
    charged["SQS, requests"] += uploads + 2 * sum(len(spent) for name, spent in durations.items() if name in QUEUES)
    charged["SNS, e-mails"] = mails
    return {name: count * SCALE / uploads for name, count in charged.items()}


def dollars(name, count):
    price, units = PRICES[name]
    return count * price / units


@needs_environment
def section(bench):
    uploads = 5 if bench.options.quick else 20
    charged, calls, durations = {}, {}, {}
    for route in ROUTES:
        charged[route], calls[route], durations[route] = run_route(bench, route, uploads)
        bench.log(f"lambda_cost: {route}: {json.dumps(calls[route])}")
    table = []
    for name, (price, units) in PRICES.items():
        table.append([name, f"{price:g} / {units:,}"] + [cell for route in ROUTES for cell in
                     (f"{charged[route].get(name, 0):,.1f}", f"{dollars(name, charged[route].get(name, 0)):.4f}")])
    table.append(["together", ""] + [cell for route in ROUTES for cell in
                 ("", f"{sum(dollars(name, count) for name, count in charged[route].items()):.4f}")])
    columns = ["what", "$ for so many"] + [cell for title in ROUTES.values() for cell in (title, "$")]
    bench.table(f"Estimated cost of {SCALE:,} uploads of {ROWS} rows, dollars", columns, table,
                f"{uploads} uploads, each alone and to its mail, after one that warmed up; scaled. us-east-1, on demand, no "
                f"free tier, list "
                "prices of AWS's pages as of the end of 2025, to be checked. Lambda: the functions' own durations against "
                "the "
                f"emulated services, rounded up to 1 ms, at {MEGABYTES} MB; without distance to AWS and without cold "
                f"starts. DynamoDB: each "
                "row is written and later given its status, a unit for each KB of an item begun, and a unit for its entry in "
                "the index. "
                "Left out: polling of empty queues by the event source mappings, Lambda's reads of the stream (free), "
                "storage, logs, "
                "the database, secrets by the month.")
    names = sorted({call for route in ROUTES for call in calls[route]})
    rows = [[name] + [f"{calls[route][name] * SCALE / uploads:,.0f}" for route in ROUTES] for name in names]
    for name in sorted({name for route in ROUTES for name in durations[route]}):
        rows.append([f"invocations of {name}"] + [f"{len(durations[route].get(name, [])) * SCALE / uploads:,.0f}"
            for route in ROUTES])
        rows.append([f"ms of {name}, each"] + [f"{sum(spent) / len(spent):.1f}" if (spent := durations[route].get(name))
            else "-" for route in ROUTES])
    bench.table(f"Calls of the functions for {SCALE:,} uploads of {ROWS} rows", ["call", *ROUTES.values()], rows,
                "By service and action, as the proxy in front of the emulated services counted them.")
