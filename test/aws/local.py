"""The whole pipeline on this machine, for manual experiments.

    make aws-local
    test/aws/local.py [--port PORT] [--folder FOLDER]
    test/aws/local.py [--port PORT] --redrive

Emulated services, a private PostgreSQL server and the real functions.  It prints what the functions do as it happens,
and the mails; the link in a mail works in a browser on this machine.  Ctrl-C stops everything.

The services listen on PORT of 127.0.0.1 (default 4566), the links on the port after it.  With --redrive it returns all
dead letters of a running pipeline to their queues.
"""

import argparse
import csv
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

from emulator import HOST, client
from event_sources import EmulatedQueue
from pipeline import Database, Pipeline, read_settings, test_scale

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLES = os.path.join(ROOT, "test", "data")
SWEEP_SECONDS = 60
LOOK_SECONDS = 0.3

# A deployed queue retries a failed message only after half an hour.
RETRY_SECONDS = 20


class Program:
    """The command line program, using a private server in this folder."""

    def __init__(self, folder: str) -> None:
        self.path = os.environ.get("ONBOARD_BIN") or shutil.which("onboard") or os.path.join(ROOT, "glue", "onboard")
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.environment = {**outside, "ONBOARD_HOME": os.path.join(folder, "postgresql")}

    def run(self, *arguments: str) -> str:
        result = subprocess.run([self.path, *arguments], env=self.environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if result.returncode != 0:
            sys.exit(f"{os.path.basename(self.path)} {arguments[0]}: {result.stderr.strip()}")
        return result.stdout

    def database(self) -> Database:
        """Return where the private server is: on a Unix socket, so password and certificate are irrelevant."""
        given = dict(word.split("=", 1) for word in self.run("conninfo").split())
        return Database(given["host"], int(given["port"]), given["dbname"], given["user"], "unused")

    def add_vendors(self) -> list[str]:
        with open(os.path.join(SAMPLES, "vendors.csv"), newline="", encoding="utf-8") as file:
            vendors = list(csv.DictReader(file))
        for vendor in vendors:
            self.run("vendor", "add", vendor["vendor_id"], "--name", vendor["vendor_name"], "--email", vendor["email"],
                     "--if-not-exists")
        return [vendor["vendor_id"] for vendor in vendors]


def link_server(port: int, pipeline: Pipeline) -> ThreadingHTTPServer:
    """Stand-in for the function URL of the link handler on AWS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            reply = pipeline.call_link(self.command, path, query)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_HEAD = do_GET
        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    return ThreadingHTTPServer((HOST, port), Handler)


def dead_letter_queues(settings: dict[str, Any]) -> dict[str, str]:
    """Return the dead-letter queue of each queue that has one."""
    return {name: queue["RedrivePolicy"]["deadLetterQueue"] for name, queue in settings["Queues"].items()
            if "RedrivePolicy" in queue}


def redrive(port: int) -> None:
    """Return the dead letters of a running pipeline to their queues, as an operator does on AWS."""
    sqs = client("sqs", f"http://{HOST}:{port}")
    for name, dead_name in dead_letter_queues(read_settings()).items():
        queue, dead = (sqs.get_queue_url(QueueName=each)["QueueUrl"] for each in (name, dead_name))
        taken = EmulatedQueue(sqs, dead)
        count = 0
        while messages := taken.receive(10):
            for message in messages:
                sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
            taken.delete(messages)
            count += len(messages)
        print(f"{count} messages returned to {name}")


class Watcher(threading.Thread):
    """Prints the functions' log, and the mails, until stopped."""

    def __init__(self, pipeline: Pipeline, redrive: str) -> None:
        super().__init__(daemon=True)
        self._redrive = redrive
        self._pipeline = pipeline
        self._seen = {name: 0 for name in pipeline.functions}
        self._dead: dict[str, int] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        swept = time.monotonic()
        while not self._ended.wait(LOOK_SECONDS):
            self._show_logs()
            self._show_mails()
            self._show_deaths()
            if time.monotonic() - swept > SWEEP_SECONDS:
                self._pipeline.sweep()
                swept = time.monotonic()

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _show_logs(self) -> None:
        for name, function in self._pipeline.functions.items():
            lines = function.log.lines()
            for line in lines[self._seen[name]:]:
                self._show_line(name, line)
            self._seen[name] = len(lines)

    @staticmethod
    def _show_line(name: str, line: str) -> None:
        try:
            record = json.loads(line)
        except ValueError:
            return
        if not isinstance(record, dict) or "_aws" in record:
            return
        hidden = ("time", "level", "message", "handler", "request_id")
        fields = " ".join(f"{key}={value}" for key, value in record.items() if key not in hidden)
        print(f"{name:>10}  {record.get('message', '')}  {fields}", flush=True)

    def _show_deaths(self) -> None:
        """Report when a message has died, and what happens to it."""
        sqs, urls = self._pipeline.clients["sqs"], self._pipeline.resources.queue_urls
        for queue, dead_queue in dead_letter_queues(self._pipeline.settings).items():
            count = EmulatedQueue(sqs, urls[dead_queue]).size()
            if count > self._dead.get(queue, 0):
                print(f"\n--- a message of {queue} has died: each of its deliveries failed. The log above tells why\n"
                      f"(error_code).  The sweeper, which runs every {SWEEP_SECONDS} seconds, returns it up to three times;"
                      " afterwards, return it with\n\n"
                      f"  {self._redrive}\n---\n", flush=True)
            self._dead[queue] = count

    def _show_mails(self) -> None:
        for mail in self._pipeline.mails():
            vendor_id = mail.get("MessageAttributes", {}).get("vendor_id", {}).get("Value", "")
            print(f"\n--- mail to {vendor_id}: {mail.get('Subject', '')}\n{mail.get('Message', '').rstrip()}\n---\n",
                flush=True)


def introduce(port: int, pipeline: Pipeline, vendors: list[str], folder: str) -> None:
    bucket = pipeline.resources.bucket
    sample = os.path.join(SAMPLES, "VEND003_20260106_143000.csv")
    target = f"uploads/VEND003/{os.path.basename(sample)}"
    print(f"""
The pipeline runs.  Vendors: {', '.join(vendors)}.

Send a vendor's file, with the AWS CLI or with curl:

  AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --endpoint-url http://{HOST}:{port} --region us-east-1 \\
    s3 cp {sample} s3://{bucket}/{target}
  curl -T {sample} http://{HOST}:{port}/{bucket}/{target}

What the functions do appears below, then the mail; follow its link in a browser, or with curl -L.
Everything is in {folder}, including products of earlier runs: remove it to start over.
Inspect the database, or add vendors, with

  ONBOARD_HOME={os.path.join(folder, 'postgresql')} onboard status

Ctrl-C stops everything.
""", flush=True)


def prepare_folder(folder: str | None) -> str:
    """Create a folder that the user of the private server can enter."""
    folder = os.path.abspath(folder or os.path.join(tempfile.gettempdir(), f"onboard-aws-{os.getuid()}"))
    os.makedirs(folder, mode=0o755, exist_ok=True)
    if os.stat(folder).st_uid != os.getuid():
        sys.exit(f"{folder} belongs to {pwd.getpwuid(os.stat(folder).st_uid).pw_name}; "
                 "specify another --folder")
    return folder


def lock_folder(folder: str) -> IO[str]:
    """Lock the folder against another pipeline, which would stop our server when it exits."""
    file = open(os.path.join(folder, "lock"), "w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"a pipeline is running in {folder}; stop it, or use another --folder and --port with"
                 " test/aws/local.py")
    return file


def check_ports(*ports: int) -> None:
    for port in ports:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, port))
            except OSError as error:
                sys.exit(f"cannot listen on port {port} of {HOST}: {error.strerror}; use another --port with"
                         " test/aws/local.py")


