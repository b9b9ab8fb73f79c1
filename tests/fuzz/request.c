/* SPDX-License-Identifier: PostgreSQL */
/*
 * The bytes of a connection: what head_scan lets through goes to the HTTP library as the daemon
 * starts it. That takes every such head, and makes of it what a plain reader makes of the same
 * bytes: the same lines, in the same order, nothing more and nothing less, one Host at the most,
 * and a body only where one is taken, of the length that was announced. Whatever the head, an
 * answered connection serves no second request, which could be a smuggled one.
 */
#include "http/head.h"
#include "http/library.h"
#include "http/origin.h"
#include "http/reply.h"
#include "http/request.h"

#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"

static const char *const origins[] = {"https://*.example.com", NULL};
static const struct http_options options = {
	.cookie = "jwt", .origins = origins, .sources = {TOKEN_COOKIE, TOKEN_HEADER, TOKEN_QUERY}};
static struct text sent;
static struct target target;
static char *raw_target; /* target, before the library decodes it */
static bool old;         /* a library before 1.0 */
static struct head head;
static size_t body_seen;
static int requests, started;
static struct loop loop;

/* A reader of the head's lines: strict, and without the library. */
struct lines {
	const char *at, *end;
	int hosts;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next line up to its CRLF, which is taken as well. No NUL, CR or LF stands in it. */
static struct text next_line(struct lines *l)
{
	const char *cr = memmem(l->at, (size_t)(l->end - l->at), "\r\n", 2);
	struct text line = {l->at, cr == NULL ? 0 : (size_t)(cr - l->at)};

	MUST(cr != NULL && memchr(line.bytes, '\0', line.len) == NULL);
	MUST(memchr(line.bytes, '\r', line.len) == NULL &&
	     memchr(line.bytes, '\n', line.len) == NULL);
	l->at = cr + 2;
	return line;
}

static enum MHD_Result compare_field(void *ctx, enum MHD_ValueKind kind, const char *name,
				     const char *value)
{
	struct lines *l = ctx;
	struct text line = next_line(l);
	size_t len = strlen(name);

	(void)kind;
	MUST(line.len > len && memcmp(line.bytes, name, len) == 0 && line.bytes[len] == ':');
	for (line.bytes += len + 1, line.len -= len + 1; line.len > 0 && is_blank(line.bytes[0]);
	     line.bytes++)
		line.len--;
	while (!old && line.len > 0 && is_blank(line.bytes[line.len - 1])) /* 1.0 cuts them off */
		line.len--;
	MUST(line.len == strlen(value) && memcmp(line.bytes, value, line.len) == 0);
	MUST(strcasecmp(name, "Transfer-Encoding") != 0 || head.chunked);
	l->hosts += strcasecmp(name, "Host") == 0;
	return MHD_YES;
}

static void check_head(const struct request *r)
{
	struct lines l = {.end = sent.bytes + sent.len};
	struct buf first;

	buf_init(&first);
	buf_appendf(&first, "%s %s HTTP/1.%d\r\n", r->method, raw_target, head.minor);
	l.at = memmem(sent.bytes, sent.len, first.data, first.len);
	MUST(l.at != NULL && (l.at == sent.bytes || l.at == sent.bytes + 2));
	l.at += first.len;
	buf_release(&first);
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, compare_field, &l);
	MUST(next_line(&l).len == 0 && l.hosts <= 1);
}

static size_t count(const char *text, size_t len, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < len; i++)
		found += text[i] == c;
	return found;
}

/* The path is the target's, decoded whole, and of as many segments. */
static void check_path(const struct request *r)
{
	const char *path = raw_target + target.prefix;
	size_t len = strcspn(path, "?");

	if (target.prefix > 0 && len == 0)
		path = "/", len = 1;
	MUST(strlen(r->path) == len - 2 * count(path, len, '%'));
	MUST(count(r->path, strlen(r->path), '/') == count(path, len, '/'));
}

static bool takes_body(const struct request *r)
{
	return strcmp(r->method, MHD_HTTP_METHOD_POST) == 0 &&
	       strcmp(r->path, "/stream/ticket") == 0;
}

static void check_body(const struct request *r)
{
	const char *length = request_header(r, "Content-Length");

	MUST(head.body_len <= HEAD_BODY_MAX &&
	     head.body_len == (length == NULL ? 0 : strtoul(length, NULL, 10)));
	MUST(head.body_len == 0 || takes_body(r));
}

/* Every "name=value" of the query is there, decoded: none of the escapes that it has makes it
 * longer. */
