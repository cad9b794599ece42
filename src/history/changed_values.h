/*-------------------------------------------------------------------------
 *
 * changed_values.h
 *	  The values of some columns of a row, as a jsonb object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGED_VALUES_H
#define ONBOARD_CHANGED_VALUES_H

#include "postgres.h"

#include "access/tupdesc.h"

typedef struct ChangedValues ChangedValues;

/*
 * Prepare to write values of rows with this descriptor, which is borrowed.
 * Allocates in the current memory context.
 */
extern ChangedValues *changed_values_open(TupleDesc descriptor);

/*
 * Return the values of the changed columns as an object of jsonb, each as to_jsonb()
 * converts it, in the current memory context.  changed has an element for each
 * column of the descriptor.
 */
extern Datum changed_values_to_jsonb(ChangedValues *writer, const Datum *values, const bool *nulls,
									 const bool *changed);

#endif /* ONBOARD_CHANGED_VALUES_H */
