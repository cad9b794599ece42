/*-------------------------------------------------------------------------
 *
 * intake.c
 *	  The bulk door: the foreign table onboard.intake.
 *
 * It is a foreign table because COPY and INSERT hand their rows to one without
 * storing them: COPY does all its parsing in the server, for any client that can
 * COPY, and each row arrives here as a tuple.
 *
 * Rows are passed to the loader as they arrive.  The loader has batches and
 * windows of its own, so it does not matter how many rows a call brings.  The
 * remaining rows are settled when the statement ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "nodes/makefuncs.h"
#include "nodes/pathnodes.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/jsonb_object.h"
#include "base/others_code.h"
#include "table/table_shape.h"
#include "door/copy_context.h"
#include "door/intake.h"
#include "load/loader.h"

/* Rows that the executor may collect before each call; INSERT only. */
#define INTAKE_BATCH_ROWS 1000

/* Columns of onboard.intake other than those of columns.h. */
typedef enum IntakeColumn
{
	INTAKE_UPLOAD_ID,
	INTAKE_ROW_NUMBER,
	INTAKE_LINE_NUMBER,
	INTAKE_ATTRIBUTES,
	INTAKE_ACTION,
	INTAKE_KEY_MEMO,
	INTAKE_SOURCE_CELLS,
	INTAKE_DEFECT_TYPE,
	INTAKE_DEFECT_MESSAGE,
	INTAKE_RAW_RECORD,
	INTAKE_COLUMN_COUNT
} IntakeColumn;

static const struct
{
	const char *name;
	Oid type;
} intake_columns[INTAKE_COLUMN_COUNT] = {
	[INTAKE_UPLOAD_ID] = {"upload_id", TEXTOID},
	[INTAKE_ROW_NUMBER] = {"row_number", INT8OID},
	[INTAKE_LINE_NUMBER] = {"line_number", INT8OID},
	[INTAKE_ATTRIBUTES] = {"attributes", JSONBOID},
	[INTAKE_ACTION] = {"action", TEXTOID},
	[INTAKE_KEY_MEMO] = {"key_memo", TEXTOID},
	[INTAKE_SOURCE_CELLS] = {"source_cells", JSONOID},
	[INTAKE_DEFECT_TYPE] = {"defect_type", TEXTOID},
	[INTAKE_DEFECT_MESSAGE] = {"defect_message", TEXTOID},
	[INTAKE_RAW_RECORD] = {"raw_record", TEXTOID},
};

/* State of one COPY or INSERT. */
typedef struct Intake
{
	Loader *loader;
	MemoryContext row_context; /* COPY calls in a long-lived context */
	CopyContext copy_context;
	bool is_copy;
	const char *code; /* user code that runs between rows, or NULL */
	AttrNumber product_column[COLUMN_COUNT];
	AttrNumber intake_column[INTAKE_COLUMN_COUNT];
} Intake;

/*
 * Statement start and end.
 */

static AttrNumber
intake_column_number(Relation relation, const char *name, Oid type)
{
	AttrNumber number = get_attnum(RelationGetRelid(relation), name);

	if (number == InvalidAttrNumber ||
		TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid != type)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_COLUMN_NUMBER),
				 errmsg("foreign table \"%s\" lacks column \"%s\" of type %s",
						RelationGetRelationName(relation), name, format_type_be(type)),
				 errhint("Only onboard.intake, as created by the extension, accepts rows.")));
	return number;
}

/* COPY evaluates the defaults of columns that it is not given, row by row. */
static bool
defaults_run_code(Relation relation)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	int i;

	for (i = 0; constraints != NULL && i < constraints->num_defval; i++)
	{
		if (runs_volatile_code(stringToNode(constraints->defval[i].adbin)))
			return true;
	}
	return false;
}

const char *
intake_code_between_rows(Relation intake)
{
	if (table_has_insert_trigger(intake))
		return "onboard.intake has a trigger on INSERT";
	if (defaults_run_code(intake))
		return "a default of onboard.intake runs a volatile function";
	return NULL;
}

