#!/bin/sh
# Run a program in the root folder of an image, confined as Lambda confines a function.
#
#	test/aws/confine.sh ROOT PROGRAM [ARGUMENT ...]
#
# The root folder is read-only; the user is never root and has no capabilities; processes, memory segments and host name
# are isolated. Only /tmp is writable. It is this system's, because the tests put their sockets and secrets there, and so
# is the network.
set -eu

root=$1
shift
# Lambda's user; see glue/deploy/image/contents.py.
exec /usr/bin/bwrap --die-with-parent --unshare-user --uid 993 --gid 990 --cap-drop ALL \
	--unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --hostname sandbox \
	--ro-bind "$root" / --proc /proc --dev /dev --bind /tmp /tmp --remount-ro / --chdir / "$@"
