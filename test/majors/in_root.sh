#!/bin/sh
# Run a command in a root folder, as root there.
#
#	test/majors/in_root.sh ROOT COMMAND [ARGUMENT ...]
#
# The command runs in its own mount and PID namespaces, which disappear when it ends.
set -eu

root=$(cd "$1" && pwd)
shift
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child sh -c '
	root=$1
	shift
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root "$@"
' sh "$root" "$@"