static void
intake_begin(ResultRelInfo *result_info, bool query_runs_code)
{
	Relation relation = result_info->ri_RelationDesc;
	Intake *intake = palloc0(sizeof(Intake));
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
		intake->product_column[i] =
			intake_column_number(relation, onboard_columns[i].name, TEXTOID);
	for (i = 0; i < INTAKE_COLUMN_COUNT; i++)
		intake->intake_column[i] =
			intake_column_number(relation, intake_columns[i].name, intake_columns[i].type);
	intake->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard intake row", ALLOCSET_DEFAULT_SIZES);
	intake->code = query_runs_code
					   ? "the query of the INSERT changes other tables or runs a volatile function"
					   : intake_code_between_rows(relation);
	intake->loader = loader_create(NULL, NULL, intake->code);
	result_info->ri_FdwState = intake;
}

static void
intake_end(ResultRelInfo *result_info)
{
	Intake *intake = result_info->ri_FdwState;

	if (intake == NULL)
		return;
	result_info->ri_FdwState = NULL;
	copy_context_end(&intake->copy_context);
	loader_finish(intake->loader);
}

static void
intakeBeginForeignModify(ModifyTableState *state, ResultRelInfo *result_info, List *fdw_private,
						 int subplan_index, int flags)
{
	if ((flags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		intake_begin(result_info, fdw_private != NIL);
}

static void
intakeEndForeignModify(EState *estate, ResultRelInfo *result_info)
{
	intake_end(result_info);
}

static void
intakeBeginForeignInsert(ModifyTableState *state, ResultRelInfo *result_info)
{
	Intake *intake;

	intake_begin(result_info, false);
	/* COPY has no plan.  INSERT through a partitioned table takes this path as well. */
	if (state->ps.plan != NULL || state->rootResultRelInfo != result_info)
		return;
	intake = result_info->ri_FdwState;
	intake->is_copy = true;
	copy_context_begin(&intake->copy_context);
}

static void
intakeEndForeignInsert(EState *estate, ResultRelInfo *result_info)
{
	intake_end(result_info);
}

/*
 * One row.
 */

/* Return a column of text or JSON as a view; keep the datum if it can be stored as it is. */
static inline struct text_view
text_column(TupleTableSlot *slot, AttrNumber number, Datum *source)
{
	struct text_view view = {NULL, 0};
	text *value;

	if (slot->tts_isnull[number - 1])
		return view;
	value = (text *) DatumGetPointer(slot->tts_values[number - 1]);
	/* COPY makes such datums, which is worth a shortcut. */
	if (!VARATT_IS_4B_U(value))
		value = DatumGetTextPP(PointerGetDatum(value));
	view.data = VARDATA_ANY(value);
	view.length = VARSIZE_ANY_EXHDR(value);
	if (source != NULL)
		*source = PointerGetDatum(value);
	return view;
}

static int64
number_column(TupleTableSlot *slot, AttrNumber number)
{
	return slot->tts_isnull[number - 1] ? 0 : DatumGetInt64(slot->tts_values[number - 1]);
}

/* Return 0 if the line is not known. */
static int64
read_line_number(const Intake *intake, TupleTableSlot *slot, int64 row_number)
{
	AttrNumber number = intake->intake_column[INTAKE_LINE_NUMBER];
	int64 line_number = number_column(slot, number);

	if (line_number < 1 && !slot->tts_isnull[number - 1])
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("line_number %lld of row %lld is not a line of a file",
							   (long long) line_number, (long long) row_number),
						errhint("Number the lines of a file from 1, or leave line_number null.")));
	return line_number;
}

static void
read_defect(const Intake *intake, TupleTableSlot *slot, IncomingRow *row)
{
	struct text_view code = text_column(slot, intake->intake_column[INTAKE_DEFECT_TYPE], NULL);

	if (code.data == NULL)
		return;
	if (!incoming_row_set_defect(row, code))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("defect_type of row %lld is not a defect", (long long) row->row_number),
				 errhint("A defect_type is MALFORMED_ROW, EMPTY_ROW, INVALID_ENCODING or null.")));
	row->defect_message = text_column(slot, intake->intake_column[INTAKE_DEFECT_MESSAGE], NULL);
	row->raw_record = text_column(slot, intake->intake_column[INTAKE_RAW_RECORD], NULL);
}

/* Refuse the value of a column that is not an object of strings; hint says what they are. */
static void
check_texts(Jsonb *object, IntakeColumn column, int64 row_number, const char *hint)
{
	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s of row %lld are not a JSON object", intake_columns[column].name,
							   (long long) row_number)));
	if (!jsonb_is_of_texts(&object->root))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s of row %lld are not all JSON strings",
							   intake_columns[column].name, (long long) row_number),
						errhint("%s", hint)));
}

