/* SPDX-License-Identifier: PostgreSQL */
/* The configuration file. What is refused is refused with a sentence; what is taken has a key that
 * is none too short and numbers within their bounds, and is the same when it is printed and read
 * again. */
#include "config.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/origin.h"

#include "fuzz.h"

/* Did it say something, to the end of a line? */
static bool has_said(int said)
{
	off_t len = lseek(said, 0, SEEK_END);
	char last = '\0';

	return len > 0 && pread(said, &last, 1, len - 1) == 1 && last == '\n';
}

static bool read_config(struct config *c, const char *bytes, size_t len)
{
	int fd = memfd_create("pgherald.conf", MFD_CLOEXEC),
	    said = memfd_create("said", MFD_CLOEXEC), terminal = dup(STDERR_FILENO);
	char path[40];
	bool good;

	MUST(fd >= 0 && said >= 0 && terminal >= 0 && write(fd, bytes, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config_init(c);
	MUST(dup2(said, STDERR_FILENO) == STDERR_FILENO);
	good = config_complete(c, path);
	MUST(dup2(terminal, STDERR_FILENO) == STDERR_FILENO);
	MUST(good || has_said(said));
	close(terminal);
	close(said);
	close(fd);
	return good;
}

/* It has its last form, and it is one itself, unless it stands for several. */
static void check_origin(const char *origin)
{
	char *copy = strdup(origin);

	MUST(strstr(origin, "://") != NULL && strlen(origin) <= ORIGIN_MAX);
	MUST(origin_normalise(copy) == NULL && strcmp(copy, origin) == 0);
	MUST(origin_matches(origin, origin) == (strchr(origin, '*') == NULL));
	free(copy);
}

static void check_values(const struct config *c)
{
	const struct token_options *token = &c->http.token;

	MUST(token->keys == c->keyring && token->keys->count <= KEYRING_MAX);
	for (size_t i = 0; i < token->keys->count; i++)
		MUST(token->keys->keys[i].len >= 32 && token->keys->keys[i].algorithms != 0);
	MUST((c->seal == NULL) == (c->encryption_key == NULL) &&
	     (c->seal == NULL || strlen(c->encryption_key) >= 32));
	MUST(c->listen != NULL && c->jwt_cookie != NULL && c->jwt_cookie[0] != '\0');
	MUST(c->heartbeat_ms >= 50 && c->http.heartbeat_ms == c->heartbeat_ms);
	MUST(c->retry_ms >= 0 && c->http.retry_ms == c->retry_ms);
	MUST(c->jwt_leeway_ms >= 0 && c->jwt_leeway_ms <= 600000);
	MUST(c->log_size >= 1 << 20 && c->http.max_streams > 0);
	MUST(c->max_streams_per_user >= 0 && c->max_streams_per_ip >= 0);
	for (size_t i = 0; c->origins[i] != NULL; i++) {
		MUST(i < CONFIG_ORIGINS_MAX);
		check_origin(c->origins[i]);
	}
}

static bool is_secret(const char *line)
{
	static const char *const secrets[] = {
		"database-url = ", "jwt-secret = ", "encryption-key = "};

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (strncmp(line, secrets[i], strlen(secrets[i])) == 0)
			return true;
	return false;
}

/* What is printed, but for secrets, which are hidden. */
static struct buf printed(const struct config *c)
{
	char *text = NULL, *line, *rest;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct buf lines;

	config_print(c, out);
	fclose(out);
	buf_init(&lines);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;) {
		if (is_secret(line))
			continue;
		buf_append_str(&lines, line);
		buf_append_char(&lines, '\n');
	}
	free(text);
	return lines;
}

static void check_again(const struct config *c)
{
	struct buf first = printed(c), second;
	struct config again;

	/* without its secret an algorithm has no key to fit, and an id no key that it is of */
	if (c->jwt_algorithm == NULL && c->encryption_key_id == NULL) {
		MUST(read_config(&again, first.data, first.len));
		second = printed(&again);
		MUST(strcmp(first.data, second.data) == 0);
		buf_release(&second);
		config_release(&again);
	}
	buf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;

	if (read_config(&c, (const char *)data, size)) {
		check_values(&c);
		check_again(&c);
	}
	config_release(&c);
	return 0;
}
