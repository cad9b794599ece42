/*-------------------------------------------------------------------------
 *
 * s3.h
 *	  Objects of Amazon S3: read as a stream, write, presign.
 *
 * Errors are those of client.h, and
 *
 *	  S3_OBJECT_GONE		no such key or version, or it is a delete marker
 *	  S3_OBJECT_CHANGED		the object is not the one asked for by its ETag
 *	  HTTP_STOPPED			on_bytes returned false
 *
 * Without s3:ListBucket a key that is not there is AWS_ACCESS_DENIED.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_S3_H
#define GLUE_AWS_S3_H

#include "aws/client.h"

/* Bytes with the NUL: a key has 1,024 bytes, a version id too; an ETag is a
 * quoted MD5 with a number of parts. */
#define S3_KEY_SIZE 1025
#define S3_VERSION_ID_SIZE 1025
#define S3_ETAG_SIZE 80

/* The most bytes of a path: a bucket and a key with each byte as %XX. */
#define S3_PATH_SIZE (1 + 64 + 1 + 3 * S3_KEY_SIZE)

/* What a reply says of an object. */
struct s3_object
{
	int64_t length;                      /* of the whole object */
	char etag[S3_ETAG_SIZE];             /* with its quotes */
	char version_id[S3_VERSION_ID_SIZE]; /* "" in a bucket without */
};

/* Takes the next bytes; object is known then.  False stops. */
typedef bool (*s3_bytes_fn)(void *context, const struct s3_object *object, const char *bytes,
							size_t length);

/* What to read.  All is borrowed. */
struct s3_get
{
	const char *bucket;
	const char *key;        /* as it is, not encoded */
	const char *version_id; /* NULL or "" for the current one */
	const char *etag;       /* If-Match; NULL or "" for any */
	int64_t start;          /* first byte */
	int64_t end;            /* behind the last; 0 for the object's end */
	s3_bytes_fn on_bytes;
	void *context;
	int64_t deadline; /* of clock_milliseconds(); 0 for none */
};

/*
 * Read an object, or a part of it, in order and each byte once.  A stream that
 * breaks off goes on where it broke, on the same version and ETag.  on_bytes
 * may make calls on the same client.  *object is filled as far as a reply
 * came; it may be NULL.  Reading from the end of an object on is a success of
 * no bytes.
 */
extern bool s3_get(struct aws_client *client, const struct s3_get *get, struct s3_object *object,
				   struct glue_error *error);

/* What S3 says of an object, without reading it.  The fields on_bytes, start
 * and end of get are not used. */
extern bool s3_head(struct aws_client *client, const struct s3_get *get, struct s3_object *object,
					struct glue_error *error);

/* What to write.  All is borrowed. */
struct s3_put
{
	const char *bucket;
	const char *key;   /* as it is, not encoded */
	const void *bytes; /* or NULL, and read */
	http_read_fn read; /* may be called for the same bytes again */
	void *read_context;
	int64_t length;
	const char *payload_hash;        /* of what read gives: aws_payload_hash() or
								 * s3_file_hash(); NULL for none, which S3
								 * takes over TLS only.  Not used with bytes */
	const char *content_type;        /* NULL for none */
	const char *content_disposition; /* NULL for none */
	int64_t deadline;
};

/* Write an object; of *object, which may be NULL, ETag and version are filled. */
extern bool s3_put(struct aws_client *client, const struct s3_put *put, struct s3_object *object,
				   struct glue_error *error);

/* An http_read_fn for files; context points to the file descriptor (int). */
extern long s3_read_file(void *context, int64_t offset, char *buffer, size_t size);

/* SHA-256 in hex of the first length bytes of a file.  Errors: READ_FAILED,
 * also when it is shorter. */
extern bool
s3_file_hash(int file, int64_t length, char hash[AWS_HASH_SIZE], struct glue_error *error);

/*
 * A URL by which anybody can read an object for so many seconds, unless the
 * credentials that signed it expire earlier.  content_disposition is what the
 * reply is to say, NULL for what is stored.  *url is the caller's:
 * aws_url_destroy().
 */
extern bool s3_presign_get(struct aws_client *client, const char *bucket, const char *key,
						   const char *version_id, const char *content_disposition, int64_t expiry,
						   char **url, struct glue_error *error);

/*
 * The path of an object: the key encoded once, behind the bucket when it is
 * not in the host's name.  False, class internal, BAD_KEY, when the key is
 * empty or longer than 1,024 bytes.  For s3.c and tests.
 */
extern bool s3_path(const char *bucket, const char *key, bool bucket_in_path,
					char path[S3_PATH_SIZE], struct glue_error *error);

#endif /* GLUE_AWS_S3_H */