static void
read_attributes(const Intake *intake, TupleTableSlot *slot, IncomingRow *row)
{
	AttrNumber number = intake->intake_column[INTAKE_ATTRIBUTES];

	if (slot->tts_isnull[number - 1])
		return;
	row->attributes = DatumGetJsonbP(slot->tts_values[number - 1]);
	check_texts(row->attributes, INTAKE_ATTRIBUTES, row->row_number,
				"Attributes are the columns that onboard does not define, as text.");
}

/* Raise the error for a row of an upload that has ended, or that does not exist. */
static void
refuse_row(struct text_view upload_id, int64 row_number, bool has_ended)
{
	if (has_ended)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("upload \"%.*s\" accepts no more rows", (int) upload_id.length, upload_id.data),
			 errdetail("It has ended, or all rows of its total have a verdict; row %lld has none.",
					   (long long) row_number),
			 errhint("Open a new upload with onboard_begin_upload().")));
	ereport(
		ERROR,
		(errcode(ERRCODE_UNDEFINED_OBJECT),
		 errmsg("upload of row %lld does not exist", (long long) row_number),
		 errdetail("The upload_id is \"%.*s\".", (int) upload_id.length,
				   upload_id.data ? upload_id.data : ""),
		 /* If the columns are in the wrong order, it is a product value. */
		 errdetail_log("The upload_id is shown to the client only."),
		 errhint("Open the upload with onboard_begin_upload() and pass its id with each row.")));
}

static void
intake_row(Intake *intake, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(intake->row_context);
	struct text_view upload_id;
	IncomingRow row;
	LoaderAnswer answer;
	int i;

	slot_getallattrs(slot);
	memset(&row, 0, sizeof(row));
	/* Errors may quote the cells, so while COPY counts as reading. */
	row.source_cells =
		source_cells_from_json(text_column(slot, intake->intake_column[INTAKE_SOURCE_CELLS], NULL));
	copy_context_begin_row(&intake->copy_context);
	row.row_number = number_column(slot, intake->intake_column[INTAKE_ROW_NUMBER]);
	row.line_number = read_line_number(intake, slot, row.row_number);
	upload_id = text_column(slot, intake->intake_column[INTAKE_UPLOAD_ID], NULL);
	for (i = 0; i < COLUMN_COUNT; i++)
		row.product.raw[i] = text_column(slot, intake->product_column[i], &row.source[i]);
	row.action = text_column(slot, intake->intake_column[INTAKE_ACTION], NULL);
	row.memo = text_column(slot, intake->intake_column[INTAKE_KEY_MEMO], NULL);
	read_defect(intake, slot, &row);
	read_attributes(intake, slot, &row);
	if (row.source_cells.object != NULL)
		check_texts(row.source_cells.object, INTAKE_SOURCE_CELLS, row.row_number,
					"Source cells are the cells that a map changed, as text.");
	answer =
		loader_push(intake->loader, upload_id.data ? upload_id.data : "", upload_id.length, &row);
	if (answer == LOADER_REFUSED || answer == LOADER_UNKNOWN_UPLOAD)
		refuse_row(upload_id, row.row_number, answer == LOADER_REFUSED);
	copy_context_end_row(&intake->copy_context);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(intake->row_context);
}

static TupleTableSlot *
intakeExecForeignInsert(EState *estate, ResultRelInfo *result_info, TupleTableSlot *slot,
						TupleTableSlot *plan_slot)
{
	intake_row(result_info->ri_FdwState, slot);
	return slot;
}

static TupleTableSlot **
intakeExecForeignBatchInsert(EState *estate, ResultRelInfo *result_info, TupleTableSlot **slots,
							 TupleTableSlot **plan_slots, int *slot_count)
{
	int i;

	for (i = 0; i < *slot_count; i++)
		intake_row(result_info->ri_FdwState, slots[i]);
	return slots;
}

/*
 * RETURNING and row triggers need each row back before the next.  COPY passes
 * each row as soon as it has read it, so that an error names its line; a batch
 * would only copy the rows.
 */
static int
intakeGetForeignModifyBatchSize(ResultRelInfo *result_info)
{
	TriggerDesc *triggers = result_info->ri_TrigDesc;
	Intake *intake = result_info->ri_FdwState;

	if ((intake != NULL && (intake->is_copy || intake->code != NULL)) ||
		result_info->ri_projectReturning != NULL || result_info->ri_WithCheckOptions != NIL ||
		(triggers != NULL && (triggers->trig_insert_before_row || triggers->trig_insert_after_row)))
		return 1;
	return INTAKE_BATCH_ROWS;
}

