/*-------------------------------------------------------------------------
 *
 * s3.c
 *	  Amazon S3 objects: streaming reads, writes, presigned URLs.
 *
 * The bucket is part of the host name (virtual-hosted style).  It is part of
 * the path instead if the endpoint is overridden, or if the bucket name
 * contains a dot, which no certificate covers ("Virtual hosting of general
 * purpose buckets", Amazon S3 User Guide).
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/s3.h"
#include "base/heap.h"
#include "base/hex.h"

/* Bytes read from a file at a time. */
#define FILE_CHUNK (64 * 1024)

/* One s3_get() or s3_head(). */
struct reading
{
	const struct s3_get *get;
	struct aws_call call;
	struct s3_object object;
	bool known;       /* object is filled */
	int64_t received; /* bytes delivered so far */
	int64_t position; /* of the next byte in this reply */
	bool wrong_part;  /* the reply is not the requested part */
	char range[64];
	char path[S3_PATH_SIZE];
};

/* ----- location of an object ----- */

bool
s3_path(const char *bucket, const char *key, bool bucket_in_path, char path[S3_PATH_SIZE],
		struct glue_error *error)
{
	size_t length = strlen(key);
	size_t used = 0;

	if (length == 0 || length >= S3_KEY_SIZE || strlen(bucket) > 63)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "BAD_KEY",
							  "a bucket name or an object key is empty or too long");
	path[used++] = '/';
	if (bucket_in_path)
	{
		used += aws_uri_encode(path + used, bucket, strlen(bucket), false);
		path[used++] = '/';
	}
	aws_uri_encode(path + used, key, length, true);
	return true;
}

static bool
is_bucket_in_path(const struct aws_client *client, const char *bucket)
{
	return client->endpoints[AWS_S3].overridden || strchr(bucket, '.') != NULL;
}

static bool
is_name_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/*
 * Begin a call on an object.  path must live as long as the call.
 */
static bool
begin_call(struct aws_client *client, struct aws_call *call, const char *operation,
		   const char *method, const char *bucket, const char *key, char path[S3_PATH_SIZE],
		   int64_t deadline, struct glue_error *error)
{
	bool in_path = is_bucket_in_path(client, bucket);

	if (!s3_path(bucket, key, in_path, path, error))
		return false;
	aws_call_begin(call, AWS_S3, operation, method, path, deadline);
	call->host_prefix = in_path ? NULL : bucket;
	return true;
}

bool
s3_begin_bucket_call(struct aws_client *client, struct aws_call *call, const char *operation,
					 const char *bucket, char path[S3_PATH_SIZE], int64_t deadline,
					 struct glue_error *error)
{
	bool in_path = is_bucket_in_path(client, bucket);

	if (strlen(bucket) > 63)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "BAD_KEY", "a bucket name is too long");
	snprintf(path, S3_PATH_SIZE, "/%s", in_path ? bucket : "");
	aws_call_begin(call, AWS_S3, operation, "GET", path, deadline);
	call->host_prefix = in_path ? NULL : bucket;
	return true;
}

bool
s3_decode_key(char *key)
{
	char *to = key;

	for (const char *from = key; *from != '\0'; from++)
	{
		if (*from == '+')
			*to++ = ' ';
		else if (*from != '%')
			*to++ = *from;
		else
		{
			int byte = hex_byte(from + 1);

			if (byte <= 0) /* a key contains no NUL */
				return false;
			*to++ = (char) byte;
			from += 2;
		}
	}
	*to = '\0';
	return to > key;
}

/* ----- reply headers ----- */

static void
copy_header(const struct http_response *response, const char *name, char *value, size_t size)
{
	const char *found = http_response_header(response, name);

	snprintf(value, size, "%s", found != NULL && strlen(found) < size ? found : "");
}

static int64_t
header_number(const struct http_response *response, const char *name)
{
	const char *value = http_response_header(response, name);

	return value != NULL ? strtoll(value, NULL, 10) : 0;
}

/*
 * Return the number after the slash of "bytes 0-99/1234", and the first one in
 * *start.
 */
