/* SPDX-License-Identifier: PostgreSQL */
/*
 * The bytes of a connection, through the HTTP library as the daemon starts it. What passes the framing check announces no body
 * and has one Host at the most, in the library's reading and in a plain one of the bytes; and whatever the framing, an answered
 * connection serves no second request, which could be a smuggled one.
 */
#include "http/reply.h"
#include "http/request.h"

#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"

static const struct http_options options = {.cookie = "jwt", .sources = {TOKEN_COOKIE, TOKEN_HEADER, TOKEN_QUERY}};
static struct text sent;
static int requests;

/*
 * How many lines of the head start with this name and a colon, blanks in front of the colon or not? A line that starts with a NUL or
 * a colon ends the head for the library (0.9.75) as an empty one does: what is behind it is the body's, which nobody reads.
 */
static int lines_with(const char *name)
{
	const char *p = sent.bytes, *end = sent.bytes + sent.len;
	size_t len = strlen(name);
	int lines = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end) {
		const char *colon = p + len;

		if (*p == '\0' || *p == ':' || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n'))
			break;
		if ((size_t)(end - p) <= len || strncasecmp(p, name, len) != 0)
			continue;
		while (colon < end && (*colon == ' ' || *colon == '\t'))
			colon++;
		lines += colon < end && *colon == ':';
	}
	return lines;
}

/* A value that goes on in the next line: of a Host it is let pass, nobody reads that here. */
static bool has_fold(void)
{
	return memmem(sent.bytes, sent.len, "\n ", 2) != NULL || memmem(sent.bytes, sent.len, "\n\t", 2) != NULL;
}

/* Lines where everybody sees them: the library (0.9.75) ends one at a CR alone, and takes one that starts with a NUL for empty. */
static bool has_plain_lines(void)
{
	for (size_t i = 0; i < sent.len; i++)
		if (sent.bytes[i] == '\0' || (sent.bytes[i] == '\r' && (i + 1 == sent.len || sent.bytes[i + 1] != '\n')))
			return false;
	return sent.len > 0 && sent.bytes[0] != '\r' && sent.bytes[0] != '\n';
}

static void check_params(const struct request *r)
{
	struct params params = {.count = 3};
	bool all = request_add_query(r, &params);

	MUST(params.count >= 3 && params.count <= PARAMS_MAX);
	MUST(all || params.count == PARAMS_MAX);
	for (size_t i = 3; i < params.count; i++)
		MUST(params.items[i].name.bytes != NULL && params.items[i].value.bytes != NULL);
}

static void check_token(const struct request *r)
{
	struct params params = {.count = 0};
	char *token;

	(void)!request_add_query(r, &params);
	token = request_token(r, &params, &options);
	MUST(token == NULL || strlen(token) <= sent.len);
	free(token);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct request r;

	(void)ctx, (void)upload, (void)upload_size, (void)state;
	request_init(&r, connection, url, method, version);
	MUST(strlen(r.path) <= sent.len && r.address[0] != '\0');
	check_params(&r);
	check_token(&r);
	MUST(requests++ == 0);
	if (request_well_framed(&r) && has_plain_lines()) {
		const char *length = request_header(&r, "Content-Length");

		MUST(lines_with("Transfer-Encoding") == 0 && (lines_with("Host") <= 1 || has_fold()));
		MUST(lines_with("Content-Length") == 0 || (length != NULL && strcmp(length, "0") == 0));
	}
	return reply_error(&r, &options, MHD_HTTP_NOT_FOUND, "There is no such stream", NULL, NULL);
}

static void ignore_log(void *ctx, const char *fmt, va_list args)
{
	(void)ctx, (void)fmt, (void)args;
}

static struct MHD_Daemon *start(void)
{
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO | MHD_USE_ERROR_LOG, 0, NULL, NULL,
						on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
						MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);

	MUST(d != NULL);
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct MHD_Daemon *library;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ends[2];

	library = library == NULL ? start() : library;
	sent = (struct text){(const char *)data, size};
	requests = 0;
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	MUST(send(ends[0], data, size, 0) == (ssize_t)size);
	MUST(MHD_add_connection(library, ends[1], (struct sockaddr *)&address, sizeof(address)) == MHD_YES);
	for (int turn = 0; turn < 8; turn++)
		MHD_run(library);
	close(ends[0]);
	MHD_run(library);
	MHD_run(library);
	return 0;
}