/*
 * Unsupported operations.
 */

static int
intakeIsForeignRelUpdatable(Relation relation)
{
	return 1 << CMD_INSERT;
}

/*
 * A function in the INSERT's own query runs between the rows, too.  Subqueries
 * are plans by now, but the queries they were made from are kept as well.
 */
static bool
query_runs_code(PlannerInfo *root)
{
	ListCell *cell;

	/* An INSERT in WITH, or with a change in WITH, takes turns with the rest of its statement. */
	if (root->parent_root != NULL || root->parse->hasModifyingCTE)
		return true;
	if (runs_volatile_code((Node *) root->parse))
		return true;
	foreach(cell, root->glob->subroots)
	{
		if (runs_volatile_code((Node *) lfirst_node(PlannerInfo, cell)->parse))
			return true;
	}
	return false;
}

/*
 * The list tells intakeBeginForeignModify() whether code runs between rows; NIL
 * if not.
 */
static List *
intakePlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
						int subplan_index)
{
	if (plan->operation == CMD_INSERT && plan->onConflictAction != ONCONFLICT_NONE)
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("onboard.intake does not support ON CONFLICT"),
			 errhint("A duplicate is a verdict: it is recorded in onboard.validation_errors.")));
	return query_runs_code(root) ? list_make1(makeInteger(1)) : NIL;
}

static void
intakeGetForeignRelSize(PlannerInfo *root, RelOptInfo *relation, Oid table)
{
	if (root->parse->commandType == CMD_SELECT || root->parse->commandType == CMD_INSERT)
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot read from onboard.intake"),
			 errdetail(
				 "Rows written to it become rows of onboard.products or onboard.validation_errors."),
			 errhint("Read those tables.")));
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("onboard.intake accepts only new rows"),
			 errhint("Change onboard.products instead.")));
}

/* Never reached, since planning a scan fails; but the planner requires them. */
static void
intakeGetForeignPaths(PlannerInfo *root, RelOptInfo *relation, Oid table)
{
	elog(ERROR, "onboard.intake has no paths");
}

static ForeignScan *
intakeGetForeignPlan(PlannerInfo *root, RelOptInfo *relation, Oid table, ForeignPath *path,
					 List *target_list, List *clauses, Plan *outer_plan)
{
	elog(ERROR, "onboard.intake has no plans");
}

/* EXPLAIN VERBOSE of an INSERT tells what happens to the rows. */
static void
intakeExplainForeignModify(ModifyTableState *state, ResultRelInfo *result_info, List *fdw_private,
						   int subplan_index, ExplainState *explain)
{
	if (explain->verbose && !explain->analyze)
		ExplainPropertyText("Onboard", "judges each row, stores valid ones in onboard.products",
							explain);
}

PG_FUNCTION_INFO_V1(onboard_intake_handler);

/* Handler of the foreign data wrapper onboard_intake. */
Datum
onboard_intake_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = intakeGetForeignRelSize;
	routine->GetForeignPaths = intakeGetForeignPaths;
	routine->GetForeignPlan = intakeGetForeignPlan;
	routine->PlanForeignModify = intakePlanForeignModify;
	routine->BeginForeignModify = intakeBeginForeignModify;
	routine->ExecForeignInsert = intakeExecForeignInsert;
	routine->ExecForeignBatchInsert = intakeExecForeignBatchInsert;
	routine->GetForeignModifyBatchSize = intakeGetForeignModifyBatchSize;
	routine->EndForeignModify = intakeEndForeignModify;
	routine->BeginForeignInsert = intakeBeginForeignInsert;
	routine->EndForeignInsert = intakeEndForeignInsert;
	routine->IsForeignRelUpdatable = intakeIsForeignRelUpdatable;
	routine->ExplainForeignModify = intakeExplainForeignModify;
	PG_RETURN_POINTER(routine);
}

PG_FUNCTION_INFO_V1(onboard_intake_validator);

/* Refuse every option: the wrapper, its server and its table have none. */
Datum
onboard_intake_validator(PG_FUNCTION_ARGS)
{
	List *options = untransformRelOptions(PG_GETARG_DATUM(0));

	if (options != NIL)
	{
		DefElem *option = linitial(options);

		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
						errmsg("invalid option \"%s\"", option->defname),
						errhint("There are no valid options in this context.")));
	}
	PG_RETURN_VOID();
}
