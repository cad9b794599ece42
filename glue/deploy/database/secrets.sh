# shellcheck shell=sh
# Read and write secrets in Secrets Manager, with the instance's role.

# Print the current value of secret $1, or nothing if it has none yet. Any other error aborts the start.
secret_read()
{
	if secret_value=$(aws --region "$REGION" secretsmanager get-secret-value --secret-id "$1" \
		--query SecretString --output text 2>/run/onboard-database.error); then
		printf '%s' "$secret_value"
	else
		# A secret without a value is reported as one that does not exist.
		grep -q ResourceNotFoundException /run/onboard-database.error ||
			fail "secret $1 cannot be read: $(tail -n 1 /run/onboard-database.error)"
	fi
}

# Make standard input the current value of secret $1.
secret_write()
{
	aws --region "$REGION" secretsmanager put-secret-value --secret-id "$1" \
		--secret-string file:///dev/stdin >/dev/null || fail "secret $1 cannot be written"
}