def stop(*_: Any) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="The AWS pipeline on this machine, with emulated services.")
    parser.add_argument("--port", type=int, default=4566, help="of the emulated services; links are on the next")
    parser.add_argument("--folder", help="where server, logs and mails are (default: a fixed one in /tmp)")
    parser.add_argument("--redrive", action="store_true", help="return dead letters of a running pipeline, and exit")
    options = parser.parse_args()
    if options.redrive:
        redrive(options.port)
        return 0
    signal.signal(signal.SIGTERM, stop)
    folder = prepare_folder(options.folder)
    lock = lock_folder(folder)
    check_ports(options.port, options.port + 1)
    program = Program(folder)
    vendors = program.add_vendors()
    bootstrap = os.environ.get("ONBOARD_BOOTSTRAP") or os.path.join(ROOT, "glue", "bootstrap")
    environment = {"LINK_BASE_URL": f"http://{HOST}:{options.port + 1}"}
    try:
        with Pipeline(program.database(), bootstrap, os.path.join(folder, "logs"), environment=environment,
                      settings=test_scale(read_settings(), retry=RETRY_SECONDS), port=options.port) as pipeline:
            server = link_server(options.port + 1, pipeline)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            watcher = Watcher(pipeline, f"{sys.executable} {os.path.relpath(__file__)} --port {options.port} --redrive")
            watcher.start()
            introduce(options.port, pipeline, vendors, folder)
            try:
                signal.pause()
            finally:
                watcher.stop()
                server.shutdown()
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
    finally:
        program.run("stop")
        lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
