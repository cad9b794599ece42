/*-------------------------------------------------------------------------
 *
 * key_memo.h
 *	  The keys of a rejected row, as its fix row stores them.
 *
 * A spreadsheet may change the keys of a row while a person corrects something
 * else: 00017 becomes 17, another product.  So the fix file has a column whose
 * cells repeat the keys in a form that no spreadsheet changes, with a checksum:
 *
 *	  key:CHECKSUM:SKU:VENDOR_PRODUCT_ID
 *
 * It begins with a letter and is ASCII without blanks, quotes and delimiters; other
 * bytes of a key are written as %XX.  A memo that was changed is ignored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_KEY_MEMO_H
#define ONBOARD_KEY_MEMO_H

#include <stdbool.h>

#include "shared/text.h"

/*
 * Longest key in a memo, in bytes: that of 100 characters.  A longer one is too long
 * for the catalogue as well.
 */
#define KEY_MEMO_KEY_BYTES 400

/* Size of a memo, including the NUL. */
#define KEY_MEMO_SIZE (sizeof("key:12345678::") + 2 * 3 * KEY_MEMO_KEY_BYTES)

/* The keys of a memo; "" for one that it lacks.  */
struct key_memo
{
	char sku[KEY_MEMO_KEY_BYTES + 1];
	char vendor_product_id[KEY_MEMO_KEY_BYTES + 1];
};

/*
 * Write the memo of two trimmed keys; an empty text if it would contain neither.
 */
extern void
key_memo_write(char memo[KEY_MEMO_SIZE], struct text_view sku, struct text_view vendor_product_id);

/* Read a memo; returns false if the text is not one, or was changed.  */
extern bool key_memo_read(struct text_view text, struct key_memo *memo);

#endif /* ONBOARD_KEY_MEMO_H */
