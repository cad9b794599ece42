/*-------------------------------------------------------------------------
 *
 * table_shape.h
 *	  Does a table do anything on INSERT that the extension did not ship?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TABLE_SHAPE_H
#define ONBOARD_TABLE_SHAPE_H

#include "postgres.h"

#include "nodes/nodes.h"
#include "utils/relcache.h"

#include "table/shipped_shape.h"

/*
 * Return NULL if inserting tuples and index entries directly has exactly the
 * effect of an INSERT statement (given that the checks and foreign keys we
 * shipped hold), otherwise the obstacle, as text that is valid until the next
 * call for this shape.  Cheap: the answer is cached until the table changes.
 */
extern const char *table_shape_departure(Relation relation, const TableShape *shape);

/* Does a trigger run when a row is inserted into this table? */
extern bool table_has_insert_trigger(Relation relation);

/*
 * Return the columns of the shape whose default is not the shipped one, as bits
 * in the order of the shape.  As cheap as table_shape_departure().
 */
extern uint64 table_shape_changed_defaults(Relation relation, const TableShape *shape);

/*
 * Is this expression of a policy the condition that we ship, that the current
 * role is an operator?
 */
extern bool is_operator_check(Relation relation, Node *expression);

#endif /* ONBOARD_TABLE_SHAPE_H */
