"""An instance of EC2 for tests: a root folder, a disk, and stand-ins for the services that it calls.

Everything is at its real address and name, so the programs under test run as they are: the metadata service at
169.254.169.254, S3 and Secrets Manager (moto) at the names of their endpoints, with TLS. This module therefore requires a
network and a mount namespace of its own, see database_start.sh.

An instance is a PID and mount namespace over a fresh copy of the root folder. To end it is a power failure: all of its
processes are killed. The disk is a file behind a loop device, which outlives the instance as a volume does.
"""

import asyncio
import json
import os
import shlex
import signal
import ssl
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[2]
REGION = "us-east-1"
METADATA_ADDRESS = "169.254.169.254"
VOLUME_ID = "vol-0123456789abcdef0"
DEVICE = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
HOST = "database.shop-database.internal"
HANG_SECONDS = float(os.environ.get("PG_TEST_TIMEOUT_DEFAULT") or 900)


def run(*command: str | Path, **options: Any) -> str:
    """Run a command and return its output; its errors are part of the exception's text."""
    result: subprocess.CompletedProcess[str] = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, errors="replace", timeout=HANG_SECONDS,
        **options)
    if result.returncode != 0:
        raise AssertionError(f"{shlex.join(map(str, command))} exited with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


class Metadata(BaseHTTPRequestHandler):
    """The metadata service, version 2 only: what needs a token is refused without one."""

    def do_PUT(self) -> None:
        if self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            self.answer(200, "TOKEN")
        else:
            self.answer(400, "")

    def do_GET(self) -> None:
        expiration = datetime.now(timezone.utc) + timedelta(hours=6)
        pages = {
            "/latest/meta-data/iam/security-credentials/": "instance",
            "/latest/meta-data/iam/security-credentials/instance": json.dumps({
                "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
                "AccessKeyId": "ASIAINSTANCE", "SecretAccessKey": "instance-secret", "Token": "session",
                "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ")}),
        }
        pages[next(iter(pages)).rstrip("/")] = "instance"
        if self.headers.get("X-aws-ec2-metadata-token") != "TOKEN":
            self.answer(401, "")
        elif self.path in pages:
            self.answer(200, pages[self.path])
        else:
            self.answer(404, "")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


class TlsFront:
    """Port 443 in front of moto, whose own TLS ends connections in a way that OpenSSL's clients take for an attack."""

    def __init__(self, certificate: Path, key: Path, port: int) -> None:
        self.port = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.loop = asyncio.new_event_loop()
        # The loop itself does not keep them from being collected.
        self.tasks: set[asyncio.Task[None] | None] = set()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self.serve, "127.0.0.1", 443, ssl=self.context), self.loop).result(HANG_SECONDS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(1 << 16):
                target.write(data)
                await target.drain()

        self.tasks.add(asyncio.current_task())
        try:
            service_reader, service_writer = await asyncio.open_connection("127.0.0.1", self.port)
            request = asyncio.create_task(copy(reader, service_writer))
            await copy(service_reader, writer)
            request.cancel()
            service_writer.close()
        except ConnectionError:
            pass
        writer.close()
        self.tasks.discard(asyncio.current_task())

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


class Services:
    """The network of the instances: metadata service, S3 and Secrets Manager, names and certificates."""

    def __init__(self, work: Path, buckets: list[str]) -> None:
        run("ip", "link", "set", "lo", "up")
        run("ip", "address", "add", f"{METADATA_ADDRESS}/32", "dev", "lo")
        names = [f"{prefix}s3.{REGION}.amazonaws.com" for prefix in ["", *(f"{bucket}." for bucket in buckets)]]
        names += [f"secretsmanager.{REGION}.amazonaws.com", HOST]
        self.hosts = work / "hosts"
        self.hosts.write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
        # For the programs that run outside an instance; only in this mount namespace.
        run("mount", "--bind", self.hosts, "/etc/hosts")
        self.authority = work / "aws-ca.crt"
        certificate = work / "aws.crt"
        for arguments in (
                f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=aws -keyout {work}/aws-ca.key"
                f" -out {self.authority}",
                f"req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=aws -keyout {work}/aws.key"
                f" -out {work}/aws.csr -addext subjectAltName={','.join(f'DNS:{name}' for name in names)}",
                f"x509 -req -in {work}/aws.csr -copy_extensions copy -days 2 -CA {self.authority} -CAkey {work}/aws-ca.key"
                f" -out {certificate}"):
            run("openssl", *shlex.split(arguments))
        self.metadata = ThreadingHTTPServer((METADATA_ADDRESS, 80), Metadata)
        threading.Thread(target=self.metadata.serve_forever, daemon=True).start()
        self.log = open(work / "moto.log", "w")
        self.moto = subprocess.Popen(
            [Path(sys.executable).parent / "moto_server", "--host", "127.0.0.1", "--port", "5000"],
            stdout=self.log, stderr=self.log)
        self.front = TlsFront(certificate, work / "aws.key", 5000)
        self.s3 = self.client("s3")
        self.secrets = self.client("secretsmanager")
        end = time.monotonic() + HANG_SECONDS
        while True:
            try:
                self.s3.list_buckets()
                break
            except Exception:
                if self.moto.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.2)
        for bucket in buckets:
            self.s3.create_bucket(Bucket=bucket)

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test",
                    verify=str(self.authority), endpoint_url=f"https://{service}.{REGION}.amazonaws.com")

    def close(self) -> None:
        self.front.close()
        self.moto.terminate()
        self.moto.wait()
        self.log.close()
        self.metadata.shutdown()
        self.metadata.server_close()
        run("umount", "/etc/hosts")


