/*-------------------------------------------------------------------------
 *
 * incoming_row.c
 *	  A row on its way through a door, and copies of it that outlive the
 *	  call.
 *
 * A row whose verdict must wait (its key may belong to an earlier row that is
 * not decided yet, or to a running transaction) is kept as a RowImage: the raw
 * bytes of its fields one after another, then its attributes, source cells, numbers
 * and findings.
 * The bytes are raw because an error report shows what the vendor wrote, which
 * the stored product no longer tells.  Numbers and findings are included so that
 * no row is judged twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"

#include "base/jsonb_object.h"
#include "row/incoming_row.h"
#include "shared/appearance.h"
#include "shared/key_memo.h"
#include "shared/row_caps.h"
#include "shared/sheet_change.h"
#include "shared/spreadsheet.h"
#include "shared/text.h"

#define FIELD_ABSENT PG_UINT32_MAX

struct RowImage
{
	int64 row_number;
	int64 line_number;
	int64 position;
	Jsonb *attributes;
	SourceCells source_cells;
	JsonbContainer *original; /* borrowed: valid during the door's call */
	int original_length;
	column_set numbers; /* as in struct product_row; the numbers follow the attributes */
	int category_number;
	int finding_count;
	uint32 length[COLUMN_COUNT]; /* FIELD_ABSENT for an absent field */
	uint32 action_length;        /* likewise; the action follows the fields */
	char bytes[FLEXIBLE_ARRAY_MEMBER];
};

/* The text that a finding rejects. */
typedef enum Rejected
{
	REJECTED_NOTHING,
	REJECTED_FIELD, /* the raw value of its column */
	REJECTED_OTHER  /* a copy of it is stored with the finding */
} Rejected;

/* A finding in an image; its texts follow: rejected, message, suggestion. */
typedef struct FindingImage
{
	const struct rule *rule;
	uint32 rejected_length; /* of a copy, or 0 */
	uint16 message_length;
	uint16 suggestion_length;
	int16 column;
	uint8 severity;
	uint8 rejected;
} FindingImage;

/* Return where the attributes of an image begin. */
static Size
attributes_offset(const IncomingRow *row)
{
	return MAXALIGN(offsetof(RowImage, bytes) + product_row_bytes(&row->product) +
					row->action.length);
}

static Size
object_size(const Jsonb *object)
{
	return object != NULL ? MAXALIGN(VARSIZE(object)) : 0;
}

/* Return where its source cells begin. */
static Size
source_cells_offset(const IncomingRow *row)
{
	return attributes_offset(row) + object_size(row->attributes);
}

/* Return where its numbers begin. */
static Size
numbers_offset(const IncomingRow *row)
{
	return source_cells_offset(row) + MAXALIGN(row->source_cells.json.length) +
		   object_size(row->source_cells.object);
}

/* Return where its findings begin. */
static Size
findings_offset(const IncomingRow *row)
{
	return numbers_offset(row) + pg_popcount64(row->product.numbers) * sizeof(int64);
}

static void
save_numbers(const struct product_row *product, int64 *next)
{
	column_set columns;

	for (columns = product->numbers; columns != 0; columns &= columns - 1)
		*next++ = product->number[column_first(columns)];
}

static void
load_numbers(const int64 *next, struct product_row *product)
{
	column_set columns;

	for (columns = product->numbers; columns != 0; columns &= columns - 1)
		product->number[column_first(columns)] = *next++;
}

static void
describe_finding(const struct finding *finding, const IncomingRow *row, FindingImage *image)
{
	image->rule = finding->rule;
	image->column = finding->column;
	image->severity = finding->severity;
	image->message_length = strlen(finding->message);
	image->suggestion_length = strlen(finding->suggestion);
	image->rejected = REJECTED_OTHER;
	if (finding->rejected.data == NULL)
		image->rejected = REJECTED_NOTHING;
	else if (finding->column != COLUMN_NONE &&
			 finding->rejected.data == row->product.raw[finding->column].data &&
			 finding->rejected.length == row->product.raw[finding->column].length)
		image->rejected = REJECTED_FIELD;
	image->rejected_length = image->rejected == REJECTED_OTHER ? finding->rejected.length : 0;
}

static Size
finding_image_size(const FindingImage *image)
{
	return MAXALIGN(sizeof(FindingImage) + image->rejected_length + image->message_length +
					image->suggestion_length);
}

Size
row_image_size(const IncomingRow *row, const struct findings *findings)
{
	Size size = findings_offset(row);
	int i;

	for (i = 0; i < findings->count; i++)
	{
		FindingImage image;

		describe_finding(&findings->items[i], row, &image);
		size += finding_image_size(&image);
	}
	return size;
}

