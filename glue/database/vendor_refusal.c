/*-------------------------------------------------------------------------
 *
 * vendor_refusal.c
 *	  Say why the database refuses the values of a vendor.
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include <string.h>

#include "database/postgres_error.h"
#include "database/vendor_refusal.h"

static const struct vendor_refusal refusals[] = {
	{"vendors_pkey", VENDOR_EXISTS, "a vendor with this id already exists"},
	{"vendors_email_key", "EMAIL_IN_USE", "another vendor already has this e-mail address"},
	{"vendors_vendor_id_check", INVALID_VALUE,
	 "a vendor id must have up to 50 letters, digits and hyphens"},
	{"vendors_vendor_name_check", INVALID_VALUE, "a vendor's name must not be blank"},
	{"vendors_email_check", INVALID_VALUE,
	 "the e-mail address does not look like name@example.com"},
	{"vendors_length_check", INVALID_VALUE,
	 "a vendor's name, address and other texts must have up to 200 characters each"},
	{"vendors_status_check", INVALID_VALUE,
	 "a vendor's status must be active, suspended, inactive or pending_approval"},
	{"vendors_modes_check", INVALID_VALUE,
	 "a vendor's modes must be one or more of insert, upsert, update and replace"},
	{"vendors_default_mode_check", INVALID_VALUE, "a vendor's modes must include its default mode"},
	{"vendors_price_guard_check", INVALID_VALUE, "a price guard must be 1 or more"},
	{"vendors_sold_out_guard_check", INVALID_VALUE, "a sold-out guard must be from 0 to 1"},
	{"vendors_discontinue_guard_check", INVALID_VALUE, "a discontinue guard must be from 0 to 1"},
	{"vendors_language_check", INVALID_VALUE, "a language must be a code such as en or de-AT"},
};

/* Only the guards are numbers. */
static const struct vendor_refusal out_of_range = {
	"", INVALID_VALUE,
	"a guard is too large; a sold-out or discontinue guard is a share, from 0 to 1"};

/* The default map is the only thing that a vendor refers to. */
static const struct vendor_refusal unknown_map = {
	"", UNKNOWN_MAP, "the vendor has no such map, and no preset has this name"};

#define NUMERIC_OUT_OF_RANGE "22003"

const struct vendor_refusal *
vendor_refusal_find(const struct glue_error *error)
{
	const char *sqlstate = glue_error_sqlstate(error);

	if (sqlstate != NULL && strcmp(sqlstate, NUMERIC_OUT_OF_RANGE) == 0)
		return &out_of_range;
	if (sqlstate != NULL && strcmp(sqlstate, POSTGRES_UNDEFINED_OBJECT) == 0)
		return &unknown_map;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		if (strcmp(error->constraint, refusals[i].constraint) == 0)
			return &refusals[i];
	}
	return NULL;
}
