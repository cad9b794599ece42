/*-------------------------------------------------------------------------
 *
 * lookup_plans.h
 *	  Force plans that look up rows by key, whatever the statistics say.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_LOOKUP_PLANS_H
#define ONBOARD_LOOKUP_PLANS_H

/*
 * Let the planner use only nested loops over indexes until lookup_plans_end(), for
 * statements about a batch of rows: the statistics may be older than the rows, and
 * any other plan reads a whole table for each batch.  No user code may run
 * meanwhile; see looks_up in statement.h.  An error restores the settings.
 */
extern int lookup_plans_begin(void);
extern void lookup_plans_end(int nest_level);

#endif /* ONBOARD_LOOKUP_PLANS_H */
