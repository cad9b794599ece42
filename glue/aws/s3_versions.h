/*-------------------------------------------------------------------------
 *
 * s3_versions.h
 *	  Amazon S3: list the versions of objects, page by page.
 *
 * Source: "ListObjectVersions", Amazon S3 API Reference.  Keys are listed in
 * ascending order, the versions of a key newest first; S3 offers no other
 * order.  The answer is XML.  It is flat, and keys are requested URL-encoded,
 * because XML cannot represent every key; that leaves so little of XML that a
 * strict reader of a few elements is shorter than the code to use a library,
 * which every image would have to include for this one answer.
 *
 * Errors are those of client.h.  The call needs the permission
 * s3:ListBucketVersions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_S3_VERSIONS_H
#define GLUE_AWS_S3_VERSIONS_H

#include "aws/s3.h"

/* Most versions on a page; S3 never returns more. */
#define S3_VERSIONS_PAGE 1000

/* One version of an object; strings are borrowed from the page. */
struct s3_version
{
	char *key;              /* decoded */
	const char *version_id; /* "null" if it was written without versioning */
	const char *etag;       /* with its quotes */
	const char *written_at; /* "2026-01-04T09:00:00.000Z" */
	bool is_latest;
};

/* Where a listing continues; "" at its beginning. */
struct s3_version_marker
{
	char key[S3_KEY_SIZE];
	char version_id[S3_VERSION_ID_SIZE];
};

/* A page.  Owns text and versions: s3_version_page_clean_up(). */
struct s3_version_page
{
	struct s3_version *versions; /* S3_VERSIONS_PAGE of them */
	int count;
	bool is_last;
	struct s3_version_marker next; /* unless is_last */
	struct byte_buffer text;
};

/*
 * List a page of the versions whose keys begin with prefix, after a marker.
 * Delete markers are omitted.  page must be zeroed; clean it up even after an
 * error.
 */
extern bool s3_list_versions(struct aws_client *client, const char *bucket, const char *prefix,
							 const struct s3_version_marker *after, int64_t deadline,
							 struct s3_version_page *page, struct glue_error *error);

/* Accepts a zeroed page. */
extern void s3_version_page_clean_up(struct s3_version_page *page);

/*
 * Read page->text, whose strings are decoded in place.  Returns false with
 * AWS_BAD_REPLY if it is not a complete list.  For tests.
 */
extern bool s3_read_versions(struct s3_version_page *page, struct glue_error *error);

#endif /* GLUE_AWS_S3_VERSIONS_H */