static int64_t
range_total(const struct http_response *response, int64_t *start)
{
	const char *range = http_response_header(response, "Content-Range");
	const char *slash = range != NULL ? strchr(range, '/') : NULL;

	if (slash == NULL || strncmp(range, "bytes ", 6) != 0)
		return -1;
	*start = strtoll(range + 6, NULL, 10);
	return strtoll(slash + 1, NULL, 10);
}

static void
read_metadata(struct s3_metadata *metadata, const struct http_response *response)
{
	char header[64];
	const char *found;

	snprintf(header, sizeof(header), "x-amz-meta-%s", metadata->name);
	found = http_response_header(response, header);
	snprintf(metadata->value, sizeof(metadata->value), "%s", found != NULL ? found : "");
}

/*
 * Read the head of a reply.  Properties from the first reply are kept.
 */
static void
read_reply_head(struct reading *reading, const struct http_response *response)
{
	struct s3_object *object = &reading->object;
	int64_t total = header_number(response, "Content-Length");

	reading->position = 0;
	if (response->status == 206)
		total = range_total(response, &reading->position);
	reading->wrong_part = reading->position != reading->get->start + reading->received;
	if (reading->known)
		return;
	object->length = total;
	object->modified_at = http_response_time(response, "Last-Modified");
	copy_header(response, "ETag", object->etag, sizeof(object->etag));
	copy_header(response, "x-amz-version-id", object->version_id, sizeof(object->version_id));
	for (int i = 0; i < reading->get->metadata_count; i++)
		read_metadata(&reading->get->metadata[i], response);
	reading->known = true;
}

/* ----- reading ----- */

/*
 * Request what is still missing, of the object that the first reply was for.
 */
static bool
prepare_get(struct aws_call *call, struct glue_error *error)
{
	struct reading *reading = call->context;
	const struct s3_get *get = reading->get;
	int64_t start = get->start + reading->received;
	const char *etag = is_name_given(get->etag) ? get->etag : reading->object.etag;

	(void) error;
	reading->position = -1;
	reading->wrong_part = false;
	call->header_count = 0;
	call->query_count = 0;
	if (is_name_given(etag))
		aws_call_header(call, "If-Match", etag);
	/* Only if requested: naming a version requires an additional permission. */
	if (is_name_given(get->version_id))
		aws_call_query(call, "versionId", get->version_id);
	if (get->end > 0)
		snprintf(reading->range, sizeof(reading->range), "bytes=%" PRId64 "-%" PRId64, start,
				 get->end - 1);
	else
		snprintf(reading->range, sizeof(reading->range), "bytes=%" PRId64 "-", start);
	if (start > 0 || get->end > 0)
		aws_call_header(call, "Range", reading->range);
	return true;
}

static bool
hand_out_bytes(void *context, const struct http_response *response, const char *bytes,
			   size_t length)
{
	struct reading *reading = context;

	if (reading->position < 0)
		read_reply_head(reading, response);
	if (reading->wrong_part)
		return false;
	if (!reading->get->on_bytes(reading->get->context, &reading->object, bytes, length))
		return false;
	reading->received += (int64_t) length;
	reading->position += (int64_t) length;
	/* A stream that makes progress has not failed, however often it breaks. */
	reading->call.failures = 0;
	return true;
}

static enum aws_outcome
accept_get(struct aws_call *call, struct glue_error *error)
{
	struct reading *reading = call->context;
	int64_t end = reading->get->end;

	if (reading->position < 0)
		read_reply_head(reading, &call->exchange.response);
	if (end == 0 || end > reading->object.length)
		end = reading->object.length;
	if (strcmp(call->method, "HEAD") == 0 || reading->get->start + reading->received == end)
		return AWS_DONE;
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
				   "s3 %s: the reply is not the requested part", call->operation);
	return AWS_FAILED;
}

/*
 * Set the error that a refusal means for an object.
 */
