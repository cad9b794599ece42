/*-------------------------------------------------------------------------
 *
 * handler_table.h
 *	  Table of the handlers.
 *
 * X(symbol, name): HANDLER_<symbol> is the id, name the value of _HANDLER,
 * and <name>_handler the struct handler.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_HANDLER_TABLE_H
#define GLUE_LAMBDA_HANDLER_TABLE_H

#define HANDLERS(X)         \
	X(CHECK, check)         \
	X(PARSER, parser)       \
	X(VALIDATOR, validator) \
	X(REPORTER, reporter)   \
	X(LINK, link)           \
	X(SWEEPER, sweeper)     \
	X(DIRECT, direct)       \
	X(ROTATE, rotate)       \
	X(OPERATOR, operator)

enum handler_id
{
#define HANDLER_ENUM(symbol, name) HANDLER_##symbol,
	HANDLERS(HANDLER_ENUM)
#undef HANDLER_ENUM
	HANDLER_COUNT
};

/* A set of handlers. */
#define HANDLER_BIT(id) (1u << (id))

/* Return "check", "parser" and so on. */
static inline const char *
handler_name(enum handler_id handler)
{
	static const char *const names[HANDLER_COUNT] = {
#define HANDLER_NAME(symbol, name) #name,
		HANDLERS(HANDLER_NAME)
#undef HANDLER_NAME
	};

	return names[handler];
}

#endif /* GLUE_LAMBDA_HANDLER_TABLE_H */
