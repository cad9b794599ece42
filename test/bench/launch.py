"""Preparation of every measuring program: build a private installation, and become an ordinary user."""

import argparse
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

from bench import die
from cpu_group import CpuGroup

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def add_options(parser):
    parser.add_argument("--fsync", action="store_true", help="leave fsync on")
    parser.add_argument("--user", default="postgres", help="user to run as if called as root")
    parser.add_argument("--work", default="/tmp/bench", help="directory for servers (%(default)s)")
    parser.add_argument("--inputs", default="/dev/shm", help="directory for input files (%(default)s)")
    # The program passes these options when it calls itself as the other user.
    parser.add_argument("--directory", help=argparse.SUPPRESS)
    parser.add_argument("--cpu-group", default="", help=argparse.SUPPRESS)
    parser.add_argument("--no-cpu-group", default="only root can make a control group", help=argparse.SUPPRESS)


def build(directory, revision=None):
    """Create a private installation of PostgreSQL in directory/install, with the working tree or with a commit.

    A commit is built from its own sources, with its own Makefile and its own test/temp_install.sh.
    """
    tree = ROOT
    if revision:
        tree = os.path.join(directory, "source")
        os.makedirs(tree)
        archive = subprocess.run(["git", "-C", ROOT, "archive", revision], check=True, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
    install = os.path.join(directory, "install")
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", tree, "all"], check=True)
    subprocess.run([os.path.join(tree, "test", "temp_install.sh"), install], check=True, stdout=subprocess.DEVNULL)
    return install


def describe_commit(revision=None):
    """Return git's description of a commit, or of the working tree."""
    what = [revision] if revision else ["--dirty"]
    result = subprocess.run(["git", "-C", ROOT, "describe", "--always", *what], stdout=subprocess.PIPE, text=True)
    return result.stdout.strip() or "unknown"


def python_of(as_user):
    """Return a Python that the other user can run; root's may be in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "pass"], cwd="/", **as_user).returncode == 0:
                return python
        except OSError:
            pass
    die("no Python 3 that another user may run")


def run(options, directory, arguments):
    """Call this program again with its own arguments and these, in a new directory; return its exit status.

    If called as root, it runs as options.user.
    """
    own = os.path.join(directory, "run")
    os.makedirs(own)
    command = [os.path.abspath(sys.argv[0]), *sys.argv[1:], *arguments, "--directory", own]
    if os.geteuid() == 0:
        return run_as_other_user(pwd.getpwnam(options.user), (directory, own), command)
    return wait_for(subprocess.Popen([sys.executable, *command]))


def run_as_other_user(user, directories, command):
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    for path in directories:
        os.chown(path, user.pw_uid, user.pw_gid)
    group = CpuGroup(user)
    try:
        child = subprocess.Popen([python_of(as_user), *command, "--cpu-group", group.path, "--no-cpu-group", group.reason],
                                 cwd="/", env=dict(os.environ, HOME="/"), **as_user)
        group.admit(child.pid)
        return wait_for(child)
    finally:
        group.remove()


def wait_for(child):
    try:
        return child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise


def stop(number, frame):
    sys.exit(f"bench: stopped by signal {number}")


def leave_no_server_behind():
    """Exit on a signal as on an error, also if run in the background of a script."""
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


@contextlib.contextmanager
def work_directory(options):
    """Create a world-accessible directory for servers; a context manager."""
    os.makedirs(options.work, exist_ok=True)
    directory = tempfile.mkdtemp(prefix="run-", dir=options.work)
    os.chmod(directory, 0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
