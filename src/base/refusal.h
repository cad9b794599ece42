/*-------------------------------------------------------------------------
 *
 * refusal.h
 *	  Which errors refuse a row, and which mean that something is broken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REFUSAL_H
#define ONBOARD_REFUSAL_H

#include "postgres.h"

/*
 * Does an error with this SQLSTATE refuse the row being written?  If so, a
 * constraint, an index or a trigger refuses it, now and on every retry.  All
 * other errors concern the server, other sessions, or broken user code on the
 * table, and decide nothing.
 */
extern bool sqlstate_is_refusal(int sqlstate);

#endif /* ONBOARD_REFUSAL_H */
