/*-------------------------------------------------------------------------
 *
 * s3.h
 *	  Amazon S3 objects: streaming reads, writes, presigned URLs.
 *
 * Errors are those of client.h, and
 *
 *	  S3_OBJECT_GONE		no such key or version, or it is a delete marker
 *	  S3_OBJECT_CHANGED		the object's ETag is not the requested one
 *	  HTTP_STOPPED			on_bytes returned false
 *
 * Without the permission s3:ListBucket, a missing key is AWS_ACCESS_DENIED.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_S3_H
#define GLUE_AWS_S3_H

#include "aws/client.h"

/*
 * Sizes including the NUL: a key and a version id have up to 1,024 bytes; an
 * ETag is a quoted MD5 with a number of parts.
 */
#define S3_KEY_SIZE 1025
#define S3_VERSION_ID_SIZE 1025
#define S3_ETAG_SIZE 80

/* Size of a value of user metadata, including the NUL. */
#define S3_METADATA_SIZE 128

/* Size of a path: a bucket and a key with each byte as %XX. */
#define S3_PATH_SIZE (1 + 64 + 1 + 3 * S3_KEY_SIZE)

/* Properties of an object, from a reply. */
struct s3_object
{
	int64_t length;                      /* of the whole object */
	int64_t modified_at;                 /* seconds since 1970; 0 if unknown */
	char etag[S3_ETAG_SIZE];             /* with its quotes */
	char version_id[S3_VERSION_ID_SIZE]; /* "" if the bucket is not versioned */
};

/* A value of user metadata: the header x-amz-meta-NAME of the object. */
struct s3_metadata
{
	const char *name;             /* in lower case */
	char value[S3_METADATA_SIZE]; /* "" if there is none; longer values are truncated */
};

/* Receive the next bytes; object is filled.  Returning false stops the transfer. */
typedef bool (*s3_bytes_fn)(void *context, const struct s3_object *object, const char *bytes,
							size_t length);

/* What to read.  Everything is borrowed. */
struct s3_get
{
	const char *bucket;
	const char *key;        /* not encoded */
	const char *version_id; /* NULL or "" for the current one */
	const char *etag;       /* If-Match; NULL or "" for any */
	int64_t start;          /* first byte */
	int64_t end;            /* after the last byte; 0 for the object's end */
	s3_bytes_fn on_bytes;
	void *context;
	struct s3_metadata *metadata; /* to be filled; or NULL */
	int metadata_count;
	int64_t deadline; /* as of clock_milliseconds(); 0 for none */
};

/*
 * Read an object, or a part of it, in order and each byte once.  If the stream
 * breaks, reading resumes there, with the same version and ETag.  on_bytes may
 * make calls on the same client.  *object is filled as far as replies were
 * received; it may be NULL.  Reading from the end of an object on succeeds
 * without bytes.
 */
extern bool s3_get(struct aws_client *client, const struct s3_get *get, struct s3_object *object,
				   struct glue_error *error);

/*
 * Get the properties of an object without reading it.  on_bytes, start and end
 * of get are not used.
 */
extern bool s3_head(struct aws_client *client, const struct s3_get *get, struct s3_object *object,
					struct glue_error *error);

/* What to write.  Everything is borrowed. */
struct s3_put
{
	const char *bucket;
	const char *key;   /* not encoded */
	const void *bytes; /* or NULL: use read */
	http_read_fn read; /* may be called again for the same bytes */
	void *read_context;
	int64_t length;
	const char *payload_hash;        /* of the data from read: aws_payload_hash() or
								 * s3_file_hash(); NULL for none, which S3
								 * accepts over TLS only.  Not used with bytes */
	const char *content_type;        /* NULL for none */
	const char *content_disposition; /* NULL for none */
	int64_t deadline;
};

/* Write an object.  Fills etag and version_id of *object, which may be NULL. */
extern bool s3_put(struct aws_client *client, const struct s3_put *put, struct s3_object *object,
				   struct glue_error *error);

/* An http_read_fn for files; context points to the file descriptor (int). */
extern long s3_read_file(void *context, int64_t offset, char *buffer, size_t size);

/*
 * Compute the SHA-256 in hex of the first length bytes of a file.  Errors:
 * READ_FAILED, also if the file is shorter.
 */
extern bool
s3_file_hash(int file, int64_t length, char hash[AWS_HASH_SIZE], struct glue_error *error);

/*
 * Make a URL that lets anyone read an object until it expires, or until the
 * credentials that signed it expire.  content_disposition is the header that
 * the reply should have, NULL for the stored one.  The caller owns *url:
 * aws_url_destroy().
 */
extern bool s3_presign_get(struct aws_client *client, const char *bucket, const char *key,
						   const char *version_id, const char *content_disposition, int64_t expiry,
						   char **url, struct glue_error *error);

/*
 * Decode a key in place, as S3 writes it in notifications and URL-encoded
 * lists: a space as "+", other bytes as %XX.  Returns false if it is empty or
 * not encoded correctly.
 */
extern bool s3_decode_key(char *key);

/*
 * Begin a GET of a bucket; path must live as long as the call.  For
 * s3_versions.c.
 */
extern bool s3_begin_bucket_call(struct aws_client *client, struct aws_call *call,
								 const char *operation, const char *bucket, char path[S3_PATH_SIZE],
								 int64_t deadline, struct glue_error *error);

/*
 * Build the path of an object: the key encoded once, after the bucket unless
 * that is part of the host name.  Returns false with internal error BAD_KEY if
 * the key is empty or longer than 1,024 bytes.  For s3.c and tests.
 */
extern bool s3_path(const char *bucket, const char *key, bool bucket_in_path,
					char path[S3_PATH_SIZE], struct glue_error *error);

#endif /* GLUE_AWS_S3_H */
