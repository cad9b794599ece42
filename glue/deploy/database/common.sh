# shellcheck shell=sh
# shellcheck disable=SC2034 # not every script uses all names
# What all parts of the database's scripts share: folders, messages, running SQL.

# The mount point of the data volume. Everything that must survive the instance is below it.
volume=/srv/onboard
# The data directory of PostgreSQL, the folder of keys and certificates, and the times of backups.
data=$volume/postgresql
tls=$volume/tls
state=$volume/state
# Debian's name of the cluster: its configuration is in /etc/postgresql/15/main.
major=15
cluster=main
database=onboard

# Standard output is the journal.
say()
{
	echo "$(basename "$0"): $*"
}

fail()
{
	say "$*" >&2
	exit 1
}

as_postgres()
{
	# The user may lack access to the working directory.
	(cd / && exec runuser -u postgres -- "$@")
}

# Run the SQL on standard input as the superuser: run_sql DATABASE [OPTION ...].
run_sql()
{
	target=$1
	shift
	as_postgres psql -XAtq -v ON_ERROR_STOP=1 -d "$target" "$@"
}

server_runs()
{
	as_postgres pg_isready -q
}
