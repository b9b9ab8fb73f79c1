# pgherald: make, make demo, make check. `make help` lists the rest.

# The one place that says the version. `make check-generated` compares the files that repeat it.
VERSION := 0.1.0
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=
VARIANT ?=
PKG_CONFIG ?= pkg-config
ifeq ($(VARIANT),fuzz)
CC := clang# libFuzzer is a part of it
endif
BUILD := build$(if $(VARIANT),/$(VARIANT))
V ?= 0
comma := ,
# The jobs of a make within make: as many as the caller has said, or as there are processors.
JOBS = $(if $(filter --jobserver%,$(MAKEFLAGS)),,-j$$(nproc))
Q := $(if $(filter 1,$(V)),,@)

PACKAGES := libpq libmicrohttpd libjwt json-c libcurl libcrypto zlib

CPPFLAGS += -D_GNU_SOURCE -DPGHERALD_VERSION='"$(VERSION)"' -Isrc $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
# With the sanitizers only lines and frames, which a report needs. That is built in half the time.
CFLAGS ?= $(if $(filter asan,$(VARIANT)),-O1 -g1,-O2 -g)
WARNINGS := -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 \
	-Wpointer-arith -Wno-missing-field-initializers
# A new warning of a newer compiler must not stop a user. So warnings are errors only for
# developers.
WARNINGS += $(if $(DEVELOPER),-Werror)
HARDENING := -fPIE -fstack-protector-strong $(if $(filter asan fuzz,$(VARIANT)),,-D_FORTIFY_SOURCE=2)
LDHARDENING := -pie -Wl,-z,relro,-z,now
SANITIZE := $(if $(filter asan fuzz,$(VARIANT)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
SANITIZE += $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer-no-link)
LDLIBS += $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm -pthread

ROOMS := base hub pg auth provider http outlet gate console cmd
SOURCES := $(wildcard src/*.c $(ROOMS:%=src/%/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
# The sources that the fuzzers reach. They become a library, so that each fuzzer links what it
# needs.
FUZZED := $(filter src/config%.c src/pg/wake.c src/pg/conninfo.c src/base/%.c src/hub/%.c src/auth/%.c src/provider/%.c src/http/%.c src/outlet/%.c src/gate/%.c src/console/%.c,$(SOURCES))
COMPILE = $(CC) $(CPPFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZE) $(CFLAGS) -MMD -MP

.PHONY: all
all: $(BUILD)/pgherald $(BUILD)/compile_commands.json ## builds build/pgherald

$(BUILD)/pgherald: $(OBJECTS)
	@echo "LD  $@"
	$(Q)$(CC) $(SANITIZE) $(CFLAGS) $(LDHARDENING) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "CC  $<"
	$(Q)$(COMPILE) -c -o $@ $<

# The list is made of the lines of install.sql. src/pg/sql_files.c includes it.
$(BUILD)/obj/pg/sql_files.o: CPPFLAGS += -I$(BUILD)
$(BUILD)/obj/pg/sql_files.o: $(BUILD)/sql_files.list $(wildcard sql/*/*.sql sql/*.sql)

# The console's page is inside the program, too.
$(BUILD)/obj/console/asset.o: $(wildcard src/console/page/*)

$(BUILD)/sql_files.list: $(BUILD)/install.sql
	@cmp -s $< sql/install.sql || { echo "sql/install.sql does not list the migrations that there are: run make migrations"; exit 1; }
	$(Q)sed -n -e 's|^\\set migration \(.*\)$$|SQL_FILE(\1, "sql/migrations/\1.sql")|p' \
		-e '\|^\\ir migration\.sql$$|d' -e 's|^\\ir \(.*/\)*\([^/]*\)\.sql$$|SQL_FILE(\2, "sql/\1\2.sql")|p' $< > $@

# install.sql as it must be, with the migrations of the directory.
SQL_NAMES = $(sort $(basename $(notdir $(wildcard sql/$1/*.sql))))
$(BUILD)/install.sql: sql/install.sql .ci/install.awk $(wildcard sql/migrations/*.sql sql/functions/*.sql)
	@mkdir -p $(@D)
	$(Q)awk -v migrations='$(call SQL_NAMES,migrations)' -v functions='$(call SQL_NAMES,functions)' -f .ci/install.awk $< > $@ || \
		{ rm -f $@; exit 1; }

.PHONY: migrations
migrations: $(BUILD)/install.sql ## lists the files of sql/migrations in sql/install.sql
	@cmp -s $< sql/install.sql || cp $< sql/install.sql

# Without a compiler or headers, make says what is missing. The compiler's first error would not.
.PHONY: tools
tools:
	@command -v $(firstword $(CC)) >/dev/null && $(PKG_CONFIG) --exists $(PACKAGES) 2>/dev/null || { \
		echo "pgherald is built with a C compiler ($(firstword $(CC))), $(PKG_CONFIG) and $(PACKAGES); not all of them are here."; \
		.ci/deps missing build; exit 1; } >&2

# This file changes when the compiler or its flags change. So nothing old is linked.
$(BUILD)/flags: FORCE | tools
	@mkdir -p $(@D)
	@echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@
.PHONY: FORCE
FORCE:

# all but main, so that each test program links what it needs
$(BUILD)/pgherald.a: $(filter-out $(BUILD)/obj/main.o,$(OBJECTS))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/obj/unit/%.o: tests/unit/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "CC  $<"
	$(Q)$(COMPILE) -Itests/unit -c -o $@ $<

$(UNITS): $(BUILD)/unit/%: $(BUILD)/obj/unit/%.o $(BUILD)/pgherald.a
	@mkdir -p $(@D)
	@echo "LD  $@"
	$(Q)$(CC) $(SANITIZE) $(CFLAGS) $(LDHARDENING) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS) -lcmocka

$(BUILD)/fuzzed.a: $(FUZZED:src/%.c=$(BUILD)/obj/%.o)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzzed.a
	@mkdir -p $(@D)
	@echo "CC  $<"
	$(Q)$(COMPILE) -fsanitize=fuzzer -Itests/fuzz -o $@ $(filter %.c %.a,$^) $(LDHARDENING) $(LDLIBS)

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)

.PHONY: deps
deps: ## installs what building needs (Debian; asks for sudo unless root)
	@.ci/deps build

.PHONY: units
units: $(UNITS)

.PHONY: fuzzers
fuzzers: $(FUZZERS)

.PHONY: demo
demo: ## everything at once: PostgreSQL, the example application, the daemon
	@.ci/deps demo
	@echo "demo: building pgherald"
	@$(MAKE) --no-print-directory $(JOBS) all
	@contrib/demo/run

.PHONY: check
check: ## every test; ends with N passed, N failed. T=NAME: these alone; PG=17 or PG_BIN=DIRECTORY chooses a PostgreSQL
	@.ci/deps check
	@tests/run $(if $(filter command,$(firstword $(origin T))),$(T))

FUZZ_SECONDS ?= 900
.PHONY: platforms
platforms: ## make demo and make check on new Debian systems, other PostgreSQL versions, arm64, the package (two hours; needs root)
	@tests/platforms/run

.PHONY: faults
faults: ## every fault of the catalogue, as a table (MINUTES=40 at most). T=NAME: that row; some need root
	@.ci/deps check
	@$(MAKE) --no-print-directory $(JOBS) all
	@tests/faults/run $(if $(filter command,$(firstword $(origin T))),$(T))

.PHONY: fuzz
fuzz: ## each fuzzer for FUZZ_SECONDS (900); keeps what it learns in build/fuzz/corpus
	@.ci/deps check
	@$(MAKE) --no-print-directory $(JOBS) fuzzers VARIANT=fuzz
	@for target in $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)); do \
		echo "-- $$target, $(FUZZ_SECONDS) s"; tests/fuzz/run $$target $(FUZZ_SECONDS) || exit 1; done

.PHONY: memcheck
memcheck: ## units of tokens and keys under valgrind, which looks into libjwt too (AddressSanitizer does not)
	@.ci/deps memcheck
	@$(MAKE) --no-print-directory units
	@for unit in $(filter %token %token_header %key %jwks %verified %json %base64,$(UNITS)); do \
		valgrind -q --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite $$unit || exit 1; done

# The options stand between two marks of these files, each as `pgherald config WORD` prints them.
OPTIONS := contrib/man/pgherald.conf.5=man contrib/doc/options.md=table
BEGIN_OPTIONS := / options: pgherald config /
END_OPTIONS := / end of options/

.PHONY: check-layers
check-layers: all ## do the rooms include only what they may, and does nothing call in a circle?
	@awk -f .ci/layers.awk $(wildcard src/*.[ch] src/*/*.[ch])
	@.ci/circles $(BUILD)/obj

# What the program says, as files of contrib.
MADE := config/pgherald.conf completion/pgherald.bash completion/_pgherald completion/pgherald.fish
.PHONY: made
made: all
	@mkdir -p $(BUILD)/made/config $(BUILD)/made/completion
	@$(BUILD)/pgherald config sample > $(BUILD)/made/config/pgherald.conf
	@.ci/completion bash $(BUILD)/pgherald > $(BUILD)/made/completion/pgherald.bash
	@.ci/completion zsh $(BUILD)/pgherald > $(BUILD)/made/completion/_pgherald
	@.ci/completion fish $(BUILD)/pgherald > $(BUILD)/made/completion/pgherald.fish

.PHONY: check-generated
check-generated: made ## do manual, documents, sample and completion have the program's options, commands and version?
	@.ci/versions $(VERSION)
	@for file in $(MADE); do \
		diff contrib/$$file $(BUILD)/made/$$file || { echo "contrib/$$file is old: run make options"; exit 1; }; done
	@for list in $(OPTIONS); do file=$${list%=*}; \
		LC_ALL=C sed -n '$(BEGIN_OPTIONS),$(END_OPTIONS)p' $$file | sed '1d;$$d' > $(BUILD)/options.listed; \
		$(BUILD)/pgherald config $${list#*=} | diff $(BUILD)/options.listed - || { echo "the options in $$file are old: run make options"; exit 1; }; done

.PHONY: options
options: made ## writes options and commands into manual, options.md, sample and completion
	@for file in $(MADE); do cp $(BUILD)/made/$$file contrib/$$file || exit 1; done
	@for list in $(OPTIONS); do file=$${list%=*}; \
		{ LC_ALL=C sed '$(BEGIN_OPTIONS)q' $$file && $(BUILD)/pgherald config $${list#*=} && LC_ALL=C sed -n '$(END_OPTIONS),$$p' $$file; } > $$file.new && \
		mv $$file.new $$file || exit 1; done

.PHONY: bench
bench: ## what capture and many subscribers cost (about 100 minutes); tests/bench/README.md has shorter ways
	@.ci/deps check
	@$(MAKE) --no-print-directory all
	@tests/bench/capture
	@tests/bench/fanout

C_FILES := $(wildcard src/*.[ch] src/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch])
# Each version of clang-format formats differently, so it comes with the tests' packages.
FORMAT := tests/node_modules/.bin/clang-format

.PHONY: format
format: $(FORMAT) ## formats the C of src, tests/unit and tests/fuzz (.clang-format)
	$(Q)$(FORMAT) -i $(C_FILES)

.PHONY: check-format
check-format: $(FORMAT) ## is it formatted?
	@$(FORMAT) --dry-run -Werror $(C_FILES) || { echo "run make format"; exit 1; }

$(FORMAT):
	cd tests && npm ci --no-audit --no-fund

# A header can be read alone, so it must compile alone.
HEADERS := $(wildcard src/*.h src/*/*.h)
.PHONY: check-headers
check-headers: $(HEADERS:src/%.h=$(BUILD)/headers/%.ok) ## does each header compile by itself?
$(BUILD)/headers/%.ok: src/%.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MF $(@:.ok=.d) -MT $@ -Wno-unused -fsyntax-only -include $< -x c /dev/null
	@touch $@

# For editors and tools like clang-tidy. clangd looks for it here.
$(BUILD)/compile_commands.json: Makefile $(SOURCES) .ci/compile_commands.awk $(BUILD)/flags
	$(file >$@.command,$(COMPILE))
	$(Q)printf '%s\n' $(SOURCES) | awk -v directory='$(subst ','\'',$(CURDIR))' -f .ci/compile_commands.awk $@.command - > $@

# Quoted for the shell, because a directory may have blanks and quotes in its name.
QUOTED = '$(subst ','\'',$1)'
AT = $(call QUOTED,$(DESTDIR)$1)
INSTALLED = $(call AT,$(PREFIX))
# systemd wants a name with blanks in quotes.
COMMAND = $(if $(word 2,$(PREFIX)),"$(PREFIX)/bin/pgherald",$(PREFIX)/bin/pgherald)
COMPLETIONS := pgherald.bash=bash-completion/completions/pgherald.bash _pgherald=zsh/site-functions/_pgherald \
	pgherald.fish=fish/vendor_completions.d/pgherald.fish

.PHONY: install
install: all ## to $(DESTDIR)$(PREFIX), and a sample of the configuration to $(SYSCONFDIR)/pgherald
	install -D -m 755 $(BUILD)/pgherald $(INSTALLED)/bin/pgherald
	find sql -name '*.sql' -exec install -D -m 644 {} $(INSTALLED)/share/pgherald/{} \;
	for page in contrib/man/*.[1-9]; do install -D -m 644 $$page $(INSTALLED)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	for page in contrib/doc/*.md contrib/doc/*.webp; do install -D -m 644 $$page $(INSTALLED)/share/doc/pgherald/$${page##*/} || exit 1; done
	for pair in $(COMPLETIONS); do install -D -m 644 contrib/completion/$${pair%%=*} $(INSTALLED)/share/$${pair#*=} || exit 1; done
	for unit in contrib/systemd/*.*; do install -D -m 644 $$unit $(call AT,$(UNITDIR))/$${unit##*/} || exit 1; done
	COMMAND=$(call QUOTED,$(COMMAND)) awk '{ if (at = index($$0, "/usr/local/bin/pgherald")) \
		$$0 = substr($$0, 1, at - 1) ENVIRON["COMMAND"] substr($$0, at + length("/usr/local/bin/pgherald")); print }' \
		contrib/systemd/pgherald.service > $(call AT,$(UNITDIR))/pgherald.service
	install -D -m 644 contrib/config/pgherald.conf $(call AT,$(SYSCONFDIR))/pgherald/pgherald.conf.sample

.PHONY: uninstall
uninstall: ## takes away what make install has put there
	rm -rf $(INSTALLED)/bin/pgherald $(INSTALLED)/share/pgherald $(INSTALLED)/share/doc/pgherald
	for page in contrib/man/*.[1-9]; do rm -f $(INSTALLED)/share/man/man$${page##*.}/$${page##*/}; done
	for pair in $(COMPLETIONS); do rm -f $(INSTALLED)/share/$${pair#*=}; done
	for unit in contrib/systemd/*; do rm -f $(call AT,$(UNITDIR))/$${unit##*/}; done
	rm -f $(call AT,$(SYSCONFDIR))/pgherald/pgherald.conf.sample
	-@rmdir $(call AT,$(UNITDIR)) $(call AT,$(SYSCONFDIR))/pgherald 2>/dev/null # if nobody else has anything in them
	-@cd $(INSTALLED)/share && rmdir -p doc man/man* bash-completion/completions zsh/site-functions fish/vendor_completions.d 2>/dev/null
	-@cd $(INSTALLED) && rmdir -p lib/systemd 2>/dev/null

# Two runs give the same bytes: names, times and owners are those of the commit.
DIST := pgherald-$(VERSION)
.PHONY: dist
dist: ## build/pgherald-VERSION.tar.gz of what is committed, the same bytes each time
	@mkdir -p $(BUILD)
	git -c tar.umask=0022 -c tar.tar.gz.command='gzip -9n' archive --prefix=$(DIST)/ -o $(BUILD)/$(DIST).tar.gz HEAD
	@cd $(BUILD) && sha256sum $(DIST).tar.gz

.PHONY: deb
deb: dist ## build/deb/pgherald_VERSION-1_ARCH.deb, for the Debian that builds it
	@.ci/deps deb
	@.ci/deb $(VERSION) $(BUILD)/$(DIST).tar.gz $(BUILD)/deb

.PHONY: clean
clean: ## forgets what was built
	rm -rf build

.PHONY: version
version:
	@echo $(VERSION)

.PHONY: help
help: ## this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
