/*-------------------------------------------------------------------------
 *
 * change_terms.h
 *	  The terms on which the rows of an upload change products.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGE_TERMS_H
#define ONBOARD_CHANGE_TERMS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "row/row_columns.h"
#include "shared/action.h"
#include "upload/account.h"

/* An upload of the vendor with a later source_time that was not undone. */
typedef struct LaterUpload
{
	int64 upload_number;
	Datum upload_id_text;
	enum upload_mode mode;
	const RowColumns *columns; /* of its file; NULL if unknown, which means all */
	bool has_replaced;         /* it discontinued the products that none of its rows named */
} LaterUpload;

typedef struct ChangeTerms
{
	int64 upload_number; /* that of no upload if supposed */
	enum upload_match match;
	enum upload_blank blank;
	const RowColumns *columns; /* of the file; NULL: each row has its own */
	List *later;               /* of LaterUpload */

	/*
	 * Guards, in thousandths; -1 for none.  A row is held if it multiplies or
	 * divides the price by more than price_guard.
	 */
	int64 price_guard;
	int64 sold_out_guard;

	/* For the guard of products that are sold out; see guard.c. */
	int64 stocked_at_begin; /* products that had stock; -1 if not counted */
	int64 stocked_at_least; /* a lower bound of that */
	int64 sold_out;         /* taken from stock to 0 so far, including by this statement */
	int64 restocked;        /* the reverse */
	bool is_supposed;       /* nothing is written, so counts are as of the beginning */
} ChangeTerms;

/*
 * Lock the vendor FOR NO KEY UPDATE until the transaction ends, so that statements
 * which change its products never interleave, and read the terms of an upload that
 * account_lock() has locked.  Runs inside an owner section with SPI connected;
 * the result lives in the given context.
 */
extern ChangeTerms *change_terms_lock(const UploadRow *upload, MemoryContext context);

/*
 * Return the terms that such an upload would have, without locking anything.
 * match may be MATCH_COUNT to let the columns decide.  Borrows columns; runs
 * inside an owner section with SPI connected.
 */
extern ChangeTerms *
change_terms_suppose(const char *vendor_id, enum upload_match match, enum upload_blank blank,
					 TimestampTz source_time, const RowColumns *columns, MemoryContext context);

/*
 * Did a later upload with mode replace take all products off sale that its file
 * lacks?
 */
extern bool change_terms_are_replaced(const ChangeTerms *terms);

/* Store what the guards counted.  Runs likewise. */
extern void change_terms_save(const UploadRow *upload, const ChangeTerms *terms);

#endif /* ONBOARD_CHANGE_TERMS_H */
