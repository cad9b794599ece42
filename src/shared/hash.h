/*-------------------------------------------------------------------------
 *
 * hash.h
 *	  FNV-1a with 32 bits: a hash of a sequence of bytes or letters.
 *
 * It detects accidents and finds equal texts; it is no defence against somebody who
 * chooses the texts.  See draft-eastlake-fnv of the IETF.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_HASH_H
#define ONBOARD_HASH_H

#include <stdint.h>

/* The hash of an empty sequence. */
#define HASH_START UINT32_C(2166136261)

/* Return the hash of a sequence that is longer by one element than that of this hash. */
static inline uint32_t
hash_add(uint32_t hash, uint32_t element)
{
	return (hash ^ element) * UINT32_C(16777619);
}

#endif /* ONBOARD_HASH_H */
