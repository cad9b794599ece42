# shellcheck shell=sh
# Backups by pgBackRest to the backup bucket: its configuration, and the first backup.
#
# The repository is encrypted by pgBackRest itself with the passphrase in BACKUP_SECRET, in
# addition to the bucket's own encryption: access to the bucket alone does not reveal the data.

backup_stanza=onboard

backup_configure()
{
	passphrase=$(secret_read "$BACKUP_SECRET")
	[ -n "$passphrase" ] || fail "secret $BACKUP_SECRET has no passphrase"
	install -o root -g postgres -m 640 /dev/null /etc/pgbackrest.conf.new
	cat >/etc/pgbackrest.conf.new <<-END
		[global]
		repo1-type=s3
		repo1-s3-bucket=$BACKUP_BUCKET
		repo1-s3-endpoint=s3.$REGION.amazonaws.com
		repo1-s3-region=$REGION
		repo1-s3-key-type=auto
		repo1-path=/onboard
		repo1-cipher-type=aes-256-cbc
		repo1-cipher-pass=$passphrase
		repo1-bundle=y
		repo1-retention-full-type=time
		repo1-retention-full=$BACKUP_RETENTION_DAYS
		compress-type=zst
		process-max=2
		start-fast=y
		log-level-console=warn
		log-level-file=off

		[$backup_stanza]
		pg1-path=$data
		pg1-socket-path=/var/run/postgresql
	END
	unset passphrase
	mv /etc/pgbackrest.conf.new /etc/pgbackrest.conf
}

backup_run()
{
	as_postgres pgbackrest --stanza="$backup_stanza" "$@"
}

# True if the repository has a backup that can be restored. An unreadable repository aborts
# the start, because an empty disk must not get a new database if there is a backup.
# pgBackRest reports some of its errors only as status 99.
backup_exists()
{
	backup_count=$(backup_run info --output=json | jq '
		if any(.[] | .status, .repo[]?.status; .code == 99) then error("unreadable") else . end
		| [.[].backup[]? | select(.error != true)] | length') || fail 'the backups cannot be listed'
	[ -n "$backup_count" ] || fail 'the backups cannot be listed'
	[ "$backup_count" -gt 0 ]
}

# Start archiving, and take the first backup, without which the archive is useless.
backup_begin()
{
	backup_run stanza-create
	backup_exists || backup_take full
}

backup_take()
{
	backup_run --type="$1" backup
	date +%s >"$state/last_backup.new"
	chmod 644 "$state/last_backup.new"
	mv "$state/last_backup.new" "$state/last_backup"
}
