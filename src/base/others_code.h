/*-------------------------------------------------------------------------
 *
 * others_code.h
 *	  Does a query or expression run code written by users of this database?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_OTHERS_CODE_H
#define ONBOARD_OTHERS_CODE_H

#include "postgres.h"

#include "nodes/nodes.h"

/* Is the function written in C, as those of the server and its modules are? */
extern bool function_is_compiled(Oid function);

/*
 * Does the query or expression call a volatile function that is not compiled?
 * Only such a function sees, and may change, what its own statement has done so
 * far.
 */
extern bool runs_volatile_code(Node *node);

#endif /* ONBOARD_OTHERS_CODE_H */
