/*-------------------------------------------------------------------------
 *
 * key_memo.c
 *	  The keys of a rejected row, as its fix row remembers them.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/key_memo.h"

#include <stdint.h>

#include "shared/hash.h"

#define PREFIX "key:"
#define CHECKSUM_DIGITS 8

static const char digits[] = "0123456789abcdef";

/* Checksum of the text after it. */
static uint32_t
checksum(struct text_view text)
{
	uint32_t sum = HASH_START;

	for (size_t i = 0; i < text.length; i++)
		sum = hash_add(sum, (unsigned char) text.data[i]);
	return sum;
}

static void
write_checksum(char *target, struct text_view text)
{
	uint32_t sum = checksum(text);

	for (int i = CHECKSUM_DIGITS - 1; i >= 0; i--, sum >>= 4)
		target[i] = digits[sum & 15];
}

static bool
is_plain(char byte)
{
	return is_ascii_digit((unsigned char) byte) || is_ascii_letter((unsigned char) byte) ||
		   byte == '-' || byte == '.' || byte == '_';
}

static char *
write_key(char *next, struct text_view key)
{
	if (key.length > KEY_MEMO_KEY_BYTES)
		key.length = 0;
	for (size_t i = 0; i < key.length; i++)
	{
		unsigned char byte = (unsigned char) key.data[i];

		if (is_plain(key.data[i]))
		{
			*next++ = key.data[i];
			continue;
		}
		*next++ = '%';
		*next++ = digits[byte >> 4];
		*next++ = digits[byte & 15];
	}
	return next;
}

void
key_memo_write(char memo[KEY_MEMO_SIZE], struct text_view sku, struct text_view vendor_product_id)
{
	char *sum = memo + strlen(PREFIX);
	char *keys = sum + CHECKSUM_DIGITS + 1;
	char *next = write_key(keys, sku);

	*next++ = ':';
	next = write_key(next, vendor_product_id);
	*next = '\0';
	if (next == keys + 1)
	{
		memo[0] = '\0';
		return;
	}
	memcpy(memo, PREFIX, strlen(PREFIX));
	write_checksum(sum, (struct text_view){keys, (size_t) (next - keys)});
	sum[CHECKSUM_DIGITS] = ':';
}

/* Return the value of a hexadecimal digit as we write it, or -1. */
static int
digit_value(char byte)
{
	const char *found = byte == '\0' ? NULL : strchr(digits, byte);

	return found == NULL ? -1 : (int) (found - digits);
}

/* Read a key up to the end of the text; returns false if it is too long or not ours. */
static bool
read_key(struct text_view text, char key[KEY_MEMO_KEY_BYTES + 1])
{
	size_t length = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		char byte = text.data[i];

		if (length == KEY_MEMO_KEY_BYTES)
			return false;
		if (byte == '%')
		{
			int high = i + 2 < text.length ? digit_value(text.data[i + 1]) : -1;
			int low = i + 2 < text.length ? digit_value(text.data[i + 2]) : -1;

			if (high < 0 || low < 0 || 16 * high + low == 0)
				return false;
			byte = (char) (16 * high + low);
			i += 2;
		}
		key[length++] = byte;
	}
	key[length] = '\0';
	return true;
}

bool
key_memo_read(struct text_view text, struct key_memo *memo)
{
	size_t start = strlen(PREFIX) + CHECKSUM_DIGITS + 1;
	struct text_view keys = {text.data, 0};
	char sum[CHECKSUM_DIGITS];
	const char *middle;

	if (text.length <= start || text.length >= KEY_MEMO_SIZE ||
		memcmp(text.data, PREFIX, strlen(PREFIX)) != 0 || text.data[start - 1] != ':')
		return false;
	keys = (struct text_view){text.data + start, text.length - start};
	write_checksum(sum, keys);
	if (memcmp(sum, text.data + strlen(PREFIX), CHECKSUM_DIGITS) != 0)
		return false;
	middle = memchr(keys.data, ':', keys.length);
	return middle != NULL &&
		   read_key((struct text_view){keys.data, (size_t) (middle - keys.data)}, memo->sku) &&
		   read_key((struct text_view){middle + 1, keys.length - (size_t) (middle + 1 - keys.data)},
					memo->vendor_product_id);
}
