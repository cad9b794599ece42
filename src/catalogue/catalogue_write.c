/*-------------------------------------------------------------------------
 *
 * catalogue_write.c
 *	  Writing one row to onboard.products, by the chosen path.
 *
 * To add an action that changes products, add a case to carry_out() of each
 * path: direct_write.c (which serves the decoded path as well) and
 * plain_write.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/direct_write.h"
#include "catalogue/plain_write.h"

WriteResult
catalogue_write(Catalogue *catalogue, RowWrite *write)
{
	switch (catalogue->path)
	{
		case CATALOGUE_DIRECT:
			return direct_write(catalogue, write);
		case CATALOGUE_DECODED:
			return decoded_write(catalogue, write);
		case CATALOGUE_PLAIN:
			return plain_write(catalogue, write);
	}
	pg_unreachable();
}
