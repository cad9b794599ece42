"""A control group with the CPU share of a small Lambda function.

Root creates it for the measuring user, who can then move own processes into it.  See "Control Group v2" and "CFS
Bandwidth Control" in the kernel's documentation.
"""

import os

# "Configure Lambda function memory": at 1,769 MB a function has one full core; below that, a proportional share.
MEGABYTES_OF_CORE = 1769
MEGABYTES = 128
PERIOD = 20000
QUOTA = PERIOD * MEGABYTES // MEGABYTES_OF_CORE


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def mounts():
    with open("/proc/self/mounts") as file:
        for line in file:
            _, path, kind, options, *_ = line.split()
            yield path, kind, options.split(",")


class CpuGroup:
    """`path` is the group to join, through its file cgroup.procs, or empty; then `reason` says why."""

    def __init__(self, user):
        self.path = ""
        self.reason = "no control groups are mounted"
        self.made = []
        try:
            for path, kind, options in mounts():
                if not self.path and kind == "cgroup2" and self.has_cpu(path):
                    self.make_second(path, user)
                elif not self.path and kind == "cgroup" and "cpu" in options:
                    self.make_first(path, user)
        except OSError as error:
            self.remove()
            self.reason = f"{error.strerror}: {error.filename}"

    @staticmethod
    def has_cpu(path):
        with open(os.path.join(path, "cgroup.controllers")) as file:
            return "cpu" in file.read().split()

    def make(self, path):
        os.mkdir(path)
        self.made.append(path)
        return path

    def make_second(self, mount, user):
        """To move a process, a user must be able to write to the common parent of both groups; so the measuring process has
        its own group, too."""
        write(os.path.join(mount, "cgroup.subtree_control"), "+cpu")
        above = self.make(os.path.join(mount, f"onboard-bench-{os.getpid()}"))
        write(os.path.join(above, "cgroup.subtree_control"), "+cpu")
        fast, slow = self.make(os.path.join(above, "fast")), self.make(os.path.join(above, "slow"))
        write(os.path.join(slow, "cpu.max"), f"{QUOTA} {PERIOD}")
        for group in (above, fast, slow):
            os.chown(os.path.join(group, "cgroup.procs"), user.pw_uid, user.pw_gid)
        self.measuring, self.path = fast, slow

    def make_first(self, mount, user):
        group = self.make(os.path.join(mount, f"onboard-bench-{os.getpid()}"))
        write(os.path.join(group, "cpu.cfs_period_us"), str(PERIOD))
        write(os.path.join(group, "cpu.cfs_quota_us"), str(QUOTA))
        os.chown(os.path.join(group, "cgroup.procs"), user.pw_uid, user.pw_gid)
        self.measuring, self.path = "", group

    def admit(self, pid):
        """Put the measuring process into a group from which it can move its children."""
        if self.path and self.measuring:
            write(os.path.join(self.measuring, "cgroup.procs"), str(pid))

    def remove(self):
        self.path = ""
        for path in reversed(self.made):
            os.rmdir(path)
        self.made = []


def join(path, pid):
    write(os.path.join(path, "cgroup.procs"), str(pid))
