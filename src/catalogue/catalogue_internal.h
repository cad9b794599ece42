/*-------------------------------------------------------------------------
 *
 * catalogue_internal.h
 *	  Declarations that only the files of the catalogue share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CATALOGUE_INTERNAL_H
#define ONBOARD_CATALOGUE_INTERNAL_H

#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relscan.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "catalogue/catalogue.h"
#include "catalogue/product_values.h"

/*
 * As in COPY: a larger batch, with a slot for each row, loses more in the
 * processor's cache than it saves.
 */
#define CATALOGUE_BATCH_ROWS 1000
#define CATALOGUE_BATCH_BYTES (64 * 1024)

/* How a batched row's entry in an index is made. */
typedef enum EntryWay
{
	ENTRY_OF_KEY,        /* by catalogue_claim(), in key order */
	ENTRY_OF_STORED_ROW, /* by catalogue_claim(), from what StoredRow holds */
	ENTRY_OF_TUPLE       /* by catalogue_batch_flush(), from the tuple */
} EntryWay;

struct Catalogue
{
	MemoryContext context;     /* lives while the catalogue is open */
	MemoryContext row_context; /* reset after each row */
	Relation products;
	CataloguePath path;
	bool as_shipped;         /* columns are those of products_shape */
	uint64 changed_defaults; /* see table_shape_changed_defaults() */

	/* The values of these defaults, by enum onboard_column; created at first use. */
	struct ChangedDefault *default_values;

	AttrNumber upload_id_column;
	AttrNumber row_number_column;
	AttrNumber line_number_column;

	/* For changes of products; set by catalogue_expect_changes(). */
	struct ChangeLog *log;    /* NULL before */
	bool keys_are_referenced; /* by foreign keys of other tables */
	bool may_run_users_code;  /* when a product is changed directly: in indexes, casts to jsonb */

	int index_count;
	Relation *indexes;
	IndexInfo **index_infos;
	int key_index[KEY_COUNT]; /* positions in indexes */

	/* For reading. */
	TupleTableSlot *found_slot;
	SnapshotData dirty;                /* for scans that wait */
	IndexScanDesc scans[KEY_COUNT][2]; /* that do not wait, and that do; begun at first use */
	struct ProductReader *reader;      /* created at first use */
	struct KeyHints *hints[KEY_COUNT]; /* likewise */

	/* For direct writing. */
	EState *estate;       /* for expressions of user-defined indexes */
	EntryWay *entry_ways; /* one for each of indexes */
	Oid sequence;
	ProductConstants constants;
	BulkInsertState bulk_insert;
	struct EntryBatch *waiting_entries; /* created at first use */
	TupleTableSlot *single_slot;
	TupleTableSlot *slots[CATALOGUE_BATCH_ROWS];
	StoredRow *rows[CATALOGUE_BATCH_ROWS];
	bool keys_in_order; /* for the last rows claimed */
	int batch_count;
	Size batch_bytes;
};

#endif /* ONBOARD_CATALOGUE_INTERNAL_H */
