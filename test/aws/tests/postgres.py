"""The server that the TAP test started: statements as its superuser, and sessions of other logins, all through psql."""

import os
import subprocess
import threading
from types import TracebackType

END = "----- end of the answer -----"


def query(statement: str, database: str | None = None, **variables: str) -> str:
    """Run statements as the superuser, with psql variables; return the unaligned result."""
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *(["-d", database] if database else []),
               *(f"--set={name}={value}" for name, value in variables.items()), "-f", "-"]
    done = subprocess.run(command, input=statement, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.rstrip("\n")


def server_log() -> str:
    with open(os.environ["ONBOARD_TEST_SERVER_LOG"], encoding="utf-8", errors="replace") as file:
        return file.read()


class Refused(Exception):
    """The server rejected a statement or the login; the message is the server's."""


class Session:
    """A connection with a login and password, over TLS, open until closed."""

    def __init__(self, username: str, password: str) -> None:
        environment = {**os.environ, "PGHOST": os.environ["ONBOARD_TEST_HOST"], "PGUSER": username, "PGPASSWORD": password,
                       "PGSSLMODE": "verify-full", "PGSSLROOTCERT": os.environ["ONBOARD_TEST_CA"]}
        self._process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-w"], env=environment, text=True, bufsize=1,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._lock = threading.Lock()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def query(self, statement: str) -> str:
        lines: list[str] = []
        with self._lock:
            try:
                self._input.write(f"{statement};\n\\echo {END}\n")
                self._input.flush()
            except BrokenPipeError:
                pass
            while (line := self._output.readline()) and line.rstrip("\n") != END:
                lines.append(line.rstrip("\n"))
        if not line or any(entry.startswith("ERROR:") for entry in lines):
            raise Refused("\n".join(lines))
        return "\n".join(lines)

    def close(self) -> None:
        try:
            self._input.close()
        except BrokenPipeError:
            pass
        self._output.close()
        self._process.wait()


def can_log_in(username: str, password: str) -> bool:
    with Session(username, password) as session:
        try:
            return session.query("SELECT session_user") == username
        except Refused:
            return False
