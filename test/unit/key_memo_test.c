/*-------------------------------------------------------------------------
 *
 * key_memo_test.c
 *	  Keys are remembered whatever they contain, and a damaged memo is ignored.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/key_memo.h"

static void
remembered(const char *sku, const char *vendor_product_id)
{
	char text[KEY_MEMO_SIZE];
	struct key_memo memo;

	key_memo_write(text, text_of(sku), text_of(vendor_product_id));
	if (!ok(key_memo_read(text_of(text), &memo), "%s is a memo", text))
		return;
	is_text(memo.sku, sku, "the SKU is remembered");
	is_text(memo.vendor_product_id, vendor_product_id, "so is the vendor's product ID");
	ok(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%") ==
		   strlen(text),
	   "in characters that are safe everywhere");
}

static void
test_keys(void)
{
	char longest[KEY_MEMO_KEY_BYTES + 1];
	char text[KEY_MEMO_SIZE];
	struct key_memo memo;

	remembered("00017", "0004711");
	remembered("", "0004711");
	remembered("00017", "");
	remembered("a:b;c,d\"e\t%41", "K\xC3\xBC"
								  "che 1/2\n");
	memset(longest, '\xC3', KEY_MEMO_KEY_BYTES);
	longest[KEY_MEMO_KEY_BYTES] = '\0';
	remembered(longest, longest);
	key_memo_write(text, text_of(""), text_of(""));
	is_text(text, "", "no keys need no memo");
	key_memo_write(text, (struct text_view){NULL, 0}, (struct text_view){NULL, 0});
	is_text(text, "", "absent ones neither");
	key_memo_write(text, (struct text_view){longest, KEY_MEMO_KEY_BYTES + 1}, text_of("A"));
	ok(key_memo_read(text_of(text), &memo), "a key that is too long is left out");
	is_text(memo.sku, "", "and not cut");
}

/* Every change of one character is noticed. */
static void
test_damage(void)
{
	char text[KEY_MEMO_SIZE];
	struct key_memo memo;
	size_t length;
	bool noticed = true;

	key_memo_write(text, text_of("00017"), text_of("000%4711"));
	length = strlen(text);
	for (size_t i = 0; i < length; i++)
	{
		char kept = text[i];

		text[i] = kept == 'x' ? 'y' : 'x';
		noticed = noticed && !key_memo_read(text_of(text), &memo);
		text[i] = kept;
		noticed = noticed && !key_memo_read((struct text_view){text, i}, &memo);
	}
	ok(noticed, "a changed or cut memo is ignored");
	ok(!key_memo_read(text_of(""), &memo), "so is an empty text");
	ok(!key_memo_read((struct text_view){NULL, 0}, &memo), "and an absent one");
	ok(!key_memo_read(text_of("key:"), &memo), "and a beginning");
	ok(!key_memo_read(text_of("KEY:811C9DC5:1:2"), &memo), "and capitals");
}

int
main(void)
{
	test_keys();
	test_damage();
	return unit_done();
}