static void
save_findings(const IncomingRow *row, const struct findings *findings, char *memory)
{
	int i;

	for (i = 0; i < findings->count; i++)
	{
		const struct finding *finding = &findings->items[i];
		FindingImage *image = (FindingImage *) memory;
		char *text = memory + sizeof(FindingImage);

		describe_finding(finding, row, image);
		if (image->rejected_length > 0)
			memcpy(text, finding->rejected.data, image->rejected_length);
		text += image->rejected_length;
		memcpy(text, finding->message, image->message_length);
		text += image->message_length;
		memcpy(text, finding->suggestion, image->suggestion_length);
		memory += finding_image_size(image);
	}
}

static void
load_finding(const FindingImage *image, const IncomingRow *row, struct finding *finding)
{
	const char *text = (const char *) image + sizeof(FindingImage);

	finding->rule = image->rule;
	finding->column = image->column;
	finding->severity = image->severity;
	finding->rejected.data = image->rejected == REJECTED_OTHER ? text : NULL;
	finding->rejected.length = image->rejected_length;
	if (image->rejected == REJECTED_FIELD)
		finding->rejected = row->product.raw[image->column];
	text += image->rejected_length;
	memcpy(finding->message, text, image->message_length);
	finding->message[image->message_length] = '\0';
	text += image->message_length;
	memcpy(finding->suggestion, text, image->suggestion_length);
	finding->suggestion[image->suggestion_length] = '\0';
}

static void
load_findings(const RowImage *image, const IncomingRow *row, struct findings *findings)
{
	const char *next = (const char *) image + findings_offset(row);
	int i;

	findings->count = image->finding_count;
	findings->has_error = false;
	for (i = 0; i < image->finding_count; i++)
	{
		const FindingImage *finding = (const FindingImage *) next;

		load_finding(finding, row, &findings->items[i]);
		if (finding->severity == SEVERITY_ERROR)
			findings->has_error = true;
		next += finding_image_size(finding);
	}
}

bool
row_image_has_findings(const RowImage *image)
{
	return image->finding_count > 0;
}

/* Copy an object into the image, at this offset, and return the copy. */
static Jsonb *
save_object(RowImage *image, Size offset, const Jsonb *object)
{
	return memcpy((char *) image + offset, object, VARSIZE(object));
}

/* Copy the source cells into the image, in the form that they have, and return the copy. */
static SourceCells
save_source_cells(RowImage *image, const IncomingRow *row)
{
	SourceCells copy = {NULL};
	Size offset = source_cells_offset(row);
	struct text_view json = row->source_cells.json;

	if (row->source_cells.object != NULL)
		copy.object = save_object(image, offset, row->source_cells.object);
	else if (json.data != NULL)
		copy.json = (struct text_view){memcpy((char *) image + offset, json.data, json.length),
									   json.length};
	return copy;
}

RowImage *
row_image_save(const IncomingRow *row, const struct findings *findings, void *memory)
{
	RowImage *image = memory;
	char *next = image->bytes;
	int i;

	image->row_number = row->row_number;
	image->line_number = row->line_number;
	image->position = row->position;
	image->original = row->original;
	image->original_length = row->original_length;
	image->numbers = row->product.numbers;
	image->category_number = row->product.category_number;
	image->finding_count = findings->count;
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		struct text_view field = row->product.raw[i];

		image->length[i] = field.data ? (uint32) field.length : FIELD_ABSENT;
		if (field.length > 0)
			memcpy(next, field.data, field.length);
		next += field.length;
	}
	image->action_length = row->action.data ? (uint32) row->action.length : FIELD_ABSENT;
	if (row->action.length > 0)
		memcpy(next, row->action.data, row->action.length);
	image->attributes = NULL;
	if (row->attributes != NULL)
		image->attributes = save_object(image, attributes_offset(row), row->attributes);
	image->source_cells = save_source_cells(image, row);
	save_numbers(&row->product, (int64 *) ((char *) image + numbers_offset(row)));
	save_findings(row, findings, (char *) image + findings_offset(row));
	return image;
}

void
row_image_load(const RowImage *image, IncomingRow *row, struct findings *findings)
{
	const char *next = image->bytes;
	int i;

	memset(row, 0, sizeof(*row));
	row->row_number = image->row_number;
	row->line_number = image->line_number;
	row->position = image->position;
	row->attributes = image->attributes;
	row->source_cells = image->source_cells;
	row->original = image->original;
	row->original_length = image->original_length;
	row->product.numbers = image->numbers;
	row->product.category_number = image->category_number;
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if (image->length[i] == FIELD_ABSENT)
			continue;
		row->product.raw[i].data = next;
		row->product.raw[i].length = image->length[i];
		next += image->length[i];
	}
	if (image->action_length != FIELD_ABSENT)
	{
		row->action.data = next;
		row->action.length = image->action_length;
	}
	row_trim(&row->product);
	load_numbers((const int64 *) ((const char *) image + numbers_offset(row)), &row->product);
	load_findings(image, row, findings);
}

