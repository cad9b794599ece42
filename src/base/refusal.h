/*-------------------------------------------------------------------------
 *
 * refusal.h
 *	  Which errors mean that a row is refused, and which that something is broken.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REFUSAL_H
#define ONBOARD_REFUSAL_H

#include "postgres.h"

/*
 * Is an error with this SQLSTATE about the row that was written: a constraint, an
 * index or a trigger refuses it, now and at a retry?  All others are about the
 * server, other sessions, or broken user code on the table; they decide nothing.
 */
extern bool sqlstate_is_refusal(int sqlstate);

#endif /* ONBOARD_REFUSAL_H */
