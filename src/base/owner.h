/*-------------------------------------------------------------------------
 *
 * owner.h
 *	  Who may call, and acting as the owner of the tables.
 *
 * The doors check the caller first, then work on onboard's tables as their
 * owner.  They are not SECURITY DEFINER functions: inside one of those the
 * caller's name is gone, and the caller is what has to be checked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_OWNER_H
#define ONBOARD_OWNER_H

#include "postgres.h"

#include "base/search_path.h"

/* What owner_enter() has to put back; caller storage. */
typedef struct OwnerSection
{
	Oid saved_user;
	int saved_security_context;
	int guc_nest_level;
	bool explains_names; /* the callback is on the stack */
	ErrorContextCallback callback;
	char remedy[SEARCH_PATH_REMEDY_SIZE];
} OwnerSection;

/*
 * Become the owner of onboard.products until owner_leave(), for statements of
 * our own: search_path is pg_catalog, forced row security does not apply (as in
 * foreign-key checks), the caller's row_security = off neither, and lock waits end
 * after onboard.lock_wait.  After an
 * error (sub)transaction abort puts everything back, so there is no need for
 * PG_TRY.  Sections nest properly or not at all.
 */
extern void owner_enter(OwnerSection *section);

/*
 * The same for a statement that runs what others put on our tables, their
 * triggers and policies: row security applies, and search_path is the owner's
 * usual one, "$user", public, without the schemas that are open to others (see
 * search_path.c).  The section must stay where it is until owner_leave().
 */
extern void owner_enter_plain(OwnerSection *section);

extern void owner_leave(OwnerSection *section);

/*
 * Raise an error unless the current user may load, and read verdicts, for the
 * vendor: a role named in onboard.vendor_roles only for the vendors it is named
 * with, any other role for all if it has EXECUTE on onboard.all_vendors().  The right to call at all is EXECUTE on the
 * function or INSERT on onboard.intake, which PostgreSQL has checked.
 * Must be called outside an owner section.
 */
extern void owner_check_caller(const char *vendor_id);

/*
 * Raise an error unless the current user may act for all vendors; action ends
 * the sentence "permission denied".  Must be called outside an owner section.
 */
extern void owner_check_all_vendors(const char *action);

/* The test of owner_check_caller() without the error. */
extern bool owner_caller_may_load(const char *vendor_id);

/*
 * Raise an error unless the owner is an operator.  The shipped policies let the
 * owner write either every row of onboard.products or none, so if none, the row is
 * not what was refused.
 */
extern void owner_check_operator(void);

/* Whom owner_enter() becomes. */
extern Oid owner_of_tables(void);

/* OIDs of our relations, looked up by name in schema onboard. */
extern Oid onboard_relation(const char *name);

#endif /* ONBOARD_OWNER_H */