const char *
row_image_text(const RowImage *image, const IncomingRow *row, enum onboard_column column)
{
	const char *text = image->bytes;
	int i;

	if (row->product.raw[column].data == NULL)
		return NULL;
	for (i = 0; i < (int) column; i++)
		text += row->product.raw[i].length;
	return text + (row->product.value[column].data - row->product.raw[column].data);
}

static void
add_only_finding(struct findings *findings, const struct rule *rule, struct text_view rejected,
				 const char *message)
{
	findings->count = 0;
	findings_add(findings, rule, COLUMN_NONE, rejected, message);
}

/*
 * Judge the caps, the encoding and the names of attributes, which the rules do
 * not see.  An attribute named like the column of the action or of the memo would
 * be taken for that when the row is read again, from a fix file or on approval.
 */
static void
judge_attributes(const IncomingRow *row, struct row_caps *caps, struct findings *findings)
{
	JsonbIterator *iterator = jsonb_texts_begin(&row->attributes->root);
	struct text_view none = {NULL, 0};
	struct text_view name;
	struct text_view value;

	while (jsonb_texts_next(&iterator, &name, &value))
	{
		if (!row_caps_take(caps, name, value))
		{
			add_only_finding(findings, rule_built_in(RULE_MALFORMED_ROW), none, caps->message);
			return;
		}
		if (text_equal(name, text_of(ONBOARD_ACTION_COLUMN)))
		{
			add_only_finding(
				findings, rule_built_in(RULE_MALFORMED_ROW), none,
				ONBOARD_ACTION_COLUMN
				" is not the name of an attribute; an action belongs beside the product");
			return;
		}
		if (text_equal(name, text_of(ONBOARD_KEY_COLUMN)))
		{
			add_only_finding(
				findings, rule_built_in(RULE_MALFORMED_ROW), none,
				ONBOARD_KEY_COLUMN
				" is not the name of an attribute; a memo of keys belongs beside the product");
			return;
		}
		if (text_has_replacement(name) || text_has_replacement(value))
		{
			add_only_finding(
				findings, rule_built_in(RULE_INVALID_ENCODING),
				text_has_replacement(name) ? name : value,
				"an additional column contains U+FFFD, a character that was damaged before it arrived");
			return;
		}
	}
}

/* Judge the cells as the vendor wrote them, which count as part of the row. */
static void
judge_source_cells(const IncomingRow *row, struct row_caps *caps, struct findings *findings)
{
	Jsonb *cells = source_cells_object(&row->source_cells);
	JsonbIterator *iterator = jsonb_texts_begin(&cells->root);
	struct text_view none = {NULL, 0};
	struct text_view name;
	struct text_view value;

	while (jsonb_texts_next(&iterator, &name, &value))
	{
		if (!row_caps_take_cell(caps, name, value))
		{
			add_only_finding(findings, rule_built_in(RULE_MALFORMED_ROW), none, caps->message);
			return;
		}
		if (text_has_replacement(name) || text_has_replacement(value))
		{
			add_only_finding(
				findings, rule_built_in(RULE_INVALID_ENCODING),
				text_has_replacement(name) ? name : value,
				"a column that the map reads or leaves out contains U+FFFD, a character that was "
				"damaged before it arrived");
			return;
		}
	}
}

/*
 * Are the cells plain and certainly within the caps?  As JSON they have more bytes than
 * their names and texts.
 */
static bool
are_good_cells(const SourceCells *cells, const struct row_caps *caps)
{
	return cells->object == NULL && caps->bytes + cells->json.length <= ONBOARD_MAX_RECORD_BYTES;
}

/* Judge what the row has besides its columns. */
static void
judge_besides_columns(const IncomingRow *row, struct findings *findings)
{
	struct row_caps caps;

	row_caps_start(&caps, "row", product_row_bytes(&row->product));
	if (row->attributes != NULL)
		judge_attributes(row, &caps, findings);
	if (source_cells_exist(&row->source_cells) && !findings_are_of_unreadable_row(findings) &&
		!are_good_cells(&row->source_cells, &caps))
		judge_source_cells(row, &caps, findings);
}

void
incoming_row_judge_size(Size column_bytes, Jsonb *attributes, struct findings *findings)
{
	JsonbIterator *iterator = jsonb_texts_begin(&attributes->root);
	struct text_view name;
	struct text_view value;
	struct row_caps caps;

	row_caps_start(&caps, "product as it would become", column_bytes);
	while (jsonb_texts_next(&iterator, &name, &value))
	{
		if (row_caps_count(&caps, name.length + value.length))
			continue;
		add_only_finding(findings, rule_built_in(RULE_MALFORMED_ROW), (struct text_view){NULL, 0},
						 caps.message);
		return;
	}
}