static void
name_failure(struct aws_call *call, struct glue_error *error)
{
	int status = call->exchange.response.status;

	if (error == NULL || strncmp(error->code, "AWS_", 4) != 0)
		return;
	if (strcmp(error->code, "AWS_CONDITION_FAILED") == 0)
		snprintf(error->code, sizeof(error->code), "S3_OBJECT_CHANGED");
	else if ((status == 404 && strcmp(call->code, "NoSuchBucket") != 0) ||
			 (status == 405 &&
			  http_response_header(&call->exchange.response, "x-amz-delete-marker") != NULL))
		snprintf(error->code, sizeof(error->code), "S3_OBJECT_GONE");
}

/*
 * Return whether the reply means that the part begins at or after the end of
 * the object.
 */
static bool
is_behind_end(const struct aws_call *call)
{
	return call->exchange.response.status == 416 && call->exchange.error.class == GLUE_NO_ERROR;
}

static bool
perform_get(struct aws_client *client, struct reading *reading, struct glue_error *error)
{
	struct aws_call *call = &reading->call;

	call->prepare = prepare_get;
	call->accept = accept_get;
	call->context = reading;
	call->on_body = reading->get->on_bytes != NULL ? hand_out_bytes : NULL;
	call->body_context = reading;
	if (aws_perform(client, call, error))
		return true;
	if (is_behind_end(call))
	{
		int64_t total = range_total(&call->exchange.response, &reading->position);

		reading->object.length = total > 0 ? total : 0;
		glue_error_clear(error);
		return true;
	}
	if (reading->wrong_part)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
							  "s3 %s: the reply is not the requested part", call->operation);
	name_failure(call, error);
	return false;
}

static bool
get_or_head(struct aws_client *client, const struct s3_get *get, const char *operation,
			const char *method, struct s3_object *object, struct glue_error *error)
{
	struct reading *reading = glue_allocate_zero(sizeof(*reading));
	bool success;

	if (object != NULL)
		memset(object, 0, sizeof(*object));
	if (reading == NULL)
		return glue_error_memory(error);
	reading->get = get;
	success = begin_call(client, &reading->call, operation, method, get->bucket, get->key,
						 reading->path, get->deadline, error) &&
			  perform_get(client, reading, error);
	if (object != NULL)
		*object = reading->object;
	aws_call_clean_up(&reading->call);
	glue_release(reading);
	return success;
}

bool
s3_get(struct aws_client *client, const struct s3_get *get, struct s3_object *object,
	   struct glue_error *error)
{
	return get_or_head(client, get, "GetObject", "GET", object, error);
}

bool
s3_head(struct aws_client *client, const struct s3_get *get, struct s3_object *object,
		struct glue_error *error)
{
	struct s3_get head = {
		.bucket = get->bucket,
		.key = get->key,
		.version_id = get->version_id,
		.etag = get->etag,
		.metadata = get->metadata,
		.metadata_count = get->metadata_count,
		.deadline = get->deadline,
	};

	return get_or_head(client, &head, "HeadObject", "HEAD", object, error);
}

/* ----- writing ----- */

static bool
fill_put(struct aws_call *call, const struct s3_put *put, struct glue_error *error)
{
	if (put->content_type != NULL)
		aws_call_header(call, "Content-Type", put->content_type);
	if (put->content_disposition != NULL)
		aws_call_header(call, "Content-Disposition", put->content_disposition);
	if (put->bytes != NULL || put->length == 0)
		return byte_buffer_append(&call->body, put->bytes, (size_t) put->length, error);
	call->read_body = put->read;
	call->read_context = put->read_context;
	call->body_length = put->length;
	call->payload_hash = put->payload_hash != NULL ? put->payload_hash : AWS_UNSIGNED_PAYLOAD;
	return true;
}

bool
s3_put(struct aws_client *client, const struct s3_put *put, struct s3_object *object,
	   struct glue_error *error)
{
	struct aws_call call = {0};
	char path[S3_PATH_SIZE];
	bool success;

	success = begin_call(client, &call, "PutObject", "PUT", put->bucket, put->key, path,
						 put->deadline, error) &&
			  fill_put(&call, put, error) && aws_perform(client, &call, error);
	if (success && object != NULL)
	{
		const struct http_response *response = &call.exchange.response;

		object->length = put->length;
		copy_header(response, "ETag", object->etag, sizeof(object->etag));
		copy_header(response, "x-amz-version-id", object->version_id, sizeof(object->version_id));
	}
	aws_call_clean_up(&call);
	return success;
}

