# onboard: extension (src/), command line (glue/), tests (test/).
# The version stands in onboard.control and nowhere else.

EXTENSION = onboard
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" onboard.control)
DATA = $(wildcard sql/onboard--*.sql)
MODULE_big = onboard
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
PGFILEDESC = "onboard - vendors' product files into one catalogue"

PG_CPPFLAGS = -DONBOARD_VERSION='"$(EXTVERSION)"'
# PGXS adds -O2; the rest is what keeps both compilers honest.
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
# Bitcode for the JIT compiler would only inline our entry points.
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
