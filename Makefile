# onboard: the extension (src/), the command line (glue/), the tests (test/).
# onboard.control is the only place that states the version.

EXTENSION = onboard
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" onboard.control)
DATA = $(wildcard sql/onboard--*.sql)
MODULE_big = onboard
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
PGFILEDESC = "onboard - vendors' product files into one catalogue"
EXTRA_CLEAN = $(addprefix src/, *.d */*.d *.gcno */*.gcno *.gcda */*.gcda)

# pg_regress tests, for make installcheck on a running server.
REGRESS = $(filter-out onboard--%,$(sort $(basename $(notdir $(wildcard sql/*.sql)))))
REGRESS_OPTS = --load-extension=onboard --encoding=UTF8 --no-locale

PG_CPPFLAGS = -Isrc -DONBOARD_VERSION='"$(EXTVERSION)"'
# The server's headers need the three exceptions.
PG_CFLAGS = -std=gnu11 -MMD -MP -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
# clang does not accept an option that PGXS passes for gcc, and warns about an attribute
# in the server's headers.
ifneq ($(findstring clang,$(CC)),)
PG_CFLAGS += -Wno-ignored-optimization-argument -Wno-ignored-attributes -Wno-unknown-warning-option
endif
# Do not build bitcode: the JIT compiler could only inline our entry points.
override with_llvm = no

# Debian packages for building and running, for the image of the functions, for testing,
# and for the emulated services.
GLUE_PACKAGES = gcc libc6-dev libpq-dev libcsv-dev libcjson-dev libuchardet-dev libxlsxwriter-dev libexpat1-dev \
	libminizip-dev zlib1g-dev libutf8proc-dev libssl-dev libcurl4-openssl-dev
BUILD_PACKAGES = $(GLUE_PACKAGES) postgresql-15 postgresql-server-dev-15
IMAGE_PACKAGES = $(GLUE_PACKAGES) ca-certificates python3
TEST_PACKAGES = clang clang-format libclang-rt-14-dev shellcheck valgrind patch perl libipc-run-perl libio-pty-perl \
	postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl python3-psycopg2 openssl pgbouncer \
	bubblewrap ca-certificates skopeo $(PYTHON_PACKAGES)
PYTHON_PACKAGES = python3 python3-venv
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# Each runs one kind of test.
SUITES = check-regress check-isolation check-pgtap check-tap check-aws

# These targets work without PostgreSQL's headers, and call make for the rest.
TASKS = help deps deps-test demo aws-local image packages diagram check check-majors check-deploy check-unit $(SUITES) \
	lint format bench bench-compare

ifneq ($(filter-out $(TASKS),$(or $(MAKECMDGOALS),all)),)

ifeq ($(wildcard $(PGXS)),)
$(error PostgreSQL's server headers are missing; run: make deps)
endif
include $(PGXS)

all: cli
install: install-cli
uninstall: uninstall-cli
clean: clean-cli

cli:
	@$(MAKE) -C glue PG_CONFIG=$(PG_CONFIG)
install-cli:
	@$(MAKE) -C glue install PG_CONFIG=$(PG_CONFIG) DESTDIR=$(DESTDIR)
uninstall-cli:
	@$(MAKE) -C glue uninstall PG_CONFIG=$(PG_CONFIG) DESTDIR=$(DESTDIR)
clean-cli:
	@$(MAKE) -C glue clean PG_CONFIG=$(PG_CONFIG)

# The compiler records which headers a file includes.
-include $(OBJS:.o=.d)
$(OBJS): Makefile onboard.control

.PHONY: cli install-cli uninstall-cli clean-cli

else

help: ## Show this list
	@echo "  make                 Build extension and command line"
	@echo "  make install         Install both; DESTDIR, prefix and PG_CONFIG are honoured"
	@echo "  make uninstall       Remove what make install installed, with the same variables"
	@echo "  make installcheck    Run the regression tests on a running server"
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | \
		sed 's/:.*## /\t/' | awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'

deps: ## Install the Debian packages needed to build and run
	@SUDO="$(SUDO)" test/install_packages.sh $(BUILD_PACKAGES)

deps-test: ## Install the packages needed for make check and make bench, too
	@SUDO="$(SUDO)" test/install_packages.sh $(BUILD_PACKAGES) $(TEST_PACKAGES)
	@test/aws/make_environment.sh

demo: deps ## Build, install and load three sample files into a private server
	@echo "This takes about half a minute on two cores."
	@$(MAKE) -s -j$(shell nproc) all
	@$(SUDO) $(MAKE) -s install >/dev/null
	@PATH="$$PATH:/usr/local/bin" test/demo.sh

aws-local: deps ## Run the AWS pipeline interactively on emulated services
	@SUDO="$(SUDO)" test/install_packages.sh $(PYTHON_PACKAGES)
	@test/aws/make_environment.sh
	@$(MAKE) -s all
	@$(SUDO) $(MAKE) -s install >/dev/null
	@"$${ONBOARD_TEST_ENVIRONMENT:-build/aws-environment}/bin/python" test/aws/local.py

image: ## Make the container image of the functions in build/image
	@SUDO="$(SUDO)" test/install_packages.sh $(IMAGE_PACKAGES)
	@$(MAKE) -s -C glue bootstrap
	@glue/deploy/image/make_image.py $(OPTIONS)

packages: deps ## Make the packages of the database's instance on AWS in build/deploy/packages
	@SUDO="$(SUDO)" test/install_packages.sh python3
	@$(MAKE) -s all
	@glue/deploy/database/make_packages.py

diagram: ## Draw glue/deploy/architecture.svg from its source
	@SUDO="$(SUDO)" test/install_packages.sh graphviz
	@glue/deploy/make_diagram.sh

check: deps-test ## Run all tests in throwaway servers
	@$(MAKE) -s -j$(shell nproc) all
	@test/check.sh

check-majors: deps-test ## Build and test with PostgreSQL 15 to 18, downloaded to build/majors; takes an hour or more
	@SUDO="$(SUDO)" test/install_packages.sh debootstrap dpkg-dev patchelf
	@$(SUDO) test/check_majors.sh

check-deploy: deps-test ## Check image, templates and database as AWS would use them; takes half an hour, and root
	@$(MAKE) -s -j$(shell nproc) all
	@SUDO="$(SUDO)" test/install_packages.sh debootstrap
	@$(SUDO) glue/deploy/check.sh $(CHECKS)

check-unit: deps-test ## Run the unit tests of C functions; TESTS=number_test for one
	@$(MAKE) -s -C test/unit check

check-regress: ## Run the regression tests, sql/*.sql; TESTS="validate ingest" for some
check-isolation: ## Run the tests of concurrent sessions; TESTS=deadlock for one
check-pgtap: ## Run the tests of the schema and the rules; TESTS=rules for one
check-tap: ## Run the tests of the program and the server; TESTS=011_cli_load for one
check-aws: ## Run the tests of the Lambda functions on emulated services; TESTS=test_pipeline for one

$(SUITES): deps-test
	@$(MAKE) -s -j$(shell nproc) all
	@TESTS="$(TESTS)" test/check.sh $(@:check-%=%)

format: ## Format all C code according to .clang-format
	@clang-format -i src/*.[ch] src/*/*.[ch] glue/*/*.[ch] test/*/*.[ch]

lint: ## Check formatting, rooms, banned functions, versions, Python types and both compilers' warnings
	@test/lint.sh

bench: deps-test ## Measure against plain COPY and Python; writes test/bench/RESULTS.md
	@$(MAKE) -s all
	@"$${ONBOARD_TEST_ENVIRONMENT:-build/aws-environment}/bin/python" test/bench/run.py

bench-compare: deps-test ## Compare the speed with that of OLD=COMMIT; OPTIONS=--help lists more options
	@"$${ONBOARD_TEST_ENVIRONMENT:-build/aws-environment}/bin/python" test/bench/compare.py $(OPTIONS) $(OLD)

.PHONY: $(TASKS)

endif
