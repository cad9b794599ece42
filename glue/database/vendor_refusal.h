/*-------------------------------------------------------------------------
 *
 * vendor_refusal.h
 *	  Explains why the database refuses the values of a vendor.
 *
 * The constraints and types of onboard.vendors are the rules.  This file has only
 * the texts that explain them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_REFUSAL_H
#define GLUE_VENDOR_REFUSAL_H

#include "base/failure.h"

/*
 * Codes: the vendor's id is taken; its default map does not exist; another value is
 * not acceptable.
 */
#define VENDOR_EXISTS "VENDOR_EXISTS"
#define UNKNOWN_MAP "UNKNOWN_MAP"
#define INVALID_VALUE "INVALID_VALUE"

/* Constants. */
struct vendor_refusal
{
	const char *constraint; /* "" if it is none */
	const char *code;
	const char *text; /* begins with a lower-case letter, no period */
};

/*
 * Return the refusal that the error of a statement on vendors stands for; NULL
 * if it is another error.
 */
extern const struct vendor_refusal *vendor_refusal_find(const struct glue_error *error);

#endif /* GLUE_VENDOR_REFUSAL_H */
