# shellcheck shell=sh
# The roles, and the secrets with which clients log in as them.

roles_create()
{
	run_sql "$database" -f "$here/roles.sql"
}

# roles_share_secret SECRET USERNAME [ALTERNATE]
#
# Make the secret name this server and its certificate authority, and make its login work.
# The secret determines the password, so a database that was restored to a time before a
# rotation gets the newer one.
roles_share_secret()
{
	present=$(secret_read "$1")
	NEW_PASSWORD=$(openssl rand -hex 20)
	export NEW_PASSWORD
	# Rotation swaps the two names; existing members are kept.
	wanted=$(printf '%s' "${present:-"{}"}" |
		jq --arg username "$2" --arg alternate "${3:-}" --arg host "$HOST" --arg dbname "$database" \
			--rawfile ca "$tls/ca.crt" '
			{username: $username, password: $ENV.NEW_PASSWORD}
			+ if $alternate == "" then {} else {alternate_username: $alternate} end
			+ . + {host: $host, port: 5432, dbname: $dbname, ca: $ca}')
	unset NEW_PASSWORD
	# Write the secret first: after a kill between the two, the next start sets its password.
	[ "$wanted" = "$(printf '%s' "${present:-"{}"}" | jq .)" ] || printf '%s' "$wanted" | secret_write "$1"
	roles_set_password "$wanted"
	unset present wanted
}

# Set the password of the login in secret $1, unless it is set already.
roles_set_password()
{
	PGPASSWORD=$(printf '%s' "$1" | jq -r .password)
	export PGPASSWORD
	login=$(printf '%s' "$1" | jq -r .username)
	if ! roles_log_in "$login" 2>/dev/null; then
		say "setting the password of $login"
		run_sql "$database" -v login="$login" <<-'END'
			SET log_statement = none;
			SET log_min_duration_statement = -1;
			SET log_min_error_statement = panic;
			\getenv password PGPASSWORD
			ALTER ROLE :"login" LOGIN PASSWORD :'password';
		END
		roles_log_in "$login" || fail "$login cannot log in"
	fi
	unset PGPASSWORD
}

# Log in as $1 with PGPASSWORD and full verification, as the functions do.
roles_log_in()
{
	psql -XAtq -c '' "host=$HOST hostaddr=127.0.0.1 user=$1 dbname=$database sslmode=verify-full sslrootcert=$tls/ca.crt"
}
