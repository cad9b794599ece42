/*-------------------------------------------------------------------------
 *
 * reconcile.h
 *	  Read vendors' files for which no upload was ever begun.
 *
 * Such a file's notification was lost: by S3, by a wrong event source, or in a
 * dead-letter queue.  The database cannot know of it, so the sweeper lists the
 * versions below UPLOAD_PREFIX and compares each with upload_history, by the
 * content id that its notification would have produced.
 *
 * A pass over the bucket begins every SWEEP_LIST_SECONDS and takes as many runs
 * as it needs, with SWEEP_LIST_PAGES pages of 1,000 versions in each.  Its
 * position is in the database.  S3 lists only by key, so recent files cannot
 * come first; but with the defaults a run lists 20,000 versions, and a pass
 * over a million takes four hours.  It costs a request per 1,000 versions: 720
 * requests a month for a small bucket, and at most 173,000, less than a dollar,
 * for one so large that passes follow each other directly.
 *
 * A version is read if all of these conditions hold.
 *
 *	  Its key is in a vendor's folder.  Keys elsewhere are counted.
 *	  The vendor exists.  Files of unknown vendors are counted in each pass;
 *	  once the vendor is added, the next pass reads them.
 *	  No upload was begun for it, not even one that refused the file.
 *	  It is older than SWEEP_UNREAD_SECONDS, but neither older than
 *	  SWEEP_LIST_DAYS nor than the very first pass, so that an old bucket is
 *	  not read, nor files that were removed from upload_history.
 *	  It has a version id.  Without versioning the content id contains the
 *	  notification's sequencer, which no listing contains.
 *	  The object has not been deleted since.  A version that was only replaced
 *	  is read, as it would have been with its notification, and before the
 *	  newer one.
 *	  The queue of notifications is empty.  Otherwise it may be about to
 *	  deliver the file, and the page is examined again in the next run, but
 *	  for at most a day, because a queue may never be empty.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_RECONCILE_H
#define GLUE_LAMBDA_RECONCILE_H

#include "lambda/handler.h"

/* Versions found without an upload. */
struct reconcile_counts
{
	int64_t read;
	int64_t failed;  /* could not be read completely */
	int64_t unknown; /* of vendors that do not exist */
	int64_t strange; /* not in any vendor's folder */
};

/*
 * Do one run's share of a pass, until the deadline of the invocation; at most
 * SWEEP_UPLOADS files are read.  Does nothing if no pass is due or another
 * sweeper is working on it.  A file that cannot be read is logged, and does not
 * fail the call; the next pass tries it again.  counts must be zeroed, and is
 * filled even after an error.
 */
extern bool reconcile_uploads(struct sandbox *sandbox, const struct invocation *invocation,
							  struct reconcile_counts *counts, struct glue_error *error);

#endif /* GLUE_LAMBDA_RECONCILE_H */