long
s3_read_file(void *context, int64_t offset, char *buffer, size_t size)
{
	int file = *(const int *) context;
	ssize_t got;

	do
		got = pread(file, buffer, size, (off_t) offset);
	while (got < 0 && errno == EINTR);
	return (long) got;
}

/*
 * Feed the first length bytes of a file to a digest.
 */
static bool
digest_file(EVP_MD_CTX *digest, int file, int64_t length, struct glue_error *error)
{
	char *chunk = glue_allocate(FILE_CHUNK);
	int64_t offset = 0;

	if (chunk == NULL)
		return glue_error_memory(error);
	while (offset < length)
	{
		int64_t left = length - offset;
		long got =
			s3_read_file(&file, offset, chunk, (size_t) (left < FILE_CHUNK ? left : FILE_CHUNK));

		if (got <= 0 || EVP_DigestUpdate(digest, chunk, (size_t) got) != 1)
			break;
		offset += got;
	}
	glue_release(chunk);
	if (offset == length)
		return true;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "READ_FAILED",
						  "could not read a file to be sent to its end");
}

bool
s3_file_hash(int file, int64_t length, char hash[AWS_HASH_SIZE], struct glue_error *error)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int count = 0;
	bool success;

	if (digest == NULL)
		return glue_error_memory(error);
	success =
		EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 ||
		glue_error_set(error, GLUE_INTERNAL_ERROR, "CRYPTO_FAILED", "SHA-256 is not available");
	success = success && digest_file(digest, file, length, error);
	if (success && EVP_DigestFinal_ex(digest, bytes, &count) != 1)
		success = glue_error_set(error, GLUE_INTERNAL_ERROR, "CRYPTO_FAILED", "SHA-256 failed");
	if (success)
		hex_write(hash, bytes, count);
	EVP_MD_CTX_free(digest);
	return success;
}

/* ----- presigned URLs ----- */

/*
 * Sign a GET; host and path are those that s3_get() would use.
 */
static bool
presign(struct aws_client *client, const struct aws_sign_request *request, int64_t expiry,
		char **url, struct glue_error *error)
{
	struct aws_credentials *credentials = glue_allocate_zero(sizeof(*credentials));
	const struct aws_credentials_source *source = &client->options.credentials;
	bool success;

	if (credentials == NULL)
		return glue_error_memory(error);
	success = source->get(source->context, false, 0, credentials, error) &&
			  aws_presign_url(&client->signer, credentials, request,
							  client->endpoints[AWS_S3].scheme, expiry, url, error);
	aws_credentials_wipe(credentials);
	glue_release(credentials);
	return success;
}

bool
s3_presign_get(struct aws_client *client, const char *bucket, const char *key,
			   const char *version_id, const char *content_disposition, int64_t expiry, char **url,
			   struct glue_error *error)
{
	const struct aws_endpoint *endpoint = &client->endpoints[AWS_S3];
	bool in_path = is_bucket_in_path(client, bucket);
	struct aws_pair query[2];
	size_t query_count = 0;
	char host[AWS_ENDPOINT_SIZE + 80];
	char path[S3_PATH_SIZE];
	struct aws_sign_request request = {
		.method = "GET",
		.host = host,
		.path = path,
		.query = query,
		.payload_hash = AWS_UNSIGNED_PAYLOAD,
		.region = client->region,
		.service = "s3",
		.time = aws_client_time(client),
	};

	*url = NULL;
	if (!s3_path(bucket, key, in_path, path, error))
		return false;
	snprintf(host, sizeof(host), "%s%s%s", in_path ? "" : bucket, in_path ? "" : ".",
			 endpoint->host);
	if (is_name_given(version_id))
		query[query_count++] = (struct aws_pair){"versionId", version_id};
	if (is_name_given(content_disposition))
		query[query_count++] =
			(struct aws_pair){"response-content-disposition", content_disposition};
	request.query_count = query_count;
	return presign(client, &request, expiry, url, error);
}