class Disk:
    """A data volume, empty at first."""

    def __init__(self, file: Path, mebibytes: int = 1024) -> None:
        with open(file, "wb") as empty:
            empty.truncate(mebibytes << 20)
        self.file = file
        self.device = run("losetup", "--find", "--show", file).strip()

    def close(self) -> None:
        run("losetup", "--detach", self.device)
        self.file.unlink()


class Instance:
    """A running instance: a fresh copy of a root folder, which is given in layers, with the disk attached."""

    def __init__(self, work: Path, name: str, layers: list[Path], services: Services, disk: Disk) -> None:
        self.folder = work / name
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        self.root = self.folder / "root"
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={':'.join(map(str, layers))},upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}", self.root)
        # Installing packages must not wait for the disk.
        (self.root / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
        (self.root / "etc/hosts").write_text(services.hosts.read_text())
        authority = self.root / "usr/local/share/ca-certificates/aws.crt"
        authority.parent.mkdir(parents=True, exist_ok=True)
        authority.write_text(services.authority.read_text())
        # Processes that outlive a command belong to the namespace, whose first process is this one.
        script = 'mkdir -p /dev/disk && mount -t tmpfs disk /dev/disk && mkdir /dev/disk/by-id && ln -s "$1" "$2" && echo up' \
                 ' && exec sleep infinity'
        self.process = subprocess.Popen(
            [TREE / "test/majors/in_root.sh", self.root, "sh", "-c", script, "sh", disk.device, DEVICE],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.first = children[0]
        self.run("update-ca-certificates")

    def command(self, *command: str) -> list[str]:
        return ["nsenter", "--target", self.first, "--mount", "--pid", "--root", "env", "--chdir=/", "-i",
                # The tool aws has certificates of its own.
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                "AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt", "SYSTEMD_OFFLINE=1", *command]

    def run(self, *command: str, **options: Any) -> str:
        return run(*self.command(*command), **options)

    def sql(self, statement: str) -> str:
        return self.run("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "onboard",
                        "-c", statement).strip()

    def start_database(self) -> str:
        """Do what systemd does after the user data."""
        return self.run("/usr/lib/onboard-database/first_start.sh", stderr=None)

    def run_user_data(self, user_data: str) -> str:
        """Do what cloud-init does. Without systemd, systemctl enables units but starts none."""
        (self.root / "var/lib/user-data").write_text(user_data)
        return self.run("sh", "/var/lib/user-data")

    def end(self) -> None:
        """Cut the power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        run("umount", self.root)
