/*-------------------------------------------------------------------------
 *
 * secret_document.h
 *	  A secret as a parsed JSON document.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_SECRET_DOCUMENT_H
#define GLUE_LAMBDA_SECRET_DOCUMENT_H

#include <cjson/cJSON.h>

/*
 * Overwrite the copies that cJSON keeps of all strings of an object, and free
 * the document.  NULL is accepted.
 */
extern void secret_document_delete(cJSON *document);

#endif /* GLUE_LAMBDA_SECRET_DOCUMENT_H */
