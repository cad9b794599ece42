# shellcheck shell=sh
# The certificate authority of this database, and the server's certificate.
#
# Both keys are made here and never leave the data volume. Each key is in one file with its
# certificate, so that a rename replaces both at once. Clients get the authority's
# certificate, ca.crt, in their secret; it survives the instance, so clients do not notice a
# renewal of the server's certificate.

certificate_authority_days=7300
certificate_days=397
certificate_renew_days=60

# Make what is missing, and renew the server's certificate if it expires soon or is for
# another name. A running server uses it after a reload.
certificate_renew()
{
	mkdir -p "$tls"
	chmod 755 "$tls"
	[ -f "$tls/ca.pem" ] || certificate_make_authority
	certificate_publish_authority
	certificate_is_good || certificate_make
	# The user's id may differ on a new instance.
	chown postgres:postgres "$tls/server.pem"
}

certificate_make_authority()
{
	say 'creating the certificate authority'
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
		-days "$certificate_authority_days" -subj "/CN=onboard database" \
		-addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign' \
		-keyout "$tls/new.key" -out "$tls/new.crt" 2>/dev/null
	certificate_join ca.pem
}

# Join the new key and certificate in one file.
certificate_join()
{
	cat "$tls/new.key" "$tls/new.crt" >"$tls/new.pem"
	rm -f "$tls/new.key" "$tls/new.crt"
	sync "$tls/new.pem"
	mv "$tls/new.pem" "$tls/$1"
}

certificate_publish_authority()
{
	openssl x509 -in "$tls/ca.pem" -out "$tls/new.crt"
	chmod 644 "$tls/new.crt"
	mv "$tls/new.crt" "$tls/ca.crt"
}

certificate_is_good()
{
	[ -f "$tls/server.pem" ] &&
		openssl verify -CAfile "$tls/ca.crt" -verify_hostname "$HOST" "$tls/server.pem" >/dev/null 2>&1 &&
		openssl x509 -noout -checkend $((certificate_renew_days * 86400)) -in "$tls/server.pem" >/dev/null
}

certificate_make()
{
	say "creating the server's certificate"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=onboard" \
		-addext "subjectAltName=DNS:$HOST" -addext 'extendedKeyUsage=serverAuth' \
		-keyout "$tls/new.key" -out "$tls/new.csr" 2>/dev/null
	openssl x509 -req -in "$tls/new.csr" -copy_extensions copy -days "$certificate_days" -sha256 \
		-CA "$tls/ca.pem" -CAkey "$tls/ca.pem" -out "$tls/new.crt" 2>/dev/null
	rm -f "$tls/new.csr"
	certificate_join server.pem
}
