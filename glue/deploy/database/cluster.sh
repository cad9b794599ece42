# shellcheck shell=sh
# The PostgreSQL cluster: configuration on the instance, data on the volume.

programs=/usr/lib/postgresql/$major/bin
configuration=/etc/postgresql/$major/$cluster

# Write the configuration; a new instance has none. pg_ctlcluster needs nothing else.
cluster_configure()
{
	memory_kb=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
	install -d -o postgres -g postgres -m 755 "$configuration" "$configuration/conf.d"
	install -o postgres -g postgres -m 644 "$here/postgresql.conf" "$configuration/postgresql.conf"
	install -o postgres -g postgres -m 644 /dev/null "$configuration/conf.d/memory.conf"
	cat >"$configuration/conf.d/memory.conf" <<-END
		# Written at each boot, because it depends on the instance.
		shared_buffers = $((memory_kb / 4))kB
		effective_cache_size = $((memory_kb / 2))kB
		maintenance_work_mem = $((memory_kb / 16))kB
	END
	install -o postgres -g postgres -m 640 /dev/null "$configuration/pg_hba.conf"
	cat >"$configuration/pg_hba.conf" <<-END
		# Written at each boot. From the network, only connections to this database, with
		# TLS and a password, are accepted.
		local all postgres peer
		hostssl $database all 127.0.0.1/32 scram-sha-256
		hostssl $database all $VPC_CIDR scram-sha-256
	END
	install -o postgres -g postgres -m 640 /dev/null "$configuration/pg_ident.conf"
	# This script starts the cluster once the volume is mounted.
	echo manual >"$configuration/start.conf"
	chmod 644 "$configuration/start.conf"
}

# Fill an empty data directory: from the backup if there is one, otherwise with a new cluster.
cluster_fill()
{
	if [ -f "$data/global/pg_control" ]; then
		[ "$(cat "$data/PG_VERSION")" = "$major" ] || fail "the data is of PostgreSQL $(cat "$data/PG_VERSION"), not $major"
		# The user's id may differ on a new instance.
		[ "$(stat -c %U "$data")" = postgres ] || chown -R postgres:postgres "$data"
	elif backup_exists; then
		say 'the disk is empty: restoring the latest backup'
		install -d -o postgres -g postgres -m 700 "$data"
		# pgBackRest writes pg_control last, so an interrupted restore is repeated.
		if [ -f "$data/PG_VERSION" ] || [ -f "$data/backup.manifest" ]; then
			backup_run --delta restore
		else
			backup_run restore
		fi
	else
		cluster_initialize
	fi
}

# Create the cluster in a temporary directory, so that an interrupted initdb is repeated.
cluster_initialize()
{
	say 'creating the cluster'
	rm -rf "$data.new"
	install -d -o postgres -g postgres -m 700 "$data.new"
	as_postgres "$programs/initdb" -D "$data.new" --data-checksums --encoding=UTF8 --locale=C.UTF-8 \
		--auth-local=peer --auth-host=scram-sha-256 >/dev/null
	rmdir "$data" 2>/dev/null || true
	mv "$data.new" "$data"
}

cluster_start()
{
	if server_runs; then
		pg_ctlcluster "$major" "$cluster" reload
	else
		# The server must not inherit the lock of first_start.sh.
		pg_ctlcluster "$major" "$cluster" start 9>&-
	fi
	# After a crash or a restore, the server first replays WAL; connections must wait for that.
	until server_runs; do
		pg_ctlcluster "$major" "$cluster" status >/dev/null || fail 'the server has stopped; see its log'
		sleep 1
	done
	# A restored server accepts read-only queries before recovery ends.
	until [ "$(echo 'SELECT pg_is_in_recovery()' | run_sql postgres)" = f ]; do
		sleep 1
	done
}

cluster_create_database()
{
	run_sql postgres -v database="$database" <<-'END'
		SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'database')
		WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
		SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
	END
	run_sql "$database" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS onboard' \
		-c 'ALTER EXTENSION onboard UPDATE'
}
