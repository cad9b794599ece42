/*-------------------------------------------------------------------------
 *
 * owner.h
 *	  Checking the caller, and acting as the owner of the tables.
 *
 * The doors check the caller first, then work on onboard's tables as their
 * owner.  They are not SECURITY DEFINER functions, because those hide the
 * caller's name, which is what must be checked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_OWNER_H
#define ONBOARD_OWNER_H

#include "postgres.h"

#include "base/search_path.h"

/* State that owner_leave() restores; allocated by the caller. */
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
 * Become the owner of onboard.products until owner_leave(), for statements of our
 * own.  search_path is pg_catalog; neither forced row security (as in foreign-key
 * checks) nor the caller's row_security = off applies; lock waits end after
 * onboard.lock_wait.  (Sub)transaction abort restores everything, so PG_TRY is
 * not needed.  Sections must nest properly.
 */
extern void owner_enter(OwnerSection *section);

/*
 * Likewise, for a statement that runs users' triggers and policies on our tables:
 * row security applies, and search_path is the owner's usual one, "$user",
 * public, without the schemas that are open to others (see search_path.c).  The
 * section must not move until owner_leave().  It may be nested in one of
 * owner_enter().
 */
extern void owner_enter_plain(OwnerSection *section);

extern void owner_leave(OwnerSection *section);

/*
 * Raise an error unless the current user may load, and read verdicts, for the
 * vendor.  A role listed in onboard.vendor_roles may act for the vendors listed
 * with it; any other role for all vendors, if it has EXECUTE on
 * onboard.all_vendors().  PostgreSQL has already checked the right to call at
 * all: EXECUTE on the function or INSERT on onboard.intake.  Must be called
 * outside an owner section.
 */
extern void owner_check_caller(const char *vendor_id);

/*
 * Raise an error unless the current user may act for all vendors; action
 * completes the message "permission denied".  Must be called outside an owner
 * section.
 */
extern void owner_check_all_vendors(const char *action);

/* Return what owner_check_caller() checks, without raising an error. */
extern bool owner_caller_may_load(const char *vendor_id);

/*
 * Raise an error unless the owner is an operator.  The shipped policies let the
 * owner write either every row of onboard.products or none; if none, it is not
 * the row that was refused.
 */
extern void owner_check_operator(void);

/* Return the role that owner_enter() becomes. */
extern Oid owner_of_tables(void);

/* Return the OID of one of our relations, looked up by name in schema onboard. */
extern Oid onboard_relation(const char *name);

#endif /* ONBOARD_OWNER_H */
