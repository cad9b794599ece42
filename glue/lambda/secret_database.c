/*-------------------------------------------------------------------------
 *
 * secret_database.c
 *	  Connect a function to the database that a secret names.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/heap.h"
#include "database/postgres_connect.h"
#include "lambda/secret_database.h"

/* Context of the connector. */
struct secret_login
{
	/* immutable */
	const struct settings *settings;
	login_secret_fn secret;
	void *secret_context;
	/* mutable */
	char *ca;               /* owned; content of the file */
	char ca_path[PATH_MAX]; /* file to remove; "" if there is none */
};

/* ----- the certificate authority ----- */

/*
 * Write a new file readable only by us, because libpq reads certificates only
 * from files, and remove the old one.
 */
static bool
write_ca(struct secret_login *source, const char *ca, struct glue_error *error)
{
	char path[PATH_MAX];
	int descriptor = descriptor_temporary("onboard-ca", path, sizeof(path));
	bool done = descriptor >= 0 && descriptor_write(descriptor, ca, strlen(ca));

	if (descriptor >= 0 && close(descriptor) != 0)
		done = false;
	if (!done)
	{
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "CA_FILE",
					   "cannot write the database's CA certificate: %s", strerror(errno));
		if (descriptor >= 0)
			unlink(path);
		return false;
	}
	if (source->ca_path[0] != '\0')
		unlink(source->ca_path);
	memcpy(source->ca_path, path, sizeof(path));
	return true;
}

/*
 * Return the file to verify the server's certificate with.
 */
static bool
prepare_ca(struct secret_login *source, struct login *login, const char **path,
		   struct glue_error *error)
{
	*path = source->settings->database_ca_file;
	if (login->ca == NULL && *path == NULL && login->host[0] != '/')
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "SECRET_INVALID",
							  "the database secret has no ca, and DATABASE_CA_FILE is not set");
	if (login->ca == NULL)
		return true;
	if (source->ca == NULL || strcmp(source->ca, login->ca) != 0)
	{
		if (!write_ca(source, login->ca, error))
			return false;
		glue_release(source->ca);
		source->ca = login->ca;
		login->ca = NULL;
	}
	*path = source->ca_path;
	return true;
}

/* ----- connecting ----- */

/*
 * Connect; the server's certificate is verified with the CA file unless the
 * host is a socket.
 */
static PGconn *
connect_as(const struct login *login, const char *ca_path, int64_t deadline_ms,
		   struct glue_error *error)
{
	/*
	 * dbname comes from the secret, and libpq expands a connection string in
	 * it, but keywords after it take precedence.
	 */
	static const char *const keywords[] = {
		"dbname",
		"host",
		"port",
		"user",
		"password",
		"sslmode",
		"sslrootcert",
		"gssencmode",
		"application_name",
		"client_encoding",
		"keepalives_idle",
		"tcp_user_timeout",
		NULL,
	};
	const char *const values[] = {
		login->database,
		login->host,
		login->port,
		login->username,
		login->password,
		"verify-full",
		ca_path,
		"disable",
		"onboard",
		"UTF8",
		"30",
		"20000",
		NULL,
	};

	return postgres_connect(keywords, values, deadline_ms, error);
}

/*
 * Read and parse the secret.
 */
static bool
read_login(const struct secret_login *source, bool refresh, int64_t deadline_ms,
		   struct login *login, struct glue_error *error)
{
	struct byte_buffer text = {0};
	bool done = source->secret(source->secret_context, refresh, deadline_ms, &text, error) &&
				login_parse(login, text.data, text.used, error);

	login_wipe(&text);
	return done;
}

/*
 * connect() of the connector.
 */
static PGconn *
connect_by_secret(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error)
{
	struct secret_login *source = context;
	struct login login = {0};
	const char *ca_path = NULL;
	PGconn *connection = NULL;

	if (read_login(source, refresh, deadline_ms, &login, error) &&
		prepare_ca(source, &login, &ca_path, error))
		connection = connect_as(&login, ca_path, deadline_ms, error);
	login_clean_up(&login);
	return connection;
}

/*
 * release() of the connector.
 */
static void
release_source(void *context)
{
	struct secret_login *source = context;

	if (source->ca_path[0] != '\0')
		unlink(source->ca_path);
	glue_release(source->ca);
	glue_release(source);
}

struct database *
secret_database_open(const struct settings *settings, login_secret_fn secret, void *context,
					 struct glue_error *error)
{
	struct secret_login *source = glue_allocate_zero(sizeof(*source));
	struct database_options options = {
		.connector =
			{
				.connect = connect_by_secret,
				.release = release_source,
				.context = source,
				.refreshes = true,
			},
		.connect_ms = settings->database_connect_ms,
		.retry = RETRY_LOST_ONCE,
		.most_failures = settings->database_failures,
		.pause_ms = settings->database_pause_seconds * 1000,
		.is_pooled = true,
		.lock_timeout_ms = settings->lock_timeout_ms,
		.trusted_idle_ms = settings->database_idle_seconds * 1000,
	};

	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	source->settings = settings;
	source->secret = secret;
	source->secret_context = context;
	return database_open(&options, error);
}
