# shellcheck shell=sh
# The data volume: wait for it, give it a file system if it has none, mount it.

# EBS volumes are NVMe devices, whose serial number is the id without its hyphen.
volume_device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$(echo "$DATA_VOLUME" | tr -d -)
volume_label=onboard-data

volume_mount()
{
	if ! mountpoint -q "$volume"; then
		volume_wait
		volume_format
		mkdir -p "$volume"
		mount -o noatime "$volume_device" "$volume"
	fi
	# The volume may have been enlarged.
	resize2fs "$(findmnt -no SOURCE "$volume")" >/dev/null 2>&1 || say 'the file system could not be enlarged'
	# PostgreSQL must reach its folder below it.
	chmod 755 "$volume"
	mkdir -p "$state"
	chmod 755 "$state"
}

# CloudFormation attaches the volume only after it has started the instance.
volume_wait()
{
	attempts=120
	until [ -b "$volume_device" ]; do
		attempts=$((attempts - 1))
		[ $attempts -gt 0 ] || fail "volume $DATA_VOLUME is not attached"
		sleep 5
	done
}

# Create a file system, but only on a device without any signature: another file system, a
# partition table or a foreign label may belong to data.
volume_format()
{
	signatures=$(wipefs --no-act --noheadings --output TYPE "$volume_device") ||
		fail "volume $DATA_VOLUME cannot be read"
	if [ -z "$signatures" ]; then
		say "creating a file system on volume $DATA_VOLUME"
		mkfs.ext4 -q -L "$volume_label" "$volume_device"
	elif [ "$(blkid -p -o value -s LABEL "$volume_device")" != "$volume_label" ]; then
		fail "volume $DATA_VOLUME contains something else ($(echo "$signatures" | tr '\n' ' ')) and is left alone"
	fi
}