static void check_params(const struct request *r)
{
	struct params params = {.count = 3};
	bool all = request_add_query(r, &params);
	size_t bytes = 0;

	MUST(params.count >= 3 && params.count <= PARAMS_MAX);
	MUST(all || params.count == PARAMS_MAX);
	for (size_t i = 3; i < params.count; i++) {
		MUST(params.items[i].name.bytes[params.items[i].name.len] == '\0' &&
		     params.items[i].value.bytes != NULL);
		bytes += params.items[i].name.len + params.items[i].value.len;
	}
	MUST(bytes <= strlen(strchrnul(raw_target, '?')));
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

/* A page that is let in has a host below the allowed one, and nothing else. */
static void check_origin(const struct request *r)
{
	static const char end[] = ".example.com", host[] = "abcdefghijklmnopqrstuvwxyz"
							   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							   "0123456789-_.";
	size_t len = r->origin == NULL ? 0 : strlen(r->origin);

	if (!request_origin_allowed(r, &options))
		return;
	MUST(len <= ORIGIN_MAX && strncasecmp(r->origin, "https://", 8) == 0);
	MUST(r->origin[8] != '.' && strspn(r->origin + 8, host) == len - 8);
	MUST(strcasecmp(r->origin + len - strlen(end), end) == 0);
}

static enum MHD_Result answer(const struct request *r)
{
	if (strcmp(r->method, MHD_HTTP_METHOD_OPTIONS) == 0)
		return reply_preflight(r, &options, "GET");
	return reply_error(r, &options, MHD_HTTP_NOT_FOUND, "There is no such stream", NULL, NULL);
}

static enum MHD_Result on_head(const struct request *r)
{
	MUST(requests++ == 0);
	MUST(strlen(r->path) <= sent.len && r->address[0] != '\0');
	check_params(r);
	check_token(r);
	check_origin(r);
	check_head(r);
	head_judge(&head, r->method, r->target, takes_body(r));
	if (head.status != 0)
		return answer(r);
	check_path(r);
	check_body(r);
	return head.body_len == 0 ? answer(r) : MHD_YES;
}

static const struct proxies proxies;

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	struct request r;

	(void)ctx, (void)upload, (void)state;
	request_init(&r, connection, url, method, version, &target, &proxies);
	if (head.body_len == 0)
		return on_head(&r);
	body_seen += *upload_size;
	MUST(body_seen <= head.body_len);
	if (*upload_size == 0) {
		MUST(body_seen == head.body_len);
		return answer(&r);
	}
	*upload_size = 0;
	return MHD_YES;
}

static void *on_target(void *ctx, const char *raw, struct MHD_Connection *connection)
{
	(void)ctx, (void)connection;
	free(raw_target);
	raw_target = xstrdup(raw);
	target_release(&target);
	target_init(&target, (char *)(uintptr_t)raw);
	return NULL;
}

static size_t on_path(void *ctx, struct MHD_Connection *connection, char *path)
{
	(void)ctx, (void)connection;
	return target.usable ? target.prefix + MHD_http_unescape(path + target.prefix)
			     : strlen(path);
}

static void on_visit(void *ctx, struct MHD_Connection *connection, void **visit,
		     enum MHD_ConnectionNotificationCode what)
{
	(void)ctx, (void)connection, (void)visit;
	started += what == MHD_CONNECTION_NOTIFY_STARTED;
}

static void start(struct library *l, size_t memory)
{
	static const struct library_calls calls = {on_request, on_target, on_path, on_visit};

	library_init(l, &loop);
	MUST(library_start(l, memory, 10, &calls, NULL));
	old = strncmp(MHD_get_version(), "0.", 2) == 0;
}

/* The one that the daemon would give such a head to. */
static struct library *library_for_head(void)
{
	static struct library ordinary, roomy;

	if (ordinary.daemon == NULL) {
		MUST(loop_open(&loop));
		start(&ordinary, HEAD_MEMORY);
		start(&roomy, HEAD_MEMORY_MAX);
	}
	return head.large ? &roomy : &ordinary;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct library *library;
	int ends[2];

	sent = (struct text){(const char *)data, size};
	requests = started = 0;
	body_seen = 0;
	if (!head_scan(&head, sent.bytes, sent.len) || head.status != 0)
		return 0;
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	MUST(send(ends[0], data, size, 0) == (ssize_t)size);
	library = library_for_head();
	MUST(library_take(library, ends[1], (struct sockaddr *)&address, sizeof(address)) &&
	     started == 1);
	for (int turn = 0; turn < 8; turn++)
		library_run(library);
	MUST(requests == 1);
	close(ends[0]);
	library_run(library);
	library_run(library);
	return 0;
}
