/*-------------------------------------------------------------------------
 *
 * index_entries.c
 *	  Entries in the indexes of onboard.products, made without the executor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "utils/rel.h"

#include "catalogue/index_entries.h"
#include "table/index_entry.h"

bool
index_entries_need_no_tuple(const IndexInfo *info)
{
	int i;

	if (!info->ii_ReadyForInserts || info->ii_Predicate != NIL)
		return false;
	for (i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		switch (info->ii_IndexAttrNumbers[i])
		{
			case PRODUCT_ID:
			case PRODUCT_CATEGORY:
			case PRODUCT_UPLOAD_ID:
			case PRODUCT_ROW_NUMBER:
				break;
			default:
				return false;
		}
	}
	return true;
}

void
index_entries_choose(Catalogue *catalogue)
{
	int i;

	catalogue->entry_ways = palloc(catalogue->index_count * sizeof(EntryWay));
	for (i = 0; i < catalogue->index_count; i++)
	{
		if (i == catalogue->key_index[KEY_SKU] || i == catalogue->key_index[KEY_VENDOR_PRODUCT_ID])
			catalogue->entry_ways[i] = ENTRY_OF_KEY;
		else if (index_entries_need_no_tuple(catalogue->index_infos[i]))
			catalogue->entry_ways[i] = ENTRY_OF_STORED_ROW;
		else
			catalogue->entry_ways[i] = ENTRY_OF_TUPLE;
	}
}

static bool
insert_entry(Catalogue *catalogue, int position, TupleTableSlot *slot, IndexUniqueCheck check,
			 bool is_unchanged)
{
	return index_entry_insert(catalogue->products, catalogue->indexes[position],
							  catalogue->index_infos[position], slot, catalogue->estate, check,
							  is_unchanged);
}

void
index_entry_of_tuple(Catalogue *catalogue, int position, TupleTableSlot *slot)
{
	(void) insert_entry(catalogue, position, slot,
						index_entry_usual_check(catalogue->indexes[position]), false);
}

/*
 * A key that did not change is not checked: the previous version holds it.  A
 * check would wait for an upload that stored the same key and is about to find
 * it taken, while that upload may wait for this transaction.
 *
 * Given the hint that an entry belongs to a new version of a row, an index
 * whose page is full first searches it for dead versions, which takes as long
 * as inserting several entries.  There are none if every product was changed
 * only once since the last VACUUM.
 */
bool
index_entry_of_version(Catalogue *catalogue, int position, TupleTableSlot *slot, uint64 changed,
					   bool has_gone_entries)
{
	if (!index_entry_has_changed_key(catalogue->index_infos[position], changed))
		return insert_entry(catalogue, position, slot, UNIQUE_CHECK_NO, has_gone_entries);
	return insert_entry(catalogue, position, slot,
						catalogue->entry_ways[position] == ENTRY_OF_KEY
							? UNIQUE_CHECK_PARTIAL
							: index_entry_usual_check(catalogue->indexes[position]),
						false);
}

/* Keys and categories are looked up in buffers of fixed size. */
#define EXACT_CHECK(symbol, name, kind, required, minimum, maximum, ...)   \
	StaticAssertDecl(VALUE_##kind != VALUE_EXACT ||                        \
						 MAX_CHARACTER_BYTES * (maximum) <= KEY_MAX_BYTES, \
					 #name " is longer than a key");
ONBOARD_COLUMNS(EXACT_CHECK)
#undef EXACT_CHECK

/* Space for a key or a category as a datum. */
typedef union TextBuffer
{
	int32 align;
	char bytes[VARHDRSZ + KEY_MAX_BYTES];
} TextBuffer;

static Datum
buffer_text(TextBuffer *buffer, struct text_view value)
{
	Assert(value.length <= KEY_MAX_BYTES);
	SET_VARSIZE(buffer->bytes, VARHDRSZ + value.length);
	memcpy(buffer->bytes + VARHDRSZ, value.data, value.length);
	return PointerGetDatum(buffer->bytes);
}

bool
index_entry_of_key(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key,
				   struct text_view value, ItemPointer tid)
{
	int position = catalogue->key_index[key];
	TextBuffer text;
	Datum values[2];
	bool nulls[2] = {false, false};

	if (key == KEY_VENDOR_PRODUCT_ID)
	{
		values[0] = owner->vendor_id_text;
		values[1] = buffer_text(&text, value);
	}
	else
		values[0] = buffer_text(&text, value);
	return index_insert(catalogue->indexes[position], values, nulls, tid, catalogue->products,
						UNIQUE_CHECK_PARTIAL, false, catalogue->index_infos[position]);
}

void
index_entry_of_stored_row(Catalogue *catalogue, const CatalogueOwner *owner, int position,
						  StoredRow *row)
{
	IndexInfo *info = catalogue->index_infos[position];
	Relation index = catalogue->indexes[position];
	TextBuffer category;
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];
	int i;

	for (i = 0; i < info->ii_NumIndexAttrs; i++)
	{
		nulls[i] = false;
		switch (info->ii_IndexAttrNumbers[i])
		{
			case PRODUCT_ID:
				values[i] = Int64GetDatum(row->product_id);
				break;
			case PRODUCT_CATEGORY:
				values[i] = buffer_text(&category, row->category);
				break;
			case PRODUCT_UPLOAD_ID:
				values[i] = owner->upload_id_text;
				break;
			default:
				values[i] = Int64GetDatum(row->row_number);
				break;
		}
	}
	index_insert(index, values, nulls, &row->tid, catalogue->products,
				 index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
}