bool
incoming_row_set_defect(IncomingRow *row, struct text_view code)
{
	const struct rule *rule = code.data == NULL ? NULL : rule_by_code(code);

	if (rule == NULL || !rule_is_of_unreadable_row(rule))
		return false;
	row->has_defect = true;
	row->defect = rule;
	return true;
}

RowRequest
incoming_row_request(const IncomingRow *row)
{
	struct text_view word = text_trim(row->action);

	if (word.length == 0)
		return REQUEST_NONE;
	if (word.length == 6 && pg_strncasecmp(word.data, "update", 6) == 0)
		return REQUEST_UPDATE;
	if (word.length == 6 && pg_strncasecmp(word.data, "delete", 6) == 0)
		return REQUEST_DELETE;
	return REQUEST_UNKNOWN;
}

/* Is this a character that no key may have, because it shows nothing? */
static bool
shows_nothing(uint32_t character)
{
	return is_control_character(character) || is_format_character(character);
}

/* Add the key as the vendor wrote it, before a map changed it. */
static void
restore_key(Jsonb *cells, enum onboard_column column, struct product_row *written)
{
	struct text_view cell = jsonb_find_text(&cells->root, text_of(onboard_columns[column].name));

	if (cell.data == NULL)
		return;
	written->raw[column] = cell;
	written->value[column] = text_trim(cell);
}

/*
 * A key that was rejected for its characters was sent again without them, perhaps as
 * suggested, so what a spreadsheet may have changed is the text in a formula, without
 * what nobody can see.
 */
static void
judge_key(const struct product_row *written, enum onboard_column column, const char *original,
		  struct findings *findings)
{
	struct text_view before = text_of(original);
	char buffer[KEY_MEMO_KEY_BYTES];

	(void) spreadsheet_formula_text(before, &before);
	before = text_without(before, shows_nothing, false, buffer, sizeof(buffer));
	if (sheet_changed(before, written->value[column]))
		findings_add_changed_key(findings, written, column, pnstrdup(before.data, before.length));
}

/*
 * A memo comes from outside, and its escapes can hide bytes that are no text; as a
 * suggestion they would be stored.
 */
static bool
is_stored_as_text(const char *key)
{
	return pg_verify_mbstr(GetDatabaseEncoding(), key, (int) strlen(key), true);
}

/* Judge whether a spreadsheet changed the keys of a row that comes from a fix file. */
static void
judge_memo(const IncomingRow *row, struct findings *findings)
{
	struct product_row written;
	struct key_memo memo;
	Jsonb *cells;

	if (row->memo.length == 0 || !key_memo_read(text_trim(row->memo), &memo) ||
		!is_stored_as_text(memo.sku) || !is_stored_as_text(memo.vendor_product_id))
		return;
	written = row->product;
	cells = source_cells_object(&row->source_cells);
	if (cells != NULL)
	{
		restore_key(cells, COLUMN_SKU, &written);
		restore_key(cells, COLUMN_VENDOR_PRODUCT_ID, &written);
	}
	judge_key(&written, COLUMN_SKU, memo.sku, findings);
	judge_key(&written, COLUMN_VENDOR_PRODUCT_ID, memo.vendor_product_id, findings);
}

/* Judge the row as a whole or, given a scope, the part of a product that it sets. */
static void
judge(IncomingRow *row, const struct rule_settings *settings, const struct rule_scope *scope,
	  struct findings *findings)
{
	if (row->has_defect)
	{
		char *message = pnstrdup(row->defect_message.data ? row->defect_message.data : "",
								 text_cut(row->defect_message, FINDING_MESSAGE_SIZE));
		struct text_view raw_record = row->raw_record;

		raw_record.length = text_cut(raw_record, ONBOARD_MAX_RECORD_BYTES);
		findings->has_error = false;
		add_only_finding(findings, row->defect, raw_record,
						 message[0] != '\0' ? message : "the record could not be read");
		pfree(message);
		return;
	}
	if (scope != NULL)
		rules_judge_part(&row->product, settings, scope, findings);
	else
		rules_judge(&row->product, settings, findings);
	if ((row->attributes != NULL || source_cells_exist(&row->source_cells)) &&
		!findings_are_of_unreadable_row(findings))
		judge_besides_columns(row, findings);
	if (!findings_are_of_unreadable_row(findings))
		judge_memo(row, findings);
	row->is_cut = findings_are_of_unreadable_row(findings) &&
				  findings->items[0].rule->number == RULE_MALFORMED_ROW;
}

void
incoming_row_judge(IncomingRow *row, const struct rule_settings *settings,
				   struct findings *findings)
{
	judge(row, settings, NULL, findings);
}

void
incoming_row_judge_part(IncomingRow *row, const struct rule_settings *settings,
						const struct rule_scope *scope, struct findings *findings)
{
	judge(row, settings, scope, findings);
}
